"""One live connection: its subscriptions, what it has read, and what it is to be sent."""

import asyncio
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from services.core.clock import Clock
from services.core.errors import BinnacleError, InvalidInput, Overloaded, Unauthenticated
from services.streamer.domain.deliveries import Begun, Delivery, Pong, Standing
from services.streamer.domain.feeds import Feed
from services.streamer.domain.outbox import TOO_SLOW, Outbox
from services.streamer.domain.presence import Connection
from services.streamer.domain.selections import Selection
from services.streamer.domain.subscriber import Subscriber
from services.streamer.domain.tally import Tally
from services.streamer.ports import Events

MOST_SUBSCRIPTIONS = 100
# What happens within this time goes into one frame, once a frame was sent.
TOGETHER_SECONDS = 0.02
# A client that acknowledges is sent so many frames beyond the newest it has read.
AHEAD = 200
STALLED_SECONDS = 10.0
QUIET_SECONDS = 15.0
SEQUENCES = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """A subscription: its id, what it is called (often one room), what feeds it, and where its client stood before."""

    id: str
    names: tuple[str, ...]
    feeds: tuple[Feed, ...]
    since: Standing | None = None


class Feeder(Protocol):
    """Whoever leads subscriptions to what feeds them."""

    def joined(
        self, tenant: str, feed: Feed, subscriber: Subscriber, since: Standing | None
    ) -> AbstractContextManager[None]:
        """Feed a subscription for the length of the block."""
        ...


class Session:
    """A connection of a tenant; the hub opens it.

    Whoever serves it says so with `sending` while it sends, counts messages in `sent`, and gives as `stuck` what pulls
    it out of sending.
    """

    __slots__ = (
        "_acknowledged",
        "_clock",
        "_due",
        "_feeder",
        "_names",
        "_open",
        "_read",
        "_since",
        "expires",
        "named",
        "outbox",
        "sending",
        "sent",
        "sequence",
        "stuck",
        "tenant",
    )

    def __init__(self, tenant: str, feeder: Feeder, clock: Clock, tally: Tally) -> None:
        self.tenant = tenant
        self.outbox = Outbox(tally)
        self.named: Connection | None = None
        self.expires: float | None = None
        self.sending = False
        self.stuck: Callable[[], object] | None = None
        self.sequence = 0
        self.sent = 0
        self._feeder = feeder
        self._clock = clock
        self._open: dict[str, ExitStack] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._due = 0.0
        self._since = clock.monotonic()
        self._acknowledged: int | None = None
        self._read: asyncio.Future[None] | None = None

    @property
    def subscriptions(self) -> Collection[str]:
        """Ids of the subscriptions that are open."""
        return self._open.keys()

    def subscribe(self, wanted: Wanted) -> None:
        """Open a subscription in place of one of the same id; none once the connection has ended.

        Raises InvalidInput, and then changes nothing.
        """
        if self.outbox.ended is not None:
            return
        if wanted.id not in self._open and len(self._open) >= MOST_SUBSCRIPTIONS:
            raise InvalidInput.of("id", f"at most {MOST_SUBSCRIPTIONS} subscriptions on a connection")
        _check_standing(wanted)
        self.unsubscribe(wanted.id)
        subscriber = Subscriber(wanted.id, self.outbox)
        stack = self._open[wanted.id] = ExitStack()
        self._names[wanted.id] = wanted.names
        self._note()
        if not any(isinstance(feed, Selection) for feed in wanted.feeds):
            subscriber.begins(Begun(resumed=False))
        for feed in wanted.feeds:
            stack.enter_context(self._feeder.joined(self.tenant, feed, subscriber, wanted.since))

    def unsubscribe(self, name: str) -> None:
        """Close a subscription, if there is one; nothing of it is sent any more."""
        stack = self._open.pop(name, None)
        if stack is not None:
            del self._names[name]
            self._note()
            stack.close()
            self.outbox.drop(name)

    def acknowledge(self, sequence: int) -> None:
        """The client has read up to this frame."""
        self._acknowledged = sequence
        if self._read is not None and not self._read.done():
            self._read.set_result(None)

    def ping(self, number: int) -> None:
        """Answer with the same number, and the time now."""
        self.outbox.add("", Pong(number, self._clock.now()))

    async def next(self) -> list[Delivery]:
        """What the next frame brings; nothing when it is only a sign of life. Raises what the connection ended with."""
        await self.outbox.wait()
        early = self._due - self._clock.monotonic()
        if early > 0:
            await self._clock.sleep(early)
        await self._until_read()
        self._since = now = self._clock.monotonic()
        self._due = now + TOGETHER_SECONDS
        self.sequence = self.sequence % SEQUENCES + 1
        return self.outbox.take()

    def broadcast(self, events: Events) -> bool:
        """Tell events that come from elsewhere than the store and belong to no subscription; whether they go out."""
        for event in events.events:
            self.outbox.add("", event)
        return self.outbox.ended is None

    def beat(self) -> None:
        """To be called now and then: sends signs of life, and ends a connection whose client no longer reads.

        Ends it too when the credential it was opened with has expired.
        """
        quiet = self._clock.monotonic() - self._since
        if self.expires is not None and self._clock.now() >= self.expires:
            self.end(Unauthenticated("the token has expired; come back with another"))
        if self.sending and quiet > STALLED_SECONDS:
            self.end(Overloaded(TOO_SLOW, 0.0))
            if self.stuck is not None:
                self.stuck()
        elif self._read is not None and quiet > STALLED_SECONDS:
            self.end(Overloaded(TOO_SLOW, 0.0))
        elif quiet > QUIET_SECONDS:
            self.outbox.nudge()

    def end(self, error: BinnacleError) -> None:
        """End the connection."""
        self.outbox.end(error)
        if self._read is not None and not self._read.done():
            self._read.set_result(None)

    def close(self) -> None:
        """Leave everything."""
        for name in list(self._open):
            self.unsubscribe(name)

    def _note(self) -> None:
        if self.named is not None:
            self.named.rooms = frozenset(chain.from_iterable(self._names.values()))

    async def _until_read(self) -> None:
        while self._acknowledged is not None and (self.sequence - self._acknowledged) % SEQUENCES > AHEAD:
            if self.outbox.ended is not None:
                raise self.outbox.ended
            self._read = asyncio.get_running_loop().create_future()
            await self._read
            self._read = None


def _check_standing(wanted: Wanted) -> None:
    if wanted.since is None:
        return
    selections = [feed for feed in wanted.feeds if isinstance(feed, Selection)]
    if not selections:
        raise InvalidInput.of("position", "only events and log lines have positions")
    if any(selection.logs != wanted.since.logs for selection in selections):
        raise InvalidInput.of("position", "belongs to a subscription of another kind")
