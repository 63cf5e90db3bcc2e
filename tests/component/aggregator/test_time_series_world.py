"""Whatever order samples come in, however late, repeated or rolled up, over restarts: answers equal a recomputation."""

import random
from math import nan
from pathlib import Path

import pytest

from services.aggregator.adapters.clickhouse.engine.reader import Bounds
from services.aggregator.adapters.clickhouse.series import time_series as clickhouse_time_series
from services.aggregator.adapters.clickhouse.storing import summed_minutes
from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.domain.series import recent_samples, time_series
from services.aggregator.ports.rollups import DAY, HOUR, MINUTE
from services.aggregator.ports.time_series import Function
from services.core.errors import InvalidInput
from tests.support.clock import ManualClock
from tests.support.journals import NOW, Sample
from tests.support.measured_world import PLACES, Asked, Viewer, World, told
from tests.support.plain_series import same
from tests.support.stores import MAKERS

pytestmark = pytest.mark.store
START = int(NOW) // DAY * DAY
QUESTIONS = [
    Asked("average", by=("place",), aggregation="average"),
    Asked("sum", step_ms=300_000, by=()),
    Asked("minimum", step_ms=3_600_000),
    Asked("maximum", step_ms=120_000, by=("place",), aggregation="maximum"),
    Asked("last", step_ms=60_000),
    Asked("last", step_ms=30_000, by=("place",), aggregation="count"),
    Asked("count", step_ms=3_600_000, window_ms=7_200_000, by=()),
    Asked("rate", step_ms=60_000, by=("place",)),
    Asked("increase", step_ms=600_000),
    Asked("quantile", share=0.95, step_ms=300_000, by=(), aggregation="quantile"),
    Asked("distinct", step_ms=300_000),
    Asked("average", step_ms=60_000, offset_ms=3_600_000),
    Asked("sum", step_ms=10_000, offset_ms=5_000),
]


def some_samples(rng: random.Random, now: float) -> list[Sample]:
    """New ones, and now and then late ones, repeated ones and marks of an end."""
    late = rng.choice([0.0, 0.0, 0.0, rng.uniform(0, 2 * HOUR)])
    rows = [
        (rng.randrange(len(PLACES)), round(now - late - rng.uniform(0, 90), 3), rng.choice([1.0, 2.5, 40.0, 41.0]))
        for _row in range(rng.randrange(1, 25))
    ]
    rows += rows[: rng.randrange(3)]
    if rng.random() < 0.2:
        rows.append((rng.randrange(len(PLACES)), round(now - rng.uniform(0, 60), 3), nan))
    # Of one series no two at one time: which is the newest, is then no question.
    values = {(series, at): value for series, at, value in rows}
    return [(series, at, values[series, at]) for series, at, _value in rows]


def store_of(kind: str, folder: Path) -> ClickHouseStore:
    store = MAKERS["server" if kind == "server" else "chdb"](folder / "store")
    assert isinstance(store, ClickHouseStore)
    return store


