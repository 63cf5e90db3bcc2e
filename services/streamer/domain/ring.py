"""The newest rows of a tenant, for those who come back after a short while."""

from collections import deque

from services.streamer.domain.positions import after, covers
from services.streamer.ports import Position, Rows

RING_ROWS = 10_000
RING_BYTES = 8 * 1024 * 1024


class Ring:
    """Rows in the order they came, by number, as many as fit; and the position before the oldest of them."""

    def __init__(self, start: Position, rows: int = RING_ROWS, size: int = RING_BYTES) -> None:
        self._start = start
        self._held: deque[Rows] = deque()
        self._first = 0
        self._rows = 0
        self._size = 0
        self._most_rows = rows
        self._most_size = size

    @property
    def end(self) -> int:
        """The number that the next rows will have."""
        return self._first + len(self._held)

    def add(self, rows: Rows) -> None:
        """Keep rows, and let go of the oldest that no longer fit."""
        self._held.append(rows)
        self._rows += len(rows.rows)
        self._size += rows.size
        while self._rows > self._most_rows or self._size > self._most_size:
            gone = self._held.popleft()
            self._first += 1
            self._rows -= len(gone.rows)
            self._size -= gone.size
            self._start = after(self._start, gone.spans, gone.as_of)

    def from_position(self, position: Position) -> int | None:
        """The number of the first rows that may hold something new at `position`; None when older ones are gone."""
        if not covers(position, self._start.marks):
            return None
        for number, rows in enumerate(self._held, self._first):
            if any(span.end > position.mark(span.journal) for span in rows.spans):
                return number
        return self.end

    def at(self, number: int) -> Rows | None:
        """The rows of a number; None when they are gone."""
        return self._held[number - self._first] if number >= self._first else None
