"""Samples of series as they were sent, for who judges them."""

from collections.abc import Mapping, Sequence

import numpy as np

from services.aggregator.domain.live.live import Live
from services.aggregator.domain.live.tails import Tails
from services.aggregator.domain.series.question import NAME_LABEL, Matching
from services.aggregator.domain.series.series_index import Expressions, TenantSeries
from services.aggregator.domain.series.time_series import TimeSeriesReader
from services.aggregator.ports.records import Ids, SampleColumns, Series
from services.aggregator.ports.services import ServiceStore
from services.core.conventions import HEARTBEATS, SERVICE_LABEL

MAX_SERIES = 1_000_000
NEWEST_US, DAY_US = 60_000_000, 86_400_000_000
Selector = tuple[Matching, ...]
"""Conditions that all hold; of several selectors one has to match."""


class RawSamples:
    """Reads what is stored: once all that was fed before is, unless it is asked for as it stands.

    The newest heartbeats are known as they are fed.
    """

    def __init__(
        self, reader: TimeSeriesReader, services: ServiceStore, live: Live, tails: Tails, expressions: Expressions
    ) -> None:
        self._reader = reader
        self._services = services
        self._live = live
        self._tails = tails
        self._expressions = expressions

    def wanted(self, selectors: Sequence[Selector], series: Sequence[Series]) -> Sequence[Series]:
        """Those of some series that one of the selectors matches."""
        return _matching(self._index(series), selectors)

    async def stored(self, tenant: str, selectors: Sequence[Selector]) -> Sequence[Series]:
        """Every series of a tenant that one of the selectors matches. Raises InvalidInput when they are too many."""
        return _matching(await self._reader.series(tenant), selectors)

    async def read(
        self,
        tenant: str,
        selectors: Sequence[Selector],
        from_ms: int,
        to_ms: int,
        *,
        newest: bool,
        as_stored: bool = False,
    ) -> tuple[Sequence[Series], SampleColumns]:
        """Samples of a range in order of series and time, or the newest of each. Raises InvalidInput for too many."""
        of_beats = [one for one in selectors if _name(one) == HEARTBEATS]
        if of_beats:
            beats = await self._beats(tenant, from_ms * 1_000, to_ms * 1_000, newest=newest, as_stored=as_stored)
            series = [Series(place, HEARTBEATS, {SERVICE_LABEL: name}) for place, name in enumerate(beats)]
            found = _matching(self._index(series), of_beats)
            times = [np.array(beats[one.labels[SERVICE_LABEL]], np.int64) // 1_000 for one in found]
            return found, _ones([one.id for one in found], times)
        if not as_stored:
            await self._tails.settled()
        found = await self.stored(tenant, selectors)
        ids = np.array([one.id for one in found], np.uint64)
        if not len(ids):
            return (), _ones([], [])
        samples = await self._reader.samples(tenant, ids, from_ms, to_ms, newest=newest)
        return found, samples

    async def _beats(
        self, tenant: str, from_us: int, to_us: int, *, newest: bool, as_stored: bool
    ) -> Mapping[str, Sequence[int]]:
        now_us = int(self._reader.clock.now() * 1e6)
        if newest and now_us - to_us < NEWEST_US and now_us - from_us <= DAY_US + NEWEST_US:
            await self._live.up_to_date(tenant)
            known = self._live.heartbeats(tenant)
            return {service: [seen] for service, seen in known.items() if from_us <= seen < to_us}
        if not as_stored:
            await self._tails.settled()
        return await self._services.beats(tenant, from_us, to_us, newest=newest)

    def _index(self, series: Sequence[Series]) -> TenantSeries:
        known = TenantSeries(self._expressions)
        known.add(series)
        return known


def _name(selector: Selector) -> str:
    return next((each.value for each in selector if each.label == NAME_LABEL and each.comparison == "="), "")


def _matching(known: TenantSeries, selectors: Sequence[Selector]) -> Sequence[Series]:
    found = {one.id: one for selector in selectors for one in known.find(selector, MAX_SERIES).series}
    return list(found.values())


def _ones(ids: Sequence[int], times: Sequence["np.ndarray[tuple[int], np.dtype[np.int64]]"]) -> SampleColumns:
    told: Ids = np.repeat(np.array(ids, np.uint64), [len(one) for one in times])
    joined = np.concatenate(times) if times else np.empty(0, np.int64)
    return SampleColumns(told, joined, np.ones(len(told)))
