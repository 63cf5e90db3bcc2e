"""Rates made of stretches in memory equal plain Python over the samples, in whatever order these come."""

import asyncio
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from services.aggregator.domain.series import rates, recent_samples
from services.aggregator.domain.series.grid import Grid
from services.aggregator.domain.series.question import Selection
from services.aggregator.domain.series.rates import Rates
from services.aggregator.domain.series.recent_samples import RecentSamples, runs_of
from services.aggregator.domain.series.series_index import Found
from services.aggregator.domain.series.tier_choice import DELTA_KIND, SAMPLES, Plan
from services.aggregator.ports.records import Floats, Ids, SampleColumns, Series
from services.aggregator.ports.time_series import Fold, Function
from tests.support import plain_series
from tests.support.clock import ManualClock
from tests.support.journals import NOW, Sample, record, segment

# Not in rising order, as of labels.
IDS = np.array([2, 1, 3], np.uint64)
NOW_MS = int(NOW * 1e3)
FROM_MS = NOW_MS - 10_000

moments = st.integers(-9_000, 2_000).map(lambda ms: NOW + ms / 1e3)
values = st.sampled_from([0.0, 1.0, 2.5, 2.5, -7.0, 40.0, 41.0, 1e9, math.nan])
arriving = st.lists(st.lists(st.tuples(st.integers(1, 4), moments, values), max_size=12), max_size=12)


class Bench:
    """A tenant's samples as a list, in memory as they come, and read from the list where memory does not do."""

    def __init__(self, before: list[Sample]) -> None:
        self.clock = ManualClock(NOW)
        self.samples = list(before)
        self.read: list[tuple[list[int], int, int]] = []
        self.recent = RecentSamples(self.clock)
        self.recent.opened([], alone=True)
        self._offset = 0
        self.commit([])
        assert self.recent.hold()
        self.recent.take("default", runs_of(columns(before), NOW), self.recent.kept_from_ms())
        self.recent.release()
        self.rates = Rates(self.recent, self._stored)

    def commit(self, samples: list[Sample]) -> None:
        made = segment(record(samples=samples), first_offset=self._offset)
        self._offset += 1
        self.recent.before(made)
        self.recent.after(made, 1, True)
        self.samples += samples

    async def _stored(self, tenant: str, ids: Ids, from_ms: int, to_ms: int) -> SampleColumns:
        assert tenant == "default"
        self.read.append((sorted(ids.tolist()), from_ms, to_ms))
        every = columns(self.samples)
        chosen = np.isin(every.series_ids, ids) & (every.times_ms >= from_ms) & (every.times_ms < to_ms)
        return SampleColumns(every.series_ids[chosen], every.times_ms[chosen], every.values[chosen])

    async def told(self, function: Function, grid: Grid, window_ms: int, kind: int = 2) -> Floats | None:
        series = [Series(one, "count", {}, kind) for one in IDS.tolist()]
        found = Found(series, IDS, [{} for _one in series], np.full(len(IDS), kind, np.uint8))
        plan = Plan("a", Selection((), Fold(function)), found, SAMPLES, window_ms, Fold(function), "")
        return await self.rates.values("default", plan, grid, int(grid.ends_ms[0]) - window_ms)

    async def holds(self, function: Function, grid: Grid, window_ms: int) -> bool:
        """Whether there is an answer, and it is that of plain Python."""
        told = await self.told(function, grid, window_ms)
        assert told is not None
        expected = {
            (place, step): plain_series.folded(self._points(identity), function, 0.0, int(end) - window_ms, int(end))
            for place, identity in enumerate(IDS.tolist())
            for step, end in enumerate(grid.ends_ms)
        }
        return plain_series.same({key: float(told[key]) for key in expected}, expected)

    def _points(self, identity: int) -> list[plain_series.Point]:
        return [(round(at * 1e3), value) for one, at, value in self.samples if one == identity]


def columns(rows: list[Sample]) -> SampleColumns:
    ids, times, told = zip(*rows, strict=True) if rows else ((), (), ())
    times_ms = [round(at * 1e3) for at in times]
    return SampleColumns(np.array(ids, np.uint64), np.array(times_ms, np.int64), np.array(told, np.float64))


