"""What was read of a former day stays in memory, and never tells what the store does not have any more."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.domain.series import past_samples
from services.aggregator.ports.rollups import DAY, HOUR
from tests.support.clock import ManualClock
from tests.support.journals import NOW, Sample
from tests.support.measured_world import Asked, World, told
from tests.support.plain_series import same
from tests.support.stores import MAKERS

pytestmark = pytest.mark.store
START = int(NOW) // DAY * DAY
MEAN = Asked("average", step_ms=10_000)
RATE = Asked("rate", step_ms=10_000, window_ms=60_000)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Samples of two hours, one a minute of each series, up to now."""
    store = MAKERS["chdb"](tmp_path / "store")
    assert isinstance(store, ClickHouseStore)
    made = World(store, ManualClock(START + 3 * HOUR), random.Random(1))
    await made.open()
    await made.commit([sample(place, minute) for place in range(4) for minute in range(-120, 0)])
    yield made
    await store.close()


def sample(place: int, minute: float, value: float | None = None) -> Sample:
    at = START + 3 * HOUR + 60 * minute
    return (place, at, minute % 7 + place if value is None else value)


async def holds(world: World, asked: Asked, ago: float = 2 * HOUR, until: float = HOUR) -> bool:
    """Ask about a range before now; whether the answer is what plain Python makes of the samples."""
    now = world.clock.now()
    answer = await world.ask(asked, now - ago, now - until)
    return same(told(answer), world.plain(asked, answer))


async def emptied(world: World) -> None:
    """Have the store lose every sample, without anybody being told."""
    await world.store.ask(lambda engine: engine.execute("TRUNCATE TABLE samples"))


async def remembered(world: World, asked: Asked = MEAN) -> None:
    assert await holds(world, asked)


async def test_a_second_question_needs_no_store(world: World) -> None:
    await remembered(world)
    await emptied(world)
    assert await holds(world, MEAN)
    assert await holds(world, RATE, 1.9 * HOUR, 1.2 * HOUR)


async def test_late_samples_are_told(world: World) -> None:
    await remembered(world)
    await world.commit([sample(2, -90.5, 1e6)])
    assert await holds(world, MEAN)
    assert await holds(world, RATE)


async def test_up_to_now_it_goes_together_with_the_newest(world: World) -> None:
    newest = Asked("last", step_ms=10_000)
    for second in range(20):
        await world.clock.advance(30.0)
        await world.commit([sample(place, second / 2 + place / 10) for place in range(4)])
        assert await holds(world, newest, 60, -1)
        assert await holds(world, MEAN, HOUR, -1)
    await emptied(world)
    assert await holds(world, MEAN, HOUR, -1)


async def test_what_was_deleted_is_forgotten(world: World) -> None:
    await remembered(world)
    await emptied(world)
    world.reader.forget("default")
    world.samples.clear()
    assert await holds(world, MEAN)


async def test_days_that_are_not_kept_whole_are_left_to_the_store(world: World) -> None:
    await remembered(world)
    await world.clock.advance(DAY)
    world.kept_seconds = 1.1 * DAY
    await emptied(world)
    assert not await holds(world, MEAN, DAY + 2 * HOUR, DAY + HOUR)


async def test_more_than_memory_is_for_are_left_to_the_store(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_samples, "MAX_CHUNK_ROWS", 100)
    for _time in range(3):
        await remembered(world)
    await emptied(world)
    assert not await holds(world, MEAN)


async def test_memory_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_samples, "MAX_BYTES", 1_000)
    await remembered(world)
    await emptied(world)
    assert not await holds(world, MEAN)