@pytest.mark.parametrize(
    ("kind", "seed"), [("chdb", 1), ("chdb", 2), ("chdb", 3), ("full", 4), ("full", 5), ("server", 1)]
)
async def test_answers_and_refreshed_answers_equal_plain_python(
    kind: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`full`: as where so much comes that no samples are kept in memory, but what they come to by minute is."""
    if kind == "full":
        monkeypatch.setattr(summed_minutes, "MANY_OF_A_SERIES", 0)
        monkeypatch.setattr(time_series, "MAX_ROWS", 0)
    rng = random.Random(seed)
    clock = ManualClock(START + 3 * HOUR)
    world = World(store_of(kind, tmp_path), clock, rng)
    await world.open()
    viewers = [Viewer(asked) for asked in QUESTIONS]
    for number in range(10):
        if number == 6 and kind != "server":
            await world.restart(store_of(kind, tmp_path))
        for _segment in range(rng.randrange(1, 3)):
            await world.commit(some_samples(rng, clock.now()))
        if rng.random() < 0.6:
            await world.work.round()
        for viewer in rng.sample(viewers, 5):
            end = clock.now() + 1
            answer = await world.ask(viewer.asked, end - 3 * HOUR, end, viewer.held)
            viewer.take(answer)
            expected = world.plain(viewer.asked, answer)
            assert same(viewer.has, expected), (viewer.asked, answer.full)
            fresh = await world.ask(viewer.asked, end - 3 * HOUR, end)
            assert fresh.full
            assert same(told(fresh), expected), viewer.asked
        await clock.advance(rng.choice([1.0, 20.0, 70.0, 600.0]))
    assert kind == "server" or sum(viewer.refreshed for viewer in viewers) > 5
    await world.store.close()


RATES = [
    Asked("rate", step_ms=60_000),
    Asked("increase", step_ms=20_000, window_ms=40_000, by=("place",)),
    Asked("rate", step_ms=100_500, window_ms=90_250),
    Asked("rate", step_ms=60_000, offset_ms=30_500, by=()),
]


async def test_rates_of_what_comes_in_equal_plain_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As beside much intake: few samples stay in memory, rates are made of stretches, and some seconds read."""
    monkeypatch.setattr(time_series, "SOME_SAMPLES", 0)
    monkeypatch.setattr(recent_samples, "MAX_ROWS", 60)
    monkeypatch.setattr(recent_samples, "RUN_ROWS", 30)
    rng, clock = random.Random(1), ManualClock(START + 3 * HOUR)
    world = World(store_of("chdb", tmp_path), clock, rng)
    await world.open()
    for number in range(8):
        await world.commit(some_samples(rng, clock.now()))
        if number == 5:
            await world.restart(store_of("chdb", tmp_path))
        for asked in rng.sample(RATES, 2):
            end = clock.now() + rng.choice([1.0, -20.0])
            answer = await world.ask(asked, end - rng.choice([100.0, 200.0]), end)
            assert same(told(answer), world.plain(asked, answer)), asked
        await clock.advance(rng.choice([1.0, 5.0, 20.0]))
    await world.store.close()


async def test_a_rate_needs_no_store_for_what_came_in_since_somebody_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_series, "SOME_SAMPLES", 0)
    monkeypatch.setattr(recent_samples, "MAX_ROWS", 60)
    clock = ManualClock(START + 3 * HOUR)
    world = World(store_of("chdb", tmp_path), clock, random.Random(1))
    await world.open()
    rate = Asked("rate", step_ms=60_000)
    for second in range(9):
        await world.commit([(place, clock.now() + n / 10, float(second + n)) for place in range(4) for n in range(10)])
        await world.ask(rate, clock.now() - 120, clock.now())
        await clock.advance(1.0)
    await world.store.ask(lambda engine: engine.execute("TRUNCATE TABLE samples"))
    answer = await world.ask(rate, clock.now() - 120, clock.now())
    assert same(told(answer), world.plain(rate, answer))
    await world.store.close()


async def test_a_rate_that_is_first_asked_for_beside_intake_needs_no_store_soon_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_series, "SOME_SAMPLES", 0)
    monkeypatch.setattr(time_series, "MAX_ROWS", 100)
    clock = ManualClock(START + 3 * HOUR)
    world = World(store_of("chdb", tmp_path), clock, random.Random(1))
    await world.open()
    await world.commit([(place, clock.now() - n, float(n)) for place in range(4) for n in range(11, 41)])
    rate = Asked("rate", step_ms=20_000, window_ms=20_000)
    for seconds in range(0, 40, 5):
        await world.commit([(place, clock.now() + n, float(seconds + n)) for place in range(4) for n in range(5)])
        await clock.advance(5.0)
        answer = await world.ask(rate, clock.now() - 20, clock.now())
        assert same(told(answer), world.plain(rate, answer))
    await world.store.ask(lambda engine: engine.execute("TRUNCATE TABLE samples"))
    answer = await world.ask(rate, clock.now() - 20, clock.now())
    assert same(told(answer), world.plain(rate, answer))
    await world.store.close()