def steady(seconds: range) -> list[Sample]:
    """Ten samples of each series in each second before now, in order."""
    return [(one, NOW + (second * 10 + n) / 10, (second * 10 + n) % 37.0) for second in seconds for n in range(10)
            for one in (1, 2, 3)]  # fmt: skip


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few samples stay in memory."""
    monkeypatch.setattr(recent_samples, "MAX_ROWS", 20)
    monkeypatch.setattr(recent_samples, "RUN_ROWS", 10)


@pytest.mark.usefixtures("crowded")
@pytest.mark.parametrize("function", ["rate", "increase"])
@given(
    before=arriving,
    later=arriving,
    grid=st.sampled_from([Grid(NOW_MS, 0, 1), Grid(NOW_MS - 777, 0, 1), Grid(NOW_MS - 5_000, 1_000, 6)]),
    window=st.sampled_from([1_000, 4_000, 3_700]),
)
@settings(max_examples=60, deadline=None)
def test_rates_equal_plain_python(
    function: Function, before: list[list[Sample]], later: list[list[Sample]], grid: Grid, window: int
) -> None:
    async def asked() -> None:
        rates_of_edges = window % 1_000 and grid.count > 1
        bench = Bench([row for rows in before for row in rows])
        for rows in [[], *later]:
            bench.commit(rows)
            if rates_of_edges:
                assert await bench.told(function, grid, window) is None
            else:
                assert await bench.holds(function, grid, window), bench.samples
            # Minutes of arrival: what came in one is put together when the next begins.
            await bench.clock.advance(7.0)

    asyncio.run(asked())


@pytest.mark.usefixtures("crowded")
async def test_what_came_in_order_is_read_only_where_windows_cut_a_second() -> None:
    bench = Bench([])
    assert await bench.holds("rate", Grid(NOW_MS, 0, 1), 8_000)
    for second in range(-9, 1):
        bench.commit(steady(range(second, second + 1)))
    assert await bench.holds("rate", Grid(NOW_MS, 0, 1), 8_000)
    assert await bench.holds("rate", Grid(NOW_MS - 3_000, 1_000, 3), 5_000)
    assert bench.read == []
    assert await bench.holds("rate", Grid(NOW_MS - 1_250, 0, 1), 7_000)
    begin, end = NOW_MS - 9_000, NOW_MS - 2_000
    assert bench.read == [([1, 2, 3], begin, begin + 1_000), ([1, 2, 3], end, end + 1_000)]


@pytest.mark.usefixtures("crowded")
async def test_what_came_late_is_read_where_it_belongs() -> None:
    bench = Bench([])
    assert await bench.holds("rate", Grid(NOW_MS, 0, 1), 8_000)
    for second in range(-9, 1):
        bench.commit(steady(range(second, second + 1)))
    bench.commit([(2, NOW - 4.65, 12.0), (2, NOW - 4.65, 12.0), (3, NOW - 20.0, 1.0)])
    assert await bench.holds("rate", Grid(NOW_MS, 0, 1), 8_000)
    assert bench.read == [([2], NOW_MS - 5_000, NOW_MS - 4_000)]


@pytest.mark.usefixtures("crowded")
async def test_samples_that_grow_too_many_while_nobody_asks_are_kept_as_stretches() -> None:
    bench = Bench([])
    bench.recent.expect_rates("default")
    for second in range(-9, 1):
        bench.commit(steady(range(second, second + 1)))
    assert await bench.holds("rate", Grid(NOW_MS, 0, 1), 8_000)
    assert bench.read == []


@pytest.mark.usefixtures("crowded")
async def test_samples_that_grow_too_many_are_let_go_where_nobody_asks_for_rates() -> None:
    bench = Bench([])
    for second in range(-9, 1):
        bench.commit(steady(range(second, second + 1)))
    assert await bench.told("rate", Grid(NOW_MS, 0, 1), 8_000) is None


@pytest.mark.usefixtures("crowded")
async def test_memory_of_stretches_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_samples, "MAX_STRETCHES", 12)
    bench = Bench([])
    assert await bench.holds("rate", Grid(NOW_MS, 0, 1), 8_000)
    for second in range(-9, 0):
        bench.commit(steady(range(second, second + 1)))
        await bench.clock.advance(60.0)
    assert await bench.told("rate", Grid(NOW_MS, 0, 1), 8_000) is None
    assert await bench.holds("rate", Grid(NOW_MS, 0, 1), 3_000)


@pytest.mark.usefixtures("crowded")
async def test_stretches_are_kept_no_longer_than_somebody_asks() -> None:
    bench = Bench([])
    assert await bench.holds("rate", Grid(NOW_MS, 0, 1), 8_000)
    await bench.clock.advance(recent_samples.UNASKED_SECONDS - 1)
    # Who asks for something else keeps the samples alone.
    assert bench.recent.samples("default", IDS, FROM_MS) is not None
    await bench.clock.advance(10.0)
    bench.commit(steady(range(1)))
    known = bench.recent._tenants["default"]
    assert known.growth is None


async def test_what_is_not_in_memory_is_left_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(steady(range(-9, 1)))
    bench.commit([(1, NOW - 4.65, 12.0)])
    grid = Grid(NOW_MS, 0, 1)
    assert await bench.told("rate", Grid(NOW_MS - 700_000, 0, 1), 8_000) is None
    assert await bench.told("rate", grid, 8_000, kind=DELTA_KIND) is None
    monkeypatch.setattr(rates, "MAX_READ", 5)
    assert await bench.told("rate", grid, 8_000) is None
    bench.recent.forget("default")
    assert await bench.told("rate", grid, 8_000) is None
