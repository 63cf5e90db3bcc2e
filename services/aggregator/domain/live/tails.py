"""Tells rows as they are fed, and holds those that are not stored yet."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from services.aggregator.domain.live.sample_feed import SampleFeed
from services.aggregator.domain.live.tail_rows import Messages, Told, holds, rows_of
from services.aggregator.ports.records import Record
from services.aggregator.ports.tails import Mark, Stretch, Tail, TailRow, Topic
from services.core.clock import Clock
from services.core.errors import BinnacleError, Overloaded, Unavailable

READER_MESSAGES = 1_000
READER_CHARACTERS = 64 << 20
QUIET_SECONDS = 15.0
SETTLED_SECONDS = 5.0


class TailReader:
    """A bounded queue of messages."""

    def __init__(self) -> None:
        self._queue: deque[Told] = deque()
        self._characters = 0
        self._filled = asyncio.Event()
        self._failure: BinnacleError | None = None

    def offer(self, told: Told) -> None:
        """Hand over a message; a reader that fell too far behind is given up."""
        if len(self._queue) >= READER_MESSAGES or self._characters > READER_CHARACTERS:
            self.end(Overloaded("the reader fell behind: come back with the position it reached", retry_after=0.0))
        elif self._failure is None:
            self._queue.append(told)
            self._characters += told.characters
            self._filled.set()

    def end(self, failure: BinnacleError) -> None:
        """Give up the reader; what it has not read is lost to it."""
        self._failure = self._failure or failure
        self._filled.set()

    def require_open(self) -> None:
        """Raises what the reader was ended with."""
        if self._failure is not None:
            raise self._failure

    async def next(self) -> Told:
        """The next message. Raises what the reader was ended with."""
        while not self._queue:
            self.require_open()
            self._filled.clear()
            await self._filled.wait()
        self.require_open()
        told = self._queue.popleft()
        self._characters -= told.characters
        return told


class _Channel:
    """The readers of one tail. What is fed in one turn of the loop is told together, and made once for all."""

    def __init__(self, tail: Tail, marks: Mapping[str, Mark], clock: Clock) -> None:
        self.readers: set[TailReader] = set()
        self._tail = tail
        self._messages = Messages(marks, clock.now)
        self._waiting: list[tuple[str, int, Sequence[Record]]] = []

    def fed(self, journal_id: str, to_offset: int, records: Sequence[Record]) -> None:
        """Records of the tenant arrived."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self.tell)
        self._waiting.append((journal_id, to_offset, records))

    def tell(self) -> None:
        """Tell what was fed; nothing when that holds no rows."""
        waiting, self._waiting = self._waiting, []
        for journal_id, to_offset, records in waiting:
            for row in rows_of(journal_id, records, self._tail):
                if self._messages.full:
                    self._offer()
                self._messages.add(row)
            self._messages.reach(journal_id, (to_offset, 0))
        if len(self._messages):
            self._offer()

    def tell_reached(self, fed: Mapping[str, int]) -> None:
        """Tell how far journals came, though there are no rows."""
        self.tell()
        for journal_id, offset in fed.items():
            self._messages.reach(journal_id, (offset, 0))
        self._offer()

    def _offer(self) -> None:
        told = self._messages.take()
        for reader in self.readers:
            reader.offer(told)


