"""One subscription: takes what its feeds bring, by the rule of each, and puts it into the outbox of its connection."""

from collections.abc import Callable
from dataclasses import replace

from services.core.errors import BinnacleError
from services.streamer.domain.deliveries import Batch, Begun, Failed, Report
from services.streamer.domain.outbox import Outbox
from services.streamer.ports import State, Update


class Subscriber:
    """A subscription of a connection, for as long as it is open; what is to be done `once_begun` is done once."""

    __slots__ = ("_left_out", "_name", "_outbox", "once_begun")

    def __init__(self, name: str, outbox: Outbox) -> None:
        self.once_begun: Callable[[], None] | None = None
        self._name = name
        self._outbox = outbox
        self._left_out = 0

    @property
    def full(self) -> bool:
        """Whether its connection has enough to read for the moment, or has ended."""
        return self._outbox.full

    def begins(self, begun: Begun) -> None:
        """It begins, or goes on after a break."""
        self._outbox.add(self._name, begun)
        then, self.once_begun = self.once_begun, None
        if then is not None:
            then()

    def take(self, batch: Batch) -> None:
        """Rows: log lines are left out when too many wait. Without rows only the newest standing is kept."""
        if batch.standing.logs and batch.rows and self._outbox.full:
            self._left_out += len(batch.rows) + batch.left_out
            return
        if self._left_out:
            batch = replace(batch, left_out=batch.left_out + self._left_out)
            self._left_out = 0
        if batch.rows or batch.left_out:
            self._outbox.add(self._name, batch)
        else:
            self._outbox.replace(self._name, batch)

    def offer(self, frame: State | Update) -> None:
        """Figures."""
        self._outbox.replace(self._name, frame)

    def report(self, report: Report) -> bool:
        """An answer. False for a difference to one that was not read yet, which is dropped."""
        if not report.whole and self._outbox.holds(self._name):
            self._outbox.drop(self._name, Report)
            return False
        self._outbox.replace(self._name, report)
        return True

    def fail(self, failed: Failed) -> None:
        """Why there is nothing."""
        self._outbox.add(self._name, failed)

    def end(self, error: BinnacleError) -> None:
        """End the connection."""
        self._outbox.end(error)
