"""What one selection lets through, chosen once for all who asked for the same."""

from collections.abc import Sequence
from typing import Protocol

from services.core.clock import Clock
from services.streamer.domain.deliveries import Batch, Begun, Standing
from services.streamer.domain.selections import Selection
from services.streamer.ports import Row, Rows

LINES_PER_SECOND = 200
MOVED_SECONDS = 5.0


class RowMember(Protocol):
    """Whoever is told rows."""

    def begins(self, begun: Begun) -> None:
        """It begins, or goes on after a break."""
        ...

    def take(self, batch: Batch) -> None:
        """Rows, or only a new standing."""
        ...

    @property
    def full(self) -> bool:
        """Whether it has enough to read for the moment."""
        ...


class RowView:
    """Chooses rows, and hands them to its members; of log lines at most `LINES_PER_SECOND`."""

    def __init__(self, selection: Selection, clock: Clock) -> None:
        self.members: set[RowMember] = set()
        self.selection = selection
        self._clock = clock
        self._told_at = clock.monotonic()
        self._left_out = 0
        self._allowed = float(LINES_PER_SECOND)
        self._allowed_at = self._told_at

    def take(self, rows: Rows, standing: Standing) -> None:
        """Hand on those rows that are selected, or once in a while that there were none."""
        chosen = self._sampled(self.selection.of(rows.rows))
        now = self._clock.monotonic()
        if not chosen and now - self._told_at < MOVED_SECONDS:
            return
        self._told_at = now
        size = rows.size * len(chosen) // max(len(rows.rows), 1)
        batch = Batch(chosen, standing, size, self._left_out)
        self._left_out = 0
        for member in list(self.members):
            member.take(batch)

    def begin_anew(self, standing: Standing) -> None:
        """Tell the members that something was missed."""
        begun = Begun(False, standing, broken=True)
        for member in list(self.members):
            member.begins(begun)

    def _sampled(self, rows: Sequence[Row]) -> Sequence[Row]:
        if not self.selection.logs or not rows:
            return rows
        now = self._clock.monotonic()
        self._allowed = min(LINES_PER_SECOND, self._allowed + (now - self._allowed_at) * LINES_PER_SECOND)
        self._allowed_at = now
        kept = rows[: int(self._allowed)]
        self._allowed -= len(kept)
        self._left_out += len(rows) - len(kept)
        return kept
