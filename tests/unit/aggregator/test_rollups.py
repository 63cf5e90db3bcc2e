"""When buckets are rolled up: after they ended, not too often, in bounded steps, and until the store has taken them."""

from collections.abc import AsyncIterator

import pytest

from services.aggregator.adapters.memory_store import MemoryStore
from services.aggregator.domain.intake import rollups
from services.aggregator.domain.intake.rollups import RollUps, disturbed_minutes
from services.aggregator.ports.rollups import DAY, HOUR, MINUTE
from services.core.errors import Unavailable
from tests.support.clock import ManualClock
from tests.support.journals import NOW, Sample, read, record, segment
from tests.support.stores import opened

START = int(NOW) // DAY * DAY


class CountingStore(MemoryStore):
    """Tells what was rolled up; fails when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[tuple[str, int, list[int]]] = []
        self.away = False

    async def roll_up(self, tenant, tier, starts):  # type: ignore[no-untyped-def]
        if self.away:
            raise Unavailable("away")
        self.steps.append((tenant, tier, list(starts)))
        await super().roll_up(tenant, tier, starts)


@pytest.fixture
async def store() -> AsyncIterator[CountingStore]:
    made = CountingStore()
    async with opened(made):
        yield made


async def committed(store: MemoryStore, work: RollUps, samples: list[Sample], offset: int = 0) -> None:
    one = segment(record(samples=samples), first_offset=offset)
    await store.commit(one)
    work.disturb(disturbed_minutes(one.records))


async def test_a_minute_waits_for_its_end_and_an_hour_for_its_own(store: CountingStore) -> None:
    clock = ManualClock(START + 30.0)
    work = RollUps(store, clock)
    await committed(store, work, [(1, START + 10.0, 1.0)])
    await clock.advance(30.0 + rollups.LAG_SECONDS - 1)
    await work.round()
    assert store.steps == []
    await clock.advance(2)
    await work.round()
    assert store.steps == [("default", MINUTE, [START])]
    await clock.advance(HOUR)
    await work.round()
    assert store.steps[1:] == [("default", HOUR, [START])]
    await clock.advance(DAY)
    await work.round()
    assert store.steps[2:] == [("default", DAY, [START])]
    await work.round()
    assert len(store.steps) == 3


async def test_what_is_still_being_written_to_waits_but_not_for_ever(store: CountingStore) -> None:
    clock = ManualClock(START + HOUR)
    work = RollUps(store, clock)
    # Another minute each time: what is sent afterwards is rolled up as a whole.
    for second in range(int(rollups.LONGEST_SECONDS)):
        await work.round()
        assert store.steps == []
        await committed(store, work, [(1, START + 60.0 * (second % 50), 1.0)], second)
        await clock.advance(1.0)
    await work.round()
    assert store.steps[0][:2] == ("default", MINUTE)


async def test_steps_are_of_one_tenant_and_day_and_bounded(
    store: CountingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollups, "MOST_BUCKETS", 2)
    clock = ManualClock(START + DAY)
    work = RollUps(store, clock)
    samples = [(1, START + 60.0 * n, 1.0) for n in range(-1, 4)]
    one = segment(record(samples=samples), record(tenant="other", samples=samples[:1]))
    await store.commit(one)
    work.disturb(disturbed_minutes(one.records))
    await clock.advance(10.0)
    await work.round()
    minutes = [step for step in store.steps if step[1] == MINUTE]
    assert minutes == [
        ("default", MINUTE, [START - 60]),
        ("default", MINUTE, [START, START + 60]),
        ("default", MINUTE, [START + 120, START + 180]),
        ("other", MINUTE, [START - 60]),
    ]


async def test_what_the_store_does_not_take_is_tried_again(store: CountingStore) -> None:
    clock = ManualClock(START + DAY)
    work = RollUps(store, clock)
    await committed(store, work, [(1, START + 1.0, 1.0)])
    await clock.advance(10.0)
    store.away = True
    await work.round()
    store.away = False
    await work.round()
    assert [step[1] for step in store.steps] == [MINUTE, HOUR, DAY][: len(store.steps)]
    assert store.steps[0] == ("default", MINUTE, [START])


async def test_minutes_whose_samples_may_be_gone_stay_as_they_are(store: CountingStore) -> None:
    clock = ManualClock(START + rollups.RAW_SECONDS + HOUR)
    work = RollUps(store, clock)
    await committed(store, work, [(1, START + 1.0, 1.0)])
    await clock.advance(60.0)
    await work.round()
    assert store.steps == []


def test_minutes_are_counted_however_far_apart_they_are() -> None:
    far = [(1, 120.0, 1.0), (1, 121.0, 1.0), (1, NOW, 1.0)]
    [kept] = read(0, [record(samples=far)])
    assert disturbed_minutes([kept]) == {"default": {120: 2, int(NOW) // 60 * 60: 1}}
