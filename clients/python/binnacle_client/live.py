"""What happens as it happens: subscriptions on one connection that comes back by itself."""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from inspect import isawaitable
from typing import Final, Literal, Self

import grpc

from binnacle.live.v1 import live_pb2 as pb
from binnacle.streamer.v1.live_service_pb2_grpc import LiveServiceStub
from binnacle_client.errors import BinnacleError, Unauthenticated
from binnacle_client.live_fold import Snapshot
from binnacle_client.live_link import Call, Ending, Link
from binnacle_client.live_state import Lateness, LiveState, ServerClock
from binnacle_client.timing import Clock

TokenSource = Callable[[], str | Awaitable[str]]
"""Gives the token for the next connection."""

GOOD_SECONDS: Final = 10.0
"""A connection that lasted so long was a good one: the next attempts begin with short waits again."""
FRAMES_WAITING: Final = 64
"""Frames that may wait to be taken; then no more are read."""
USUAL_INTERVAL: Final = 5.0


LONGEST_WAIT: Final = 20.0
BEAT_SECONDS: Final = 1.0


@dataclass(slots=True)
class _Subscription:
    name: str
    asked: pb.Subscription
    lateness: Lateness
    taken: str = ""
    """Position after the update that was taken last; that of `asked` is after the one received last."""
    snapshot: Snapshot = field(default_factory=Snapshot)


