"""One live connection: its subscriptions, what it has read, and what it is to be sent."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import chain
from typing import Protocol

from services.core.clock import Clock
from services.core.errors import BinnacleError, InvalidInput, Overloaded, Unauthenticated
from services.streamer.domain.deliveries import Begun, Delivery, Pong, Standing
from services.streamer.domain.feeds import Feed
from services.streamer.domain.outbox import TOO_SLOW, Outbox
from services.streamer.domain.presence import Connection
from services.streamer.domain.pump import TOGETHER_SECONDS, Pump, give_up
from services.streamer.domain.selections import Selection
from services.streamer.domain.subscriber import Subscriber
from services.streamer.domain.tally import Tally
from services.streamer.ports import Events

MOST_SUBSCRIPTIONS = 100
# A client that acknowledges is sent so many frames beyond the newest it has read.
AHEAD = 200
STALLED_SECONDS = 10.0
QUIET_SECONDS = 15.0
SEQUENCES = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """A subscription: its id, what it is called (often one room), what feeds it, and where its client stood before.

    With `rows_first` it is told nothing until its rows are followed: what happens after its first message is then told,
    also to a client that is not told when they are.
    """

    id: str
    names: tuple[str, ...]
    feeds: tuple[Feed, ...]
    since: Standing | None = None
    rows_first: bool = False


@dataclass(frozen=True, slots=True)
class _Open:
    """An open subscription: what it is called, and what to call to leave what feeds it."""

    names: tuple[str, ...]
    leaves: list[Callable[[], None]] = field(default_factory=list)


class Feeder(Protocol):
    """Whoever leads subscriptions to what feeds them."""

    def joined(self, tenant: str, feed: Feed, subscriber: Subscriber, since: Standing | None) -> Callable[[], None]:
        """Feed a subscription until what is given is called."""
        ...


class Line(Protocol):
    """What leads to the client."""

    def full(self) -> bool:
        """Whether the client has enough to read for the moment."""
        ...

    def send(self, deliveries: Sequence[Delivery]) -> None:
        """The next frame brings these; nothing when it is only a sign of life."""
        ...

    def end(self, error: BinnacleError) -> None:
        """Nothing more comes, and why. Called once."""
        ...


class Session:
    """A connection of a tenant; the hub opens it. Whoever sends its messages counts them in `sent`."""

    __slots__ = (
        "_acknowledged",
        "_clock",
        "_feeder",
        "_held",
        "_line",
        "_open",
        "_pump",
        "_since",
        "expires",
        "named",
        "outbox",
        "sent",
        "sequence",
        "tenant",
    )

    def __init__(self, tenant: str, feeder: Feeder, pump: Pump, clock: Clock, tally: Tally) -> None:
        self.tenant = tenant
        self.outbox = Outbox(tally, self)
        self.named: Connection | None = None
        self.expires: float | None = None
        self.sequence = 0
        self.sent = 0
        self._feeder = feeder
        self._pump = pump
        self._clock = clock
        # An ExitStack for each would take 800 bytes of a connection.
        self._open: dict[str, _Open] = {}
        self._line: Line | None = None
        # The first frame need not wait.
        self._since = clock.monotonic() - 2 * TOGETHER_SECONDS
        self._held: float | None = None
        self._acknowledged: int | None = None

    def through(self, line: Line) -> None:
        """Send by this line from now on; until then everything waits."""
        self._line = line
        self.flush(self._clock.monotonic())

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
        opened = self._open[wanted.id] = _Open(wanted.names)
        self._note()
        rows = [feed for feed in wanted.feeds if isinstance(feed, Selection)]
        others = [feed for feed in wanted.feeds if not isinstance(feed, Selection)]

        def join(feeds: Sequence[Feed]) -> None:
            for feed in feeds:
                opened.leaves.append(self._feeder.joined(self.tenant, feed, subscriber, wanted.since))

        if not rows:
            subscriber.begins(Begun(resumed=False))
        if wanted.rows_first:
            subscriber.once_begun = partial(join, others)
            join(rows)
        else:
            join(wanted.feeds)

    def unsubscribe(self, name: str) -> None:
        """Close a subscription, if there is one; nothing of it is sent any more."""
        opened = self._open.pop(name, None)
        if opened is not None:
            self._note()
            for leave in opened.leaves:
                leave()
            self.outbox.drop(name)

    def acknowledge(self, sequence: int) -> None:
        """The client has read up to this frame."""
        self._acknowledged = sequence

    def ping(self, number: int) -> None:
        """Answer with the same number, and the time now."""
        self.outbox.add("", Pong(number, self._clock.now()))

    def wake(self) -> None:
        """See Sender."""
        self._pump.ask(self)

    def at_once(self, delivery: Delivery) -> bool:
        """See Sender: after a quiet time, while not too many others are served so."""
        line, now = self._line, self._clock.monotonic()
        if line is None or now - self._since < TOGETHER_SECONDS or self._held is not None or not self._pump.admits():
            return False
        if line.full() or self._is_behind():
            return False
        try:
            self._send(line, (delivery,), now)
        except Exception as fault:
            give_up(self, fault)
        return True

    def flush(self, now: float) -> None:
        """Send what waits, or later if the client has enough to read; see Served."""
        line, outbox = self._line, self.outbox
        if line is None:
            return
        if outbox.ended is not None:
            self._line = None
            line.end(outbox.ended)
        elif not outbox.waiting and now - self._since <= QUIET_SECONDS:
            return
        elif line.full() or self._is_behind():
            self._held = self._held or now
            self.wake()
        else:
            self._held = None
            self._send(line, outbox.take(), now)

    def _send(self, line: Line, deliveries: Sequence[Delivery], now: float) -> None:
        self._since = now
        self.sequence = self.sequence % SEQUENCES + 1
        line.send(deliveries)

    def broadcast(self, events: Events) -> bool:
        """Tell events that come from elsewhere than the store and belong to no subscription; whether they go out."""
        for event in events.events:
            self.outbox.add("", event)
        return self.outbox.ended is None

    def beat(self) -> None:
        """To be called now and then: sends signs of life, and ends a connection whose client no longer reads.

        Ends it too when the credential it was opened with has expired.
        """
        now = self._clock.monotonic()
        if self.expires is not None and self._clock.now() >= self.expires:
            self.end(Unauthenticated("the token has expired; come back with another"))
        elif self._held is not None and now - self._held > STALLED_SECONDS:
            self.end(Overloaded(TOO_SLOW, 0.0))
        elif now - self._since > QUIET_SECONDS:
            self.wake()

    def end(self, error: BinnacleError) -> None:
        """End the connection."""
        self.outbox.end(error)

    def close(self) -> None:
        """Leave everything."""
        for name in list(self._open):
            self.unsubscribe(name)

    def _note(self) -> None:
        if self.named is not None:
            self.named.rooms = _together(tuple(opened.names for opened in self._open.values()))

    def _is_behind(self) -> bool:
        return self._acknowledged is not None and (self.sequence - self._acknowledged) % SEQUENCES > AHEAD


@lru_cache(maxsize=1_000)
def _together(names: tuple[tuple[str, ...], ...]) -> frozenset[str]:
    """All of them; made once for the many connections that ask for the same."""
    return frozenset(chain.from_iterable(names))


def _check_standing(wanted: Wanted) -> None:
    if wanted.since is None:
        return
    selections = [feed for feed in wanted.feeds if isinstance(feed, Selection)]
    if not selections:
        raise InvalidInput.of("position", "only events and log lines have positions")
    if any(selection.logs != wanted.since.logs for selection in selections):
        raise InvalidInput.of("position", "belongs to a subscription of another kind")
