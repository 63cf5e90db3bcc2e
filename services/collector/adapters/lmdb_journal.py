"""The journal on disk: everything that waits shares one transaction and one fsync."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

import lmdb

from services.collector.adapters.journal_file import Batch, DamagedRecord, Extent, JournalFile
from services.collector.adapters.journal_rescue import Rescue
from services.collector.ports import NewSeries, Segment
from services.core.errors import BinnacleError, Overloaded, Unavailable

RETRY_SECONDS = 2.0
# Where several wait at a time, a transaction begins so much later and takes more of them along: it costs as much as
# taking in a hundred small requests. One that waits alone is written at once.
LINGER_SECONDS = 0.001
# The newest records stay in memory, so that forwarding them reads no disk.
TAIL_BYTES = 16 * 1024 * 1024

Result = TypeVar("Result")


@dataclass(slots=True)
class _Waiting:
    """What the next transaction writes, and who waits for it."""

    batch: Batch = field(default_factory=Batch)
    appended: list[asyncio.Future[int]] = field(default_factory=list)
    sealed: list[asyncio.Future[None]] = field(default_factory=list)
    size: int = 0

    def __bool__(self) -> bool:
        return bool(self.batch.records or self.batch.segments or self.batch.trim_to)

    def is_trim(self) -> bool:
        return bool(self.batch.trim_to)

    def refuse(self, error: BinnacleError) -> None:
        for appended in self.appended:
            if not appended.done():
                appended.set_exception(error)
        for sealed in self.sealed:
            if not sealed.done():
                sealed.set_exception(error)


def _last(tail: deque[bytes], count: int) -> Iterator[bytes]:
    """The newest records, oldest first. A deque is walked from an end: from the nearer one, for those just written."""
    if count < len(tail) // 2:
        return reversed(list(islice(reversed(tail), count)))
    return islice(tail, len(tail) - count, None)


class LmdbJournal:
    """A journal in `folder`, at most about `max_bytes` large. One thread of its own does all work on the file.

    `written` is called with the seconds that each transaction took.
    """

    def __init__(self, folder: Path, max_bytes: int, written: Callable[[float], None] = lambda _seconds: None) -> None:
        self._max_bytes = max_bytes
        self._written = written
        self._file = JournalFile(folder, max_bytes)
        self._extent: Extent = self._file.extent()
        self._thread = ThreadPoolExecutor(1, "journal")
        self._waiting = _Waiting()
        self._writing: _Waiting | None = None
        self._lingering: asyncio.TimerHandle | None = None
        self._crowded = False
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0
        self._listeners: list[Callable[[], None]] = []
        self._broken: Unavailable | None = None
        self._trim_to = 0
        self._trim_failed = False

    def close(self) -> None:
        """Finish what is being written and close the file. Nothing may be asked of the journal afterwards."""
        self._broken = Unavailable("the journal is closed")
        self._waiting.refuse(self._broken)
        self._waiting = _Waiting()
        self._thread.shutdown(wait=True)
        self._file.close()

    @property
    def rescue(self) -> Rescue | None:
        """What was found damaged when the journal was opened."""
        return self._file.rescue

    @property
    def journal_id(self) -> str:
        return self._extent.journal_id

    @property
    def first_offset(self) -> int:
        return self._extent.first - self._extent.base

    @property
    def next_offset(self) -> int:
        return self._extent.next - self._extent.base

    @property
    def size_bytes(self) -> int:
        return self._extent.size

    def check(self) -> None:
        """Raises Unavailable when the file can no longer be written and the process should start anew."""
        if self._broken is not None:
            raise self._broken

    def append(self, record: bytes, series: NewSeries | None = None) -> asyncio.Future[int]:
        self.check()
        ahead = self._waiting.size + (self._writing.size if self._writing else 0)
        if self._extent.size + ahead + len(record) > self._max_bytes:
            raise Overloaded("the journal is full; the store has not taken its records yet", RETRY_SECONDS)
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.batch.records.append(record)
        self._waiting.appended.append(future)
        self._waiting.size += len(record)
        if series is not None:
            self._waiting.batch.series.append(series)
        self._write()
        return future

    async def read(self, offset: int, max_records: int, max_bytes: int) -> Sequence[bytes]:
        newest = self.next_offset - offset
        if newest > len(self._tail):
            return await self._read_file(offset + self._extent.base, max_records, max_bytes)
        found: list[bytes] = []
        size = 0
        for record in islice(_last(self._tail, max(newest, 0)), max_records):
            size += len(record)
            if found and size > max_bytes:
                break
            found.append(record)
        return found

    async def _read_file(self, place: int, max_records: int, max_bytes: int) -> Sequence[bytes]:
        try:
            return await self._on_thread(lambda: self._file.read(place, max_records, max_bytes))
        except DamagedRecord as damage:
            self._broken = Unavailable(str(damage), RETRY_SECONDS)
            raise self._broken from damage

    async def seal(self, segment: Segment) -> None:
        self.check()
        base = self._extent.base
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.batch.segments.append(Segment(segment.from_offset + base, segment.to_offset + base))
        self._waiting.sealed.append(future)
        self._write()
        await future

    async def segments(self) -> Sequence[Segment]:
        base = self._extent.base
        held = await self._on_thread(self._file.segments)
        return [Segment(segment.from_offset - base, segment.to_offset - base) for segment in held]

    def trim(self, committed_offset: int) -> None:
        place = min(committed_offset + self._extent.base, self._extent.next)
        self._trim_to = max(self._trim_to, place)
        self._trim_failed = False
        self._write()

    async def rotate(self) -> None:
        self._extent = await self._on_thread(self._file.rotate)

    async def series(self) -> Iterable[NewSeries]:
        return await self._on_thread(self._file.series)

    def on_change(self, wake: Callable[[], None]) -> None:
        self._listeners.append(wake)

    async def _on_thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _write(self) -> None:
        """Start the next transaction soon, unless one is under way or the file is out of use."""
        if self._writing is not None or self._lingering is not None:
            return
        if self._crowded:
            self._lingering = asyncio.get_running_loop().call_later(LINGER_SECONDS, self._begin)
        else:
            self._begin()

    def _begin(self) -> None:
        self._lingering = None
        if self._broken is not None:
            return
        work = self._next()
        if not work:
            return
        self._writing = work
        self._crowded = len(work.appended) > 1
        loop = asyncio.get_running_loop()
        started = loop.time()
        job = loop.run_in_executor(self._thread, self._file.write, work.batch)
        job.add_done_callback(lambda done: self._finish(done, loop.time() - started))

    def _next(self) -> _Waiting:
        # Trimming is a transaction of its own: on a full disk it may still succeed where records do not.
        if self._trim_to > self._extent.first and not self._trim_failed:
            return _Waiting(Batch(trim_to=self._trim_to))
        work, self._waiting = self._waiting, _Waiting()
        return work

    def _finish(self, done: asyncio.Future[Extent], seconds: float) -> None:
        written, self._writing = self._writing, None
        assert written is not None
        error = done.exception()
        self._trim_failed = error is not None and written.is_trim()
        if error is not None:
            written.refuse(self._translated(error))
        else:
            self._written(seconds)
            self._settle(written, done.result())
            if self._file.wants_room():
                self._thread.submit(self._file.prepare)
        self._write()

    def _settle(self, written: _Waiting, extent: Extent) -> None:
        self._extent = extent
        offset = extent.next - extent.base - len(written.batch.records)
        for future in written.appended:
            if not future.done():
                future.set_result(offset)
            offset += 1
        for sealed in written.sealed:
            if not sealed.done():
                sealed.set_result(None)
        self._remember(written.batch.records)

    def _remember(self, records: Sequence[bytes]) -> None:
        if not records:
            return
        self._tail.extend(records)
        self._tail_bytes += sum(map(len, records))
        while self._tail_bytes > TAIL_BYTES:
            self._tail_bytes -= len(self._tail.popleft())
        for wake in self._listeners:
            wake()

    def _translated(self, error: BaseException) -> BinnacleError:
        if isinstance(error, lmdb.MapFullError | lmdb.DiskError):
            return Overloaded("the journal's disk is full", RETRY_SECONDS)
        failed = Unavailable(f"the journal cannot be written: {error}", RETRY_SECONDS)
        if not isinstance(error, lmdb.Error) or isinstance(error, lmdb.PanicError | lmdb.CorruptedError):
            self._broken = failed
        return failed