class Tails:
    """What journals bring, row by row. Belongs to one event loop.

    Costs next to nothing while nobody reads: records are held by reference until they are committed.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ready = False
        self._fed: dict[str, int] = {}
        self._stored: dict[str, int] = {}
        self._held: defaultdict[str, deque[Record]] = defaultdict(deque)
        self._channels: dict[Tail, _Channel] = {}
        self._told_at = clock.monotonic()
        self._progress = asyncio.Event()
        self.samples = SampleFeed()

    def resume(self, committed: Mapping[str, int]) -> None:
        """Go on after a start: nothing is held that is not committed."""
        self._fed = dict(committed)
        self._stored = dict(committed)
        self._held.clear()
        self._ready = True

    def forget(self) -> None:
        """Begin anew: nothing is known until `resume`, and every reader has to come again."""
        self._ready = False
        self._end_readers(Unavailable("the store is being read", retry_after=0.5))

    def stop(self) -> None:
        """End every reader."""
        self._end_readers(Unavailable("stopping", retry_after=0.0))

    def require_ready(self) -> None:
        """Raises Unavailable until `resume`."""
        if not self._ready:
            raise Unavailable("the store is being read", retry_after=0.5)

    def fed(self, journal_id: str, to_offset: int, records: Sequence[Record]) -> None:
        """Records as they are shown, all up to `to_offset` that were not fed before."""
        self._fed[journal_id] = to_offset
        self.samples.fed(records)
        held = [record for record in records if record.events is not None or record.logs is not None]
        if held:
            self._held[journal_id] += held
            for tail, channel in self._channels.items():
                theirs = [one for one in held if one.tenant == tail.tenant and holds(one, tail.topic)]
                if theirs:
                    channel.fed(journal_id, to_offset, theirs)

    def committed(self, committed: Mapping[str, int]) -> None:
        """Let go of what is stored, by whomever; `committed` is how far journals are."""
        for journal_id, to_offset in committed.items():
            self._stored[journal_id] = max(to_offset, self._stored.get(journal_id, 0))
            held = self._held.get(journal_id)
            while held and held[0].offset < to_offset:
                held.popleft()
        self._progress.set()

    async def settled(self) -> None:
        """Return when everything that was fed before the call is stored. Raises Unavailable when that takes long."""
        self.require_ready()
        wanted = dict(self._fed)
        try:
            async with asyncio.timeout(SETTLED_SECONDS):
                while any(self._stored.get(journal_id, 0) < offset for journal_id, offset in wanted.items()):
                    self._progress.clear()
                    await self._progress.wait()
        except TimeoutError:
            raise Unavailable("what came last is not stored yet", retry_after=1.0) from None

    def stored(self, journal_id: str) -> Mark:
        """Up to where a journal is known to be committed: from there on its rows are held."""
        return self._stored.get(journal_id, 0), 0

    def reached(self) -> dict[str, Mark]:
        """How far each journal was fed here, or is committed by whomever."""
        return {
            name: (max(self._fed.get(name, 0), self._stored.get(name, 0)), 0) for name in {**self._fed, **self._stored}
        }

    def rows(self, tail: Tail, stretch: Stretch) -> list[TailRow]:
        """The rows of a stretch that is held, in order of place."""
        first, last = stretch.start[0], stretch.end[0]
        records = [one for one in self._held.get(stretch.journal_id, ()) if first <= one.offset <= last]
        found = rows_of(stretch.journal_id, records, tail)
        return [row for row in found if stretch.start <= row.place[1:] < stretch.end]

    @contextmanager
    def reading(self, tenant: str, topic: Topic) -> Iterator[TailReader]:
        """A reader of what is fed from this moment on to the end of the block."""
        self.require_ready()
        tail = Tail(tenant, topic)
        channel = self._channels.get(tail)
        if channel is None:
            channel = self._channels[tail] = _Channel(tail, self.reached(), self._clock)
        channel.tell()
        reader = TailReader()
        channel.readers.add(reader)
        try:
            yield reader
        finally:
            channel.readers.discard(reader)
            if not channel.readers and self._channels.get(tail) is channel:
                del self._channels[tail]

    def tick(self) -> None:
        """Tell readers now and then how far they are, so that no position grows old where nothing happens."""
        if self._clock.monotonic() - self._told_at >= QUIET_SECONDS:
            self._told_at = self._clock.monotonic()
            for channel in self._channels.values():
                channel.tell_reached(self._fed)

    def _end_readers(self, reason: BinnacleError) -> None:
        for channel in self._channels.values():
            for reader in channel.readers:
                reader.end(reason)
        self._channels.clear()
        self.samples.end(reason)
