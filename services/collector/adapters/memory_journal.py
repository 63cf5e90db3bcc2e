"""A journal in memory: for tests of what stands on a journal."""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Sequence

from services.collector.ports import NewSeries, Segment
from services.core.errors import Overloaded

RETRY_SECONDS = 1.0


class MemoryJournal:
    """Keeps every promise of the port except that of outliving the process."""

    def __init__(self, max_bytes: int) -> None:
        self._journal_id = secrets.token_hex(8)
        self._max_bytes = max_bytes
        self._first = 0
        self._records: list[bytes] = []
        self._segments: list[Segment] = []
        self._series: list[NewSeries] = []
        self._listeners: list[Callable[[], None]] = []

    @property
    def journal_id(self) -> str:
        return self._journal_id

    @property
    def first_offset(self) -> int:
        return self._first

    @property
    def next_offset(self) -> int:
        return self._first + len(self._records)

    @property
    def size_bytes(self) -> int:
        return sum(map(len, self._records))

    def append(self, record: bytes, series: NewSeries | None = None) -> asyncio.Future[int]:
        if self.size_bytes + len(record) > self._max_bytes:
            raise Overloaded("the journal is full", RETRY_SECONDS)
        written: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        written.set_result(self.next_offset)
        self._records.append(record)
        if series is not None:
            self._series.append(series)
        for wake in self._listeners:
            wake()
        return written

    async def read(self, offset: int, max_records: int, max_bytes: int) -> Sequence[bytes]:
        found: list[bytes] = []
        size = 0
        for record in self._records[offset - self._first :][:max_records]:
            size += len(record)
            if found and size > max_bytes:
                break
            found.append(record)
        return found

    async def seal(self, segment: Segment) -> None:
        self._segments.append(segment)

    async def segments(self) -> Sequence[Segment]:
        return tuple(self._segments)

    def trim(self, committed_offset: int) -> None:
        committed = min(max(committed_offset, self._first), self.next_offset)
        del self._records[: committed - self._first]
        self._first = committed
        self._segments = [segment for segment in self._segments if segment.to_offset > committed]

    async def rotate(self) -> None:
        self._journal_id = secrets.token_hex(8)
        base = self._first
        self._first = 0
        self._segments = [Segment(s.from_offset - base, s.to_offset - base) for s in self._segments]

    async def series(self) -> Iterable[NewSeries]:
        return tuple(self._series)

    def on_change(self, wake: Callable[[], None]) -> None:
        self._listeners.append(wake)
