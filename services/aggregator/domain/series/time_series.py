"""Answers selections: from memory where the newest is asked for, else from the cheapest exact tier.

Buckets that are not rolled up yet, or that late samples disturbed, are made again of the next finer tier.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from services.aggregator.domain.intake.rollups import RAW_SECONDS
from services.aggregator.domain.series.across import Matrix, aggregate
from services.aggregator.domain.series.apart import apart
from services.aggregator.domain.series.cell_cache import (
    CHUNK_SECONDS,
    MAX_CHUNK_CELLS,
    CellCache,
    Mask,
    Read,
    matrices,
    with_imported,
)
from services.aggregator.domain.series.cell_folding import FIELDS, OF_FIELD, fold_cells
from services.aggregator.domain.series.changes import Changes
from services.aggregator.domain.series.folding import fold, in_order, ordered, places_of
from services.aggregator.domain.series.grid import Grid, joined, runs
from services.aggregator.domain.series.past_samples import Later, PastSamples
from services.aggregator.domain.series.rates import Rates
from services.aggregator.domain.series.recent_samples import MAX_ROWS, RecentSamples, runs_of
from services.aggregator.domain.series.series_index import MAX_SERIES, Expressions, SeriesIndex, TenantSeries
from services.aggregator.domain.series.tier_choice import DELTA_KIND, SAMPLES, Plan
from services.aggregator.ports.records import Floats, Ids, Longs, SampleColumns
from services.aggregator.ports.rollups import DAY, HOUR, MINUTE
from services.aggregator.ports.time_series import CellField, CommitListener, Fold, StepRows, TimeSeriesStore
from services.core.clock import Clock
from services.core.errors import InvalidInput

MAX_VALUES = 20_000_000
# Fewer buckets are read as they are asked for, without those around them.
FEW_CELLS = 50_000
# Samples of one a second, above which the store sums up better than it hands over.
MANY_SAMPLES = 400_000
MAX_RUNS = 12
# What only samples can tell, such as rates, is worked out by parts where it may be of many.
SOME_SAMPLES = 100_000
SAMPLES_AT_ONCE = 4_000_000
MAX_SAMPLES = 60_000_000
# Where the newest samples are too many to read, those of so many seconds are, and what comes from then on is kept.
BUSY_SECONDS = 10.0
_SHORT = 0.001
_LOWER = {MINUTE: SAMPLES, HOUR: MINUTE}
# Of samples younger than this imports bring no sums: they are kept as samples.
_IMPORTED_SECONDS = RAW_SECONDS - DAY
Kept = Callable[[str, int], float]
"""Seconds for which a tenant keeps a tier."""


class TimeSeriesReader:
    """Series, and the values of selections at steps."""

    def __init__(
        self, store: TimeSeriesStore, clock: Clock, expressions: Expressions, kept: Kept, later: Later
    ) -> None:
        self.store = store
        self.changes = Changes()
        self.clock = clock
        self.kept = kept
        self._recent = RecentSamples(clock)
        self._past = PastSamples(store, self._recent, self.changes, clock, lambda tenant: kept(tenant, SAMPLES), later)
        self._rates = Rates(self._recent, self._samples_of)
        self._index = SeriesIndex(expressions, clock)
        self._cache = CellCache(self.changes)
        self._loading = asyncio.Lock()

    @property
    def listeners(self) -> Sequence[CommitListener]:
        """What has to hear of commits."""
        return (self._index, self._recent, self.changes)

    def forget(self, tenant: str) -> None:
        """Rows of a tenant were deleted: nothing of it is told from memory."""
        self._index.forget(tenant)
        self._recent.forget(tenant)
        self._past.forget(tenant)
        self.changes.everything(tenant)

    async def series(self, tenant: str) -> TenantSeries:
        """The series of a tenant."""
        known = self._index.of(tenant)
        if known is None:
            self._index.expect(tenant)
            known = self._index.read(tenant, await self.store.series(tenant))
        return known

    async def outdated(self, tenant: str, tier: int, from_s: int, to_s: int) -> Longs:
        """Starts of buckets of a tier that are made again of finer ones."""
        if self.changes.alone:
            return self.changes.outdated(tenant, tier, from_s, to_s)
        return await self.store.outdated(tenant, tier, from_s, to_s)

    async def samples(self, tenant: str, ids: Ids, from_ms: int, to_ms: int, *, newest: bool) -> SampleColumns:
        """Samples of a range in order of series and time, ends of series left out; or the newest of each series."""
        await self._read_recent(tenant, from_ms)
        found = self._recent.samples(tenant, ids, from_ms)
        if found is None:
            read = self.store.last if newest else self.store.samples
            # More are not named one by one.
            asked = None if len(ids) > MAX_SERIES else await self._unless_all(tenant, ids)
            found = await read(tenant, asked, from_ms, to_ms)
        chosen = found
        return await apart(len(chosen.values), lambda: in_order(chosen, ids, from_ms, to_ms, newest=newest))

    async def matrix(self, tenant: str, plan: Plan, parts: Sequence[Grid]) -> Matrix:
        """The values of a selection at the steps of all parts."""
        steps = sum(part.count for part in parts)
        if len(plan.found.ids) * steps > MAX_VALUES:
            raise InvalidInput.of("query.step", "is too short for so many series: lengthen it, or ask for fewer")
        values = joined([await self._values(tenant, plan, part) for part in parts])
        if plan.scale != 1.0:
            values = values * plan.scale
        grouping = plan.selection.grouping
        if grouping is None:
            return Matrix(plan.found.labels, values)
        groups = plan.found.grouped(grouping)
        return Matrix(groups.labels, await apart(values.size, lambda: aggregate(values, groups, grouping)))

    async def _values(self, tenant: str, plan: Plan, grid: Grid) -> Floats:
        if not len(plan.found.ids):
            return np.empty((0, grid.count))
        grid = grid.earlier(plan.selection.offset_ms)
        from_ms = int(grid.ends_ms[0]) - plan.window_ms
        await self._read_recent(tenant, from_ms)
        if plan.tier == SAMPLES or self._recent.covers(tenant, from_ms):
            return await self._from_samples(tenant, plan, grid, from_ms)
        return await self._from_cells(tenant, plan, grid, plan.tier)

    async def _read_recent(self, tenant: str, from_ms: int) -> None:
        if not self._recent.worth_reading(tenant, from_ms):
            return
        async with self._loading:
            if not self._recent.worth_reading(tenant, from_ms):
                return
            begins = (self._recent.kept_from_ms(), int((self.clock.now() - BUSY_SECONDS) * 1e3))
            try:
                while not self._recent.hold():  # noqa: ASYNC110 - what it waits for ends in another thread
                    await asyncio.sleep(_SHORT)
                for begin_ms in begins:
                    read = await self.store.newest(tenant, begin_ms, MAX_ROWS)
                    if read is not None:
                        samples, now = read, self.clock.now()
                        runs = await apart(len(samples.values), partial(runs_of, samples, now))
                        self._recent.take(tenant, runs, begin_ms)
                        return
                self._recent.give_up(tenant)
            finally:
                self._recent.release()

    async def _from_samples(self, tenant: str, plan: Plan, grid: Grid, from_ms: int) -> Floats:
        ids, what = plan.found.ids, plan.fold
        growing = what.function in ("rate", "increase")
        if growing:
            self._recent.expect_rates(tenant)
            if await self._arrived(tenant, plan, grid) > SOME_SAMPLES:
                grown = await self._rates.values(tenant, plan, grid, from_ms)
                if grown is not None:
                    return grown
        samples = self._recent.samples(tenant, ids, from_ms)
        if samples is None and grid.count == 1 and what.function == "last":
            samples = self._recent.newest(tenant, ids, from_ms, _end(grid))
        if samples is None:
            samples = self._past.samples(tenant, ids, from_ms, _end(grid))
        if samples is None:
            disjoint = plan.window_ms == grid.step_ms and not growing
            folds = disjoint and not plan.selection.offset_ms % grid.step_ms
            expected = await self._expected(tenant, plan, grid)
            if folds and expected > MANY_SAMPLES:
                return await self._summed_up(tenant, plan, grid)
            if not folds and expected > SOME_SAMPLES:
                return await self._by_parts(tenant, plan, grid, from_ms)
            try:
                samples = await self._stored(tenant, ids, from_ms, _end(grid))
            except InvalidInput:
                if not folds:
                    raise
                return await self._summed_up(tenant, plan, grid)
        chosen = samples
        return await apart(len(chosen.values) + len(ids) * grid.count, lambda: _folded(chosen, plan, grid))

    async def _stored(self, tenant: str, ids: Ids, from_ms: int, end_ms: int) -> SampleColumns:
        samples = await self._samples_of(tenant, ids, from_ms, end_ms)
        self._past.asked(tenant, ids, from_ms, end_ms, len(samples.values), len(await self.series(tenant)))
        return samples

    async def _samples_of(self, tenant: str, ids: Ids, from_ms: int, end_ms: int) -> SampleColumns:
        return await self.store.samples(tenant, await self._unless_all(tenant, ids), from_ms, end_ms)

    async def _by_parts(self, tenant: str, plan: Plan, grid: Grid, from_ms: int) -> Floats:
        """What may be more samples than can be read at once: a few series after the others. Raises InvalidInput."""
        ids = plan.found.ids
        rows = await self.store.count(tenant, ids, from_ms, _end(grid))
        if rows > MAX_SAMPLES:
            told = f"is about {rows:,} samples, more than {MAX_SAMPLES:,}"
            raise InvalidInput.of("query", f"{told}: ask for a shorter range, or for fewer series")
        values = np.full((len(ids), grid.count), np.nan)
        for places in np.array_split(np.arange(len(ids)), min(-(-rows // SAMPLES_AT_ONCE), len(ids)) or 1):
            part = replace(plan, found=plan.found.part(places))
            samples = await self._stored(tenant, part.found.ids, from_ms, _end(grid))
            size = len(samples.values) + values[places].size
            values[places] = await apart(size, partial(_folded, samples, part, grid))
        return values

    async def _expected(self, tenant: str, plan: Plan, grid: Grid) -> float:
        """How many samples a question may be about: one of each series a second, or as many as came lately."""
        return max(len(plan.found.ids) * _seconds(plan, grid), await self._arrived(tenant, plan, grid))

    async def _arrived(self, tenant: str, plan: Plan, grid: Grid) -> float:
        """The same by as many as came lately."""
        share = len(plan.found.ids) / max(len(await self.series(tenant)), 1)
        return self._recent.per_second(tenant) * share * _seconds(plan, grid)

    async def _unless_all(self, tenant: str, ids: Ids) -> Ids | None:
        return None if len(ids) > 50 and len(ids) == len(await self.series(tenant)) else ids

    async def _summed_up(self, tenant: str, plan: Plan, grid: Grid) -> Floats:
        first = grid.first_ms // grid.step_ms
        ids = await self._unless_all(tenant, plan.found.ids)
        rows = await self.store.folded(tenant, ids, plan.fold, grid.step_ms, first, grid.count)
        return await apart(len(rows.values), lambda: _placed(rows, plan.found.ids, first, grid.count))

    async def _from_cells(self, tenant: str, plan: Plan, grid: Grid, tier: int) -> Floats:
        every, window = max(grid.step_ms // (tier * 1_000), 1), plan.window_ms // (tier * 1_000)
        from_s = (int(grid.ends_ms[0]) - plan.window_ms) // 1_000
        count = every * (grid.count - 1) + window
        dirty = np.zeros(count, bool)
        position = self.changes.position(tenant)
        outdated = await self.outdated(tenant, tier, from_s, from_s + count * tier)
        dirty[(outdated - from_s) // tier] = True
        fields = FIELDS[plan.fold.function]
        cells = await self._cells(tenant, tier, plan.found.ids, from_s, count, fields, position)
        if tier == MINUTE and dirty.any():
            cells = await self._with_fresh(tenant, plan.found.ids, from_s, cells, dirty)
        size = len(plan.found.ids) * count
        values = await apart(size, lambda: fold_cells(cells, plan.fold.function, grid.count, every, window))
        if not dirty.any():
            return values
        sums = np.concatenate(([0], np.cumsum(dirty)))
        starts = np.arange(grid.count) * every
        values = values.copy()
        for first, end in runs(sums[starts + window] > sums[starts], MAX_RUNS):
            part, buckets = grid.part(first, end), slice(first * every, (end - 1) * every + window)
            if window == every == 1:
                values[:, first:end] = await self._finer(tenant, plan, part, tier)
                continue
            begin_s = from_s + buckets.start * tier
            some = {name: column[:, buckets].copy() for name, column in cells.items()}
            await self._mend(tenant, plan, tier, some, dirty[buckets], begin_s)
            values[:, first:end] = fold_cells(some, plan.fold.function, end - first, every, window)
        return values

    async def _with_fresh(
        self, tenant: str, ids: Ids, from_s: int, cells: dict[CellField, Floats], dirty: Mask
    ) -> dict[CellField, Floats]:
        """The cells with those minutes that are known though they are not rolled up; these are dirty no more."""
        starts = (from_s + MINUTE * np.flatnonzero(dirty)).tolist()
        rows, known = await self.store.fresh(tenant, starts, list(cells))
        if rows is None:
            return cells
        places = (np.sort(np.fromiter(known, np.int64)) - from_s) // MINUTE
        first, end = int(places[0]), int(places[-1]) + 1
        size = len(rows.starts) + len(ids) * (end - first)
        made = await apart(size, lambda: matrices(rows, ids, MINUTE, from_s + first * MINUTE, end - first))
        mended = {name: column.copy() for name, column in cells.items()}
        for name, column in mended.items():
            column[:, places] = made[name][:, places - first]
        dirty[places] = False
        return mended

    async def _mend(
        self, tenant: str, plan: Plan, tier: int, cells: dict[CellField, Floats], dirty: Mask, from_s: int
    ) -> None:
        """Make those buckets of a step that a tier cannot tell of the next finer one; the others stay."""
        for first, end in runs(dirty, MAX_RUNS):
            grid = Grid((from_s + first * tier) * 1_000, tier * 1_000, end - first)
            for name, column in cells.items():
                alone = replace(plan, fold=Fold(OF_FIELD[name]), window_ms=grid.step_ms)
                alone = replace(alone, selection=replace(plan.selection, offset_ms=0))
                column[:, first:end] = await self._finer(tenant, alone, grid, tier)

    async def _finer(self, tenant: str, plan: Plan, grid: Grid, tier: int) -> Floats:
        """Steps that a tier cannot tell, of the next finer one that is still kept."""
        lower = _LOWER.get(tier, HOUR)
        from_ms = int(grid.ends_ms[0]) - plan.window_ms
        if lower == SAMPLES or self._recent.covers(tenant, from_ms):
            return await self._from_samples(tenant, plan, grid, from_ms)
        return await self._from_cells(tenant, plan, grid, lower)

    async def _cells(
        self, tenant: str, tier: int, ids: Ids, from_s: int, count: int, fields: Sequence[CellField], position: int
    ) -> dict[CellField, Floats]:
        length = CHUNK_SECONDS[tier]
        known = (await self.series(tenant)).ids
        chunks = range(from_s // length * length, from_s + count * tier, length)
        many = len(known) * (length // tier) > MAX_CHUNK_CELLS
        if many or not self.changes.alone or (len(ids) * count < FEW_CELLS and len(ids) < len(known)):
            order = np.argsort(ids)
            made = await self._read(tenant, tier, ids[order], from_s, count, fields)
            back = np.argsort(order)
            return {name: values[back] for name, values in made.items()}
        parts: dict[CellField, list[Floats]] = {name: [] for name in fields}
        for start in chunks:
            first = max((from_s - start) // tier, 0)
            end = min((from_s - start) // tier + count, length // tier)
            await self._refresh(tenant, tier, start, fields, known, position)
            for name in fields:
                held = self._cache.part(tenant, tier, start, name, ids, first, end)
                if held is None:
                    held = (await self._read(tenant, tier, known, start, length // tier, [name]))[name]
                    held = held[np.searchsorted(known, ids), first:end]
                parts[name].append(held)
        return {name: joined(held) for name, held in parts.items()}

    async def _refresh(
        self, tenant: str, tier: int, start: int, fields: Sequence[CellField], known: Ids, position: int
    ) -> None:
        buckets = CHUNK_SECONDS[tier] // tier
        outdated = np.zeros(buckets, bool)
        outdated[(self.changes.outdated(tenant, tier, start, start + buckets * tier) - start) // tier] = True
        stale = self._cache.stale(tenant, tier, start, fields, known, outdated)
        if stale is not None:
            first, end = stale
            made = await self._read(tenant, tier, known, start + first * tier, end - first, fields, everybody=True)
            self._cache.keep(tenant, tier, start, made, Read(known, position, first, end), outdated)

    async def _read(
        self,
        tenant: str,
        tier: int,
        ids: Ids,
        from_s: int,
        count: int,
        fields: Sequence[CellField],
        *,
        everybody: bool = False,
    ) -> dict[CellField, Floats]:
        """Buckets of series, which are in rising order."""
        to_s = from_s + count * tier
        asked = None if everybody else ids
        rows = await self.store.cells(tenant, tier, asked, from_s, to_s, fields)
        made = await apart(len(rows.starts), lambda: matrices(rows, ids, tier, from_s, count))
        # What is imported was older than samples are kept when it came.
        if from_s < self.clock.now() - _IMPORTED_SECONDS:
            imported = await self.store.imported(tenant, tier, asked, from_s, to_s)
            if len(imported.starts):
                with_imported(made, matrices(imported, ids, tier, from_s, count))
        return made


def _seconds(plan: Plan, grid: Grid) -> float:
    return (grid.count * max(grid.step_ms, 1) + plan.window_ms) / 1e3


def _end(grid: Grid) -> int:
    return int(grid.ends_ms[-1])


def _folded(samples: SampleColumns, plan: Plan, grid: Grid) -> Floats:
    ids = plan.found.ids
    places = places_of(ids, samples.series_ids)
    kept = places >= 0
    rows = ordered(places[kept], samples.times_ms[kept], samples.values[kept])
    values = fold(rows, len(ids), grid, plan.window_ms, plan.fold)
    increments = plan.found.kinds == DELTA_KIND
    if plan.fold.function in ("rate", "increase") and increments.any():
        sums = fold(rows, len(ids), grid, plan.window_ms, Fold("sum"))
        seconds = plan.window_ms / 1e3 if plan.fold.function == "rate" else 1.0
        values[increments] = sums[increments] / seconds
    return values


def _placed(rows: StepRows, ids: Ids, first: int, count: int) -> Floats:
    places = places_of(ids, rows.series_ids)
    kept = places >= 0
    values = np.full((len(ids), count), np.nan)
    values[places[kept], rows.steps[kept] - first] = rows.values[kept]
    return values