async def test_more_new_samples_than_memory_takes_are_read_from_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_series, "MAX_ROWS", 100)
    clock = ManualClock(START + 3 * HOUR)
    world = World(store_of("chdb", tmp_path), clock, random.Random(1))
    await world.open()
    await world.commit([(place, clock.now() - second, float(second)) for place in range(4) for second in range(26)])
    newest = Asked("last", step_ms=60_000)
    for second in range(2):
        answer = await world.ask(newest, clock.now() - 60, clock.now() + 1)
        assert same(told(answer), world.plain(newest, answer))
        await world.commit([(0, clock.now() + second / 10, 7.0)])
    await world.store.close()


async def test_a_running_minute_of_many_samples_is_summed_up_by_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_series, "MAX_ROWS", 10)
    monkeypatch.setattr(clickhouse_time_series, "_BOUNDS", Bounds(result_rows=50))
    clock = ManualClock(START + 3 * HOUR + 30)
    world = World(store_of("chdb", tmp_path), clock, random.Random(1))
    await world.open()
    await world.commit([(place, clock.now() - n / 10, float(n)) for place in range(4) for n in range(100)])
    mean = Asked("average", step_ms=60_000, by=(), aggregation="average")
    answer = await world.ask(mean, clock.now() - 300, clock.now() + 1)
    assert same(told(answer), world.plain(mean, answer))
    await world.store.close()


async def test_a_full_minute_is_told_without_reading_its_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_series, "MAX_ROWS", 10)
    clock = ManualClock(START + 3 * HOUR + 30)
    world = World(store_of("chdb", tmp_path), clock, random.Random(1))
    await world.open()
    for part in range(3):
        await world.commit([(place, clock.now() - part - n / 20, float(n)) for place in range(4) for n in range(10)])
    rate = Asked("rate", step_ms=60_000)
    assert same(told(answer := await world.ask(rate, clock.now() - 60, clock.now())), world.plain(rate, answer))
    await world.store.ask(lambda engine: engine.execute("TRUNCATE TABLE samples"))
    functions: tuple[Function, ...] = ("average", "last", "count")
    for function in functions:
        for step_ms in (60_000, 300_000):
            asked = Asked(function, step_ms=step_ms)
            answer = await world.ask(asked, clock.now() - 300, clock.now() + 1)
            assert same(told(answer), world.plain(asked, answer))
    await world.work.round()
    await world.store.close()


async def test_rates_of_more_samples_than_are_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, most in (("MAX_ROWS", 10), ("SOME_SAMPLES", 100), ("SAMPLES_AT_ONCE", 150), ("MAX_SAMPLES", 410)):
        monkeypatch.setattr(time_series, name, most)
    monkeypatch.setattr(clickhouse_time_series, "_BOUNDS", Bounds(result_rows=250))
    clock = ManualClock(START + 3 * HOUR)
    world = World(store_of("chdb", tmp_path), clock, random.Random(1))
    await world.open()
    await world.commit([(place, clock.now() - 3 * n, float(100 - n)) for place in range(4) for n in range(100)])
    rate = Asked("rate", step_ms=300_000, by=("place",))
    answer = await world.ask(rate, clock.now() - 300, clock.now())
    assert same(told(answer), world.plain(rate, answer))
    await world.commit([(place, clock.now() - n - 0.5, 1.0) for place in range(4) for n in range(10)])
    with pytest.raises(InvalidInput, match="samples, more than 410"):
        await world.ask(rate, clock.now() - 300, clock.now())
    await world.store.close()


@pytest.mark.parametrize("function", ["average", "last", "minimum"])
async def test_long_steps_are_mended_where_minutes_are_out_of_date(function: Function, tmp_path: Path) -> None:
    clock = ManualClock(START + 3 * HOUR)
    world = World(store_of("chdb", tmp_path), clock, random.Random(1))
    await world.open()
    await world.commit([(place, clock.now() - 7 * n, float(n % 13)) for place in range(4) for n in range(900)])
    await world.work.round()
    asked = Asked(function, step_ms=300_000, window_ms=600_000)
    for second in range(3):
        await clock.advance(40.0)
        late = [(place, clock.now() - 2_000 * second - place, 50.0 + second) for place in range(3)]
        await world.commit([*late, (3, clock.now() - 1, 3.0)])
        answer = await world.ask(asked, clock.now() - HOUR, clock.now() + 1)
        assert answer.results[0].tier == MINUTE
        assert same(told(answer), world.plain(asked, answer))
    await world.store.close()
