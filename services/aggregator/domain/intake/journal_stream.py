"""One stream of a journal: records in, segments of them committed in order."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from services.aggregator.ports.records import Record
from services.core.errors import InvalidInput, Overloaded

# Bytes of a journal that wait for the store before no more are read; one segment may always wait.
MAX_WAITING_BYTES = 64 << 20
MAX_SEGMENT_BYTES = 256 << 20


class Committing(Protocol):
    """Counts and commits what the streams of all journals bring."""

    def committed(self, journal_id: str) -> int:
        """The offset below which a journal is committed."""
        ...

    def feed(self, journal_id: str, records: Sequence[Record]) -> None:
        """Count records that were not counted before."""
        ...

    async def commit(self, stream: "JournalStream", from_offset: int, to_offset: int, records: list[Record]) -> None:
        """Commit a segment. Raises what the stream was ended with meanwhile."""
        ...


class JournalStream:
    """One stream of one journal: records come in by `take` and `seal`, answers go out by `commits`."""

    def __init__(self, intake: Committing, journal_id: str, committed: int) -> None:
        self.journal_id = journal_id
        self._intake = intake
        self._start = committed
        self._next: int | None = None
        self._open: list[Record] = []
        self._open_bytes = 0
        self._sealed: asyncio.Queue[tuple[int, int, list[Record]] | None] = asyncio.Queue()
        self._sealed_bytes = 0
        self._drained = asyncio.Event()
        self._failure: BaseException | None = None

    @property
    def held_bytes(self) -> int:
        """Bytes of records that were taken and are not stored yet."""
        return self._open_bytes + self._sealed_bytes

    @property
    def wanted_from(self) -> int:
        """The offset from which on records have still to be committed."""
        return self._start

    def take(self, first_offset: int, count: int, records: Sequence[Record]) -> None:
        """Take `count` records from `first_offset` on, of which `records` are those wanted.

        A journal may begin above what is committed here: what lies between went to another store. Raises InvalidInput
        when an offset is left out or repeated, Overloaded when a segment grows beyond all bounds.
        """
        if self._next is not None and first_offset != self._next:
            raise InvalidInput.of("records.first_offset", f"must be {self._next}")
        self._next = first_offset + count
        self._intake.feed(self.journal_id, records)
        self._open += records
        self._open_bytes += sum(record.size for record in records)
        if self._open_bytes > MAX_SEGMENT_BYTES:
            raise Overloaded("the segment is not sealed and too large to hold", retry_after=1.0)

    def seal(self, from_offset: int, to_offset: int) -> None:
        """End a segment of records that were taken. Raises InvalidInput when it does not follow the former one."""
        if from_offset >= to_offset or self._next is None or to_offset > self._next:
            raise InvalidInput.of("seal", "must end after its start and not after the last record")
        first = self._open[0].offset if self._open else self._next
        if to_offset > self._start and from_offset != first:
            raise InvalidInput.of("seal.from_offset", f"must be {first}")
        segment = [record for record in self._open if record.offset < to_offset]
        del self._open[: len(segment)]
        size = sum(record.size for record in segment)
        self._open_bytes -= size
        self._sealed_bytes += size
        self._sealed.put_nowait((from_offset, to_offset, segment))

    async def room(self) -> None:
        """Return when more may be read: not while much that is sealed waits for the store."""
        while self._sealed_bytes and self._sealed_bytes + self._open_bytes > MAX_WAITING_BYTES:
            self._drained.clear()
            await self._drained.wait()

    def end(self, failure: BaseException | None = None) -> None:
        """No more comes in: `commits` ends after what is sealed, or at once with `failure`."""
        self._failure = self._failure or failure
        self._sealed.put_nowait(None)

    def require_open(self) -> None:
        """Raises what the stream was ended with."""
        if self._failure is not None:
            raise self._failure

    async def commits(self) -> AsyncGenerator[int, None]:
        """The committed offset, at first and whenever it has grown."""
        yield self._intake.committed(self.journal_id)
        while (sealed := await self._sealed.get()) is not None:
            self.require_open()
            from_offset, to_offset, records = sealed
            if records:
                await self._intake.commit(self, from_offset, to_offset, records)
                self._sealed_bytes -= sum(record.size for record in records)
                self._drained.set()
            yield self._intake.committed(self.journal_id)
        self.require_open()
