"""Tells samples as they are fed. Costs next to nothing while nobody reads: records are held by reference until read."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from services.aggregator.domain.series.recent_samples import joined_samples
from services.aggregator.ports.records import Flags, Ids, Record, SampleColumns, Series
from services.core.errors import BinnacleError, Overloaded

READER_SAMPLES = 1_000_000
TOGETHER_SECONDS = 0.01

Wanted = Callable[[Sequence[Series]], Sequence[Series]]
"""Which of some series are wanted."""


@dataclass(frozen=True, slots=True)
class FedSamples:
    """Samples as they came, and the series that are named for the first time."""

    series: Sequence[Series]
    samples: SampleColumns


class SampleReader:
    """What was fed and not read yet, and which series of it are wanted."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._series: dict[int, Series] = {}
        self._ids: Ids = np.empty(0, np.uint64)
        self._named: Flags = np.empty(0, bool)
        self._parts: list[SampleColumns] = []
        self._new: list[Series] = []
        self._waiting = 0
        self._fed = asyncio.Event()
        self._failure: BinnacleError | None = None

    def offer(self, record: Record) -> None:
        """Hand over a record; a reader that fell too far behind is given up."""
        self._new += record.series
        if record.samples is not None:
            self._parts.append(record.samples)
            self._waiting += len(record.samples.values)
        if self._waiting > READER_SAMPLES:
            self.end(Overloaded("the reader fell behind: what it missed is to be read", retry_after=0.0))
        self._fed.set()

    def end(self, failure: BinnacleError) -> None:
        """Give up the reader; what it has not read is lost to it."""
        self._failure = self._failure or failure
        self._parts.clear()
        self._new.clear()
        self._fed.set()

    def know(self, series: Sequence[Series]) -> None:
        """Tell samples of these series, too."""
        fresh = {one.id: one for one in series if one.id not in self._series}
        if fresh:
            self._series.update(fresh)
            named = set(self._ids[self._named].tolist())
            self._ids = np.sort(np.fromiter(self._series, np.uint64, len(self._series)))
            self._named = np.isin(self._ids, np.fromiter(named, np.uint64, len(named)))

    async def next(self, patience: float) -> FedSamples:
        """What came, together with what comes within 10 ms; empty after `patience` seconds without anything.

        Raises what the reader was ended with.
        """
        try:
            async with asyncio.timeout(patience):
                await self._fed.wait()
            await asyncio.sleep(TOGETHER_SECONDS)
        except TimeoutError:
            pass
        if self._failure is not None:
            raise self._failure
        return self._taken()

    def _taken(self) -> FedSamples:
        self._fed.clear()
        parts, self._parts, new, self._new, self._waiting = self._parts, [], self._new, [], 0
        if new:
            self.know(self._wanted(new))
        samples = joined_samples(parts)
        if not len(self._ids) or not len(samples.values):
            return FedSamples((), joined_samples([]))
        places = np.minimum(np.searchsorted(self._ids, samples.series_ids), len(self._ids) - 1)
        kept = self._ids[places] == samples.series_ids
        told = np.unique(places[kept])
        first = told[~self._named[told]]
        self._named[first] = True
        series = [self._series[identity] for identity in self._ids[first].tolist()]
        return FedSamples(series, SampleColumns(samples.series_ids[kept], samples.times_ms[kept], samples.values[kept]))


class SampleFeed:
    """The readers of each tenant. Belongs to one event loop."""

    def __init__(self) -> None:
        self._readers: dict[str, set[SampleReader]] = {}

    def fed(self, records: Sequence[Record]) -> None:
        """Records as they are shown, each once."""
        if self._readers:
            for record in records:
                for reader in self._readers.get(record.tenant, ()):
                    reader.offer(record)

    @contextmanager
    def reading(self, tenant: str, wanted: Wanted) -> Iterator[SampleReader]:
        """A reader of what is fed from this moment on to the end of the block."""
        reader = SampleReader(wanted)
        readers = self._readers.setdefault(tenant, set())
        readers.add(reader)
        try:
            yield reader
        finally:
            readers.discard(reader)
            if not readers and self._readers.get(tenant) is readers:
                del self._readers[tenant]

    def end(self, reason: BinnacleError) -> None:
        """End every reader: it has to come again."""
        for readers in self._readers.values():
            for reader in readers:
                reader.end(reason)
        self._readers.clear()
