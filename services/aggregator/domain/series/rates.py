"""Rates and increases over more samples than can be read: of stretches in memory, and of samples where these do not do.

They do not where a window begins or ends within a stretch, and where samples came in another order than that of their
times. Of these seconds the samples themselves are read.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import numpy as np

from services.aggregator.domain.series.apart import apart
from services.aggregator.domain.series.grid import Grid, runs
from services.aggregator.domain.series.growth import (
    STRETCH_MS,
    Stretches,
    in_order,
    increase,
    joined,
    overlapping,
    singles,
)
from services.aggregator.domain.series.recent_samples import RecentSamples
from services.aggregator.domain.series.tier_choice import DELTA_KIND, Plan
from services.aggregator.ports.records import Flags, Floats, Ids, Longs, SampleColumns

MAX_CUTS = 4
MAX_RUNS = 8
MAX_READ = 4_000_000
Read = Callable[[str, Ids, int, int], Awaitable[SampleColumns]]
"""Samples of a tenant's series within a range, from the store."""


@dataclass(frozen=True, slots=True)
class _Gap:
    """Where stretches do not do: whole seconds of series."""

    ids: Ids
    seconds: Longs

    def within(self, ids: Ids, times_ms: Longs) -> Flags:
        """Which rows lie in it."""
        return np.isin(times_ms // STRETCH_MS, self.seconds) & np.isin(ids, self.ids)

    @property
    def ranges(self) -> Sequence[tuple[int, int]]:
        """Where to read, in milliseconds: some more where it is in many pieces."""
        first = int(self.seconds.min()) if len(self.seconds) else 0
        inside = np.zeros(int(self.seconds.max()) - first + 1 if len(self.seconds) else 0, bool)
        inside[self.seconds - first] = True
        return [((first + low) * STRETCH_MS, (first + high) * STRETCH_MS) for low, high in runs(inside, MAX_RUNS)]


class Rates:
    """Belongs to one event loop."""

    def __init__(self, recent: RecentSamples, read: Read) -> None:
        self._recent = recent
        self._read = read

    async def values(self, tenant: str, plan: Plan, grid: Grid, from_ms: int) -> Floats | None:
        """A value per series and step; None where not all is in memory that has to be."""
        ids, cut = plan.found.ids, _cut(grid, plan.window_ms)
        if len(cut) > MAX_CUTS or (plan.found.kinds == DELTA_KIND).any():
            return None
        begin_ms = from_ms // STRETCH_MS * STRETCH_MS
        end_ms = -(-int(grid.ends_ms[-1]) // STRETCH_MS) * STRETCH_MS
        rows = await asyncio.to_thread(self._recent.stretches, tenant, ids, begin_ms, end_ms)
        if rows is None:
            return None
        gaps = [_Gap(ids, cut), _disturbed(rows, cut)]
        left = ~np.logical_or.reduce([gap.within(rows.series_ids, rows.first_ms) for gap in gaps])
        if rows.counts[~left].sum() > MAX_READ:
            return None
        parts = [rows.chosen(left)]
        for gap in gaps:
            parts += [await self._samples(tenant, gap, *each) for each in gap.ranges]
        return await apart(len(rows), lambda: _folded(in_order(joined(parts)), plan, grid))

    async def _samples(self, tenant: str, gap: _Gap, from_ms: int, to_ms: int) -> Stretches:
        found = self._recent.samples(tenant, gap.ids, from_ms)
        if found is None:
            found = await self._read(tenant, gap.ids, from_ms, to_ms)
        within = (found.times_ms >= from_ms) & (found.times_ms < to_ms) & ~np.isnan(found.values)
        rows = singles(found).chosen(within)
        return rows.chosen(gap.within(rows.series_ids, rows.first_ms))


def _cut(grid: Grid, window_ms: int) -> Longs:
    """The seconds within which windows begin or end."""
    edges = np.concatenate((grid.ends_ms - window_ms, grid.ends_ms))
    return np.unique(edges[edges % STRETCH_MS != 0] // STRETCH_MS)


def _disturbed(rows: Stretches, cut: Longs) -> _Gap:
    """Where stretches overlap, of seconds that are not read anyhow."""
    late = overlapping(rows) & ~np.isin(rows.first_ms // STRETCH_MS, cut)
    return _Gap(np.unique(rows.series_ids[late]), np.unique(rows.first_ms[late] // STRETCH_MS))


def _folded(rows: Stretches, plan: Plan, grid: Grid) -> Floats:
    order = np.argsort(plan.found.ids)
    places = np.searchsorted(plan.found.ids[order], rows.series_ids)
    grown = np.empty((len(order), grid.count))
    grown[order] = increase(rows, places, len(order), grid, plan.window_ms)
    return grown / (plan.window_ms / 1e3) if plan.fold.function == "rate" else grown