class LiveConnection:
    """Subscriptions, and an iterator over what they bring.

        async for update in live:
            match update.WhichOneof("content"):
                case "subscribed" if not update.subscribed.resumed:
                    ...  # it begins now: fetch what you show of the past
                case "events":
                    ...

    Each update is told once and in order, also over breaks; `update.subscription` says whose it is. Taking updates is
    what tells the server that they are read: who takes too slowly is cut off, and goes on where it was.
    """

    def __init__(
        self, opened: Callable[[], Awaitable[Call]], clock: Clock, on_state: Callable[[LiveState], None]
    ) -> None:
        self._opened = opened
        self._clock = clock
        self._on_state = on_state
        self._server = ServerClock()
        self._chance = random.Random()
        self._attempts = 0
        self._numbers = 0
        self._subscriptions: dict[str, _Subscription] = {}
        self._by_id: dict[str, _Subscription] = {}
        self._link: Link | None = None
        self._frames: asyncio.Queue[tuple[Link, pb.ServerFrame]] = asyncio.Queue(FRAMES_WAITING)
        self._updates: deque[pb.Update] = deque()
        self._state = LiveState("connecting", clock.now())

    @property
    def state(self) -> LiveState:
        """How the connection stands."""
        return self._state

    def subscribe(
        self,
        name: str,
        *,
        room: str | None = None,
        events: pb.EventSelection | None = None,
        logs: pb.LogSelection | None = None,
        query: pb.QuerySelection | None = None,
        figures: pb.FigureSelection | None = None,
        position: str = "",
    ) -> None:
        """Ask for one of the sources under a name; in place of what was asked for under it, if anything was.

        With the `position` of an earlier subscription to the same source, what was missed since comes first.
        """
        if sum(source is not None for source in (room, events, logs, query, figures)) != 1:
            raise TypeError("one of room, events, logs, query and figures")
        self.unsubscribe(name)
        asked = pb.Subscription(events=events, logs=logs, query=query, figures=figures, position=position)
        if room is not None:
            asked.room = room
        again = query or figures
        interval = again.interval.ToTimedelta().total_seconds() if again is not None else 0.0
        held = _Subscription(name, asked, Lateness(interval or USUAL_INTERVAL), position)
        self._subscriptions[name] = held
        self._ask(held)

    def unsubscribe(self, name: str) -> None:
        """Ask for it no more; nothing of it comes any more."""
        held = self._subscriptions.pop(name, None)
        if held is not None:
            self._leave(held)

    def position(self, name: str) -> str:
        """Where a subscription stands after the update that was taken last: to be stored, and given to `subscribe`."""
        return self._subscriptions[name].taken

    def snapshot(self, name: str) -> Snapshot:
        """All that was taken of a subscription, put together: figures and answers whole, the newest rows."""
        return self._subscriptions[name].snapshot

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> pb.Update:
        while True:
            while self._updates:
                update = self._updates.popleft()
                held = self._by_id.get(update.subscription)
                if held is not None:
                    return _taken(held, update)
            link, frame = await self._frames.get()
            link.acknowledge(frame.sequence)
            self._updates.extend(frame.updates)

    async def run(self) -> None:
        """Keep the connection, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._beat())
            while True:
                ending = await self._once()
                self._link = None
                await self._wait(ending)

    def close(self) -> None:
        """Say that it is closed."""
        self._become(LiveState("closed", self._clock.now()))

    async def _once(self) -> Ending:
        if self._state.kind == "offline":
            self._become(replace(self._state, retry_at=None))
        began = self._clock.monotonic()
        try:
            call = await self._opened()
        except BinnacleError as error:
            return Ending(error, opened=False)
        self._link = link = Link(call, self._clock, self._server)
        for held in self._subscriptions.values():
            link.say(pb.ClientFrame(subscribe=held.asked))
        link.ping()
        ending = await link.run(lambda frame: self._receive(link, frame))
        if ending.opened and self._clock.monotonic() - began >= GOOD_SECONDS:
            self._attempts = 0
        return ending

    async def _wait(self, ending: Ending) -> None:
        # A token that held and has expired is replaced at once.
        expired = ending.opened and isinstance(ending.error, Unauthenticated) and self._attempts == 0
        wait = self._chance.random() * min(LONGEST_WAIT, 2.0 ** min(self._attempts, 30))
        wait = 0.0 if expired else wait + ending.retry_after
        self._attempts += 1
        now = self._clock.now()
        since = self._state.since if self._state.kind in ("offline", "connecting") else now
        self._become(LiveState("offline", since, ending.error, now + wait))
        await self._clock.sleep(wait)

    async def _receive(self, link: Link, frame: pb.ServerFrame) -> None:
        for update in frame.updates:
            held = self._by_id.get(update.subscription)
            if held is None:
                continue
            if held.asked.position and _refuses_position(update):
                held.asked.position = ""
                self._ask(held)
                continue
            held.asked.position = update.position or held.asked.position
            held.lateness.took(update, self._now())
        # Who is refused may be told so in a frame: only what comes without an end is a connection.
        if not frame.HasField("end"):
            self._judge()
        await self._frames.put((link, frame))

    def _ask(self, held: _Subscription) -> None:
        self._leave(held)
        # Another id each time, so that what still comes of a former one is known.
        self._numbers += 1
        held.asked.id = str(self._numbers)
        self._by_id[held.asked.id] = held
        if self._link is not None:
            self._link.say(pb.ClientFrame(subscribe=held.asked))

    def _leave(self, held: _Subscription) -> None:
        if self._by_id.pop(held.asked.id, None) is not None and self._link is not None:
            self._link.say(pb.ClientFrame(unsubscribe=pb.Unsubscription(id=held.asked.id)))

    async def _beat(self) -> None:
        while True:
            await self._clock.sleep(BEAT_SECONDS)
            if self._state.kind in ("live", "behind"):
                self._judge()

    def _judge(self) -> None:
        late = any(held.lateness.is_behind(self._now()) for held in self._subscriptions.values())
        kind: Literal["live", "behind"] = "behind" if late else "live"
        if self._state.kind != kind:
            self._become(LiveState(kind, self._clock.now()))

    def _become(self, state: LiveState) -> None:
        self._state = state
        self._on_state(state)

    def _now(self) -> float:
        return self._clock.now() + self._server.ahead


class Live:
    """Opens live connections; `Client.live`."""

    def __init__(self, channel: grpc.aio.Channel, token: str | None, clock: Clock) -> None:
        self._stub = LiveServiceStub(channel)
        self._token = token
        self._clock = clock

    @asynccontextmanager
    async def connect(
        self, *, token: TokenSource | None = None, on_state: Callable[[LiveState], None] = lambda _state: None
    ) -> AsyncIterator[LiveConnection]:
        """A live connection for the length of the block, over every break of it.

        `token` is asked before each connection, so that one that expires is replaced; without it the client's own is
        used. `on_state` is told whenever the state changes.
        """

        async def opened() -> Call:
            held = self._token if token is None else await _asked(token)
            return self._stub.Connect(metadata=(("authorization", f"Bearer {held}"),) if held else ())

        connection = LiveConnection(opened, self._clock, on_state)
        failure: Exception | None = None
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(connection.run())
            try:
                yield connection
            except Exception as error:
                # An error of the block goes to its writer as it is, not in a group of errors.
                failure = error
            finally:
                running.cancel()
                connection.close()
        if failure is not None:
            raise failure


async def _asked(token: TokenSource) -> str:
    try:
        given = token()
        return await given if isawaitable(given) else given
    except Exception as error:
        raise Unauthenticated(f"no token: {error}") from error


def _taken(held: _Subscription, update: pb.Update) -> pb.Update:
    held.taken = update.position or held.taken
    held.snapshot.take(update)
    update.subscription = held.name
    return update


def _refuses_position(update: pb.Update) -> bool:
    return any(violation.field == "position" for violation in update.error.violations)
