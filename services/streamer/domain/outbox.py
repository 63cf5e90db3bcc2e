"""What waits for one connection, and the rules it is kept by."""

from typing import Protocol

from services.core.errors import BinnacleError, Overloaded
from services.streamer.domain.deliveries import Batch, Content, Delivery, Report
from services.streamer.domain.folding import merged, updated
from services.streamer.domain.tally import Tally
from services.streamer.ports import State, Update

WAITING_ROWS = 1_000
WAITING_BYTES = 1024 * 1024
TOO_SLOW = "too slow; come back with the positions known"


class Sender(Protocol):
    """Whoever hands on what an outbox takes."""

    def at_once(self, delivery: Delivery) -> bool:
        """Hand it on now, nothing being before it; False when it has to wait."""
        ...

    def wake(self) -> None:
        """Something waits, or the outbox has ended."""
        ...


class Outbox:
    """A bounded queue between the hub and one connection.

    Rows wait in order; a reader that leaves more than it may of those that must not be lost is ended with Overloaded,
    it alone. Of figures only the newest waits. Why nothing more is taken is what `ended` says.
    """

    __slots__ = ("_rows", "_sender", "_size", "_tally", "ended", "waiting")

    def __init__(self, tally: Tally, sender: Sender) -> None:
        self._tally = tally
        self._sender = sender
        self.waiting: list[Delivery] = []
        self.ended: BinnacleError | None = None
        self._rows = 0
        self._size = 0

    @property
    def full(self) -> bool:
        """Whether rows that may be left out should be, and a reader of the past should wait."""
        return self._rows > WAITING_ROWS // 2 or self._size > WAITING_BYTES // 2

    def add(self, subscription: str, content: Content) -> None:
        """Queue what must not be lost."""
        if self.ended is not None:
            return
        delivery = Delivery(subscription, content)
        if not self.waiting and self._sender.at_once(delivery):
            return
        rows, size = _weight(content)
        if not self.waiting:
            self._sender.wake()
        elif self._rows + rows > WAITING_ROWS or self._size + size > WAITING_BYTES:
            self.end(Overloaded(TOO_SLOW, 0.0))
            return
        self._rows += rows
        self._size += size
        self.waiting.append(delivery)

    def replace(self, subscription: str, content: State | Update | Report | Batch) -> bool:
        """Queue what makes former figures out of date; whether such were waiting. Points of updates are merged."""
        if self.ended is not None:
            return False
        delivery = Delivery(subscription, content)
        if not self.waiting and self._sender.at_once(delivery):
            return False
        former = next((held for held in self.waiting if _replaces(subscription, content, held)), None)
        if former is None:
            self.waiting.append(delivery)
        else:
            self._tally.conflated += 1
            former.content = _conflated(former.content, content)
        self._sender.wake()
        return former is not None

    def holds(self, subscription: str) -> bool:
        """Whether figures of a subscription wait."""
        return any(held.subscription == subscription and isinstance(held.content, Report) for held in self.waiting)

    def drop(self, subscription: str, kinds: type[object] = object) -> None:
        """Forget what waits for a subscription, or what of it is of a kind."""
        self.waiting = [
            held for held in self.waiting if held.subscription != subscription or not isinstance(held.content, kinds)
        ]
        self._weigh()

    def take(self) -> list[Delivery]:
        """All that waits, in order."""
        taken, self.waiting = self.waiting, []
        self._rows = self._size = 0
        return taken

    def end(self, error: BinnacleError) -> None:
        """End the connection; what waits is dropped, since its reader has to come back."""
        if self.ended is not None:
            return
        self.ended = error
        self.take()
        if isinstance(error, Overloaded):
            self._tally.slow += 1
        self._sender.wake()

    def _weigh(self) -> None:
        weights = [_weight(held.content) for held in self.waiting]
        self._rows, self._size = sum(rows for rows, _size in weights), sum(size for _rows, size in weights)


def _weight(content: Content) -> tuple[int, int]:
    if isinstance(content, Batch):
        return len(content.rows), content.size
    return (0, 0) if isinstance(content, State | Update | Report) else (1, 0)


def _replaces(subscription: str, content: Content, held: Delivery) -> bool:
    if held.subscription != subscription:
        return False
    if isinstance(content, Batch):
        return isinstance(held.content, Batch) and not held.content.rows
    if isinstance(content, Report):
        return isinstance(held.content, Report)
    return isinstance(held.content, State | Update)


def _conflated(former: Content, content: State | Update | Report | Batch) -> Content:
    if isinstance(content, Update) and isinstance(former, Update):
        return merged(former, content)
    if isinstance(content, Update) and isinstance(former, State):
        return updated(former, content)
    return content
