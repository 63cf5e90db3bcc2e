"""What every store promises of roll-ups: each row equals a recomputation, after any order, repetition and death."""

from collections.abc import AsyncIterator, Iterable, Sequence
from math import nan
from pathlib import Path

import pytest

from services.aggregator.adapters.clickhouse.engine.engines import ChdbEngine
from services.aggregator.adapters.clickhouse.engine.statements import Statement
from services.aggregator.adapters.clickhouse.storing.rollups import Disturbed
from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.ports.rollups import DAY, HOUR, MINUTE, TIERS, Bucket, RolledUp
from services.aggregator.ports.store import Store
from tests.support.clock import ManualClock
from tests.support.empty_store import lay_empty_store
from tests.support.journals import NOW, Sample, record, segment
from tests.support.stores import LOG, MAKERS, opened

START = int(NOW) // DAY * DAY
TENANTS = ("default", "o'ther")


def late_store(path: Path) -> ClickHouseStore:
    """One to which all samples come late: it makes rows of minutes without reading them back where it can."""
    lay_empty_store(path)
    return ClickHouseStore(lambda: ChdbEngine(path), ManualClock(NOW + 2 * DAY), LOG)


MADE = {**MAKERS, "late": late_store}
STORES = ["memory", *(pytest.param(name, marks=pytest.mark.store) for name in ("chdb", "late", "server"))]


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(MADE[request.param](tmp_path / "store")) as ready:
        yield ready


def recomputed(samples: Iterable[Sample], tier: int) -> list[RolledUp]:
    """In plain Python. Times of one series are distinct, so that the newest is known."""
    rows: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for series, at, value in samples:
        if value == value:
            rows.setdefault((series, int(at) // tier * tier), []).append((at, value))
    return [
        RolledUp(
            series,
            start,
            len(found),
            pytest.approx(sum(value for _at, value in found)),  # type: ignore[arg-type]  # equals a float
            min(value for _at, value in found),
            max(value for _at, value in found),
            max(found)[1],
        )
        for (series, start), found in sorted(rows.items())
    ]


async def roll_up_everything(store: Store) -> None:
    for tier in TIERS:
        outdated = [bucket for bucket in await store.outdated_buckets() if bucket.tier == tier]
        for tenant, day in {(bucket.tenant, bucket.start // DAY) for bucket in outdated}:
            starts = sorted(b.start for b in outdated if b.tenant == tenant and b.start // DAY == day)
            await store.roll_up(tenant, tier, starts)


async def all_rows(store: Store, tenant: str, tier: int, series: Sequence[int] = range(10)) -> Sequence[RolledUp]:
    return await store.rolled_up(tenant, tier, list(series), START - 2 * DAY, START + 2 * DAY)


SAMPLES: list[Sample] = [
    (1, START + 5.25, 1.5),
    (1, START + 59.999, -2.0),
    (1, START + 60.0, 7.25),
    (1, START + 3_599.0, 1 / 3),
    (1, START + 3_601.0, nan),
    (2, START + 3_601.0, 4.0),
    (2, START - 1.0, 9.0),
]


async def test_each_tier_is_what_its_samples_come_to(store: Store) -> None:
    await store.commit(segment(record(samples=SAMPLES), record(tenant=TENANTS[1], samples=SAMPLES[:2])))
    await roll_up_everything(store)
    assert list(await store.outdated_buckets()) == []
    for tier in TIERS:
        assert list(await all_rows(store, TENANTS[0], tier)) == recomputed(SAMPLES, tier)
        assert list(await all_rows(store, TENANTS[1], tier)) == recomputed(SAMPLES[:2], tier)
    assert list(await all_rows(store, TENANTS[0], HOUR, [2])) == recomputed([s for s in SAMPLES if s[0] == 2], HOUR)
    assert len(await store.rolled_up(TENANTS[0], MINUTE, [1], START, START + 60)) == 1


async def test_late_samples_replace_the_rows_they_disturb_and_no_others(store: Store) -> None:
    await store.commit(segment(record(samples=SAMPLES)))
    await roll_up_everything(store)
    late = [(1, START + 30.0, 100.0), (3, START + 61.0, 2.0)]
    await store.commit(segment(record(samples=late), first_offset=1))
    assert set(await store.outdated_buckets()) == {Bucket("default", 60, START), Bucket("default", 60, START + 60)}
    await roll_up_everything(store)
    for tier in TIERS:
        assert list(await all_rows(store, "default", tier)) == recomputed([*SAMPLES, *late], tier)


async def test_a_repeated_segment_and_a_repeated_roll_up_change_nothing(store: Store) -> None:
    for _time in range(2):
        await store.commit(segment(record(samples=SAMPLES)))
        await roll_up_everything(store)
        await store.roll_up("default", MINUTE, [START, START + 60])
    for tier in TIERS:
        assert list(await all_rows(store, "default", tier)) == recomputed(SAMPLES, tier)


async def test_minutes_between_those_asked_for_stay_as_they_are(store: Store) -> None:
    samples = [(1, START + 60.0 * n, float(n)) for n in range(4)]
    await store.commit(segment(record(samples=samples)))
    await store.roll_up("default", MINUTE, [START, START + 120])
    assert [row.start for row in await all_rows(store, "default", MINUTE)] == [START, START + 120]
    assert {b.start for b in await store.outdated_buckets() if b.tier == MINUTE} == {START + 60, START + 180}


async def test_a_minute_that_comes_in_several_segments(store: Store) -> None:
    others = [(1, START + 7.0, 3.0), (2, START + 3_602.0, 5.0)]
    for _time in range(2):
        await store.commit(segment(record(samples=SAMPLES)))
        await store.commit(segment(record(samples=others), journal_id="00000000000000bb"))
    await store.commit(segment(record(samples=[(1, START + 8.0, 2.0)]), first_offset=1))
    await roll_up_everything(store)
    for tier in TIERS:
        assert list(await all_rows(store, "default", tier)) == recomputed(
            [*SAMPLES, *others, (1, START + 8.0, 2.0)], tier
        )


@pytest.mark.store
async def test_a_minute_that_was_begun_before_a_start(tmp_path: Path) -> None:
    more = [(1, START + 7.0, 3.0)]
    async with opened(late_store(tmp_path)) as first:
        await first.commit(segment(record(samples=SAMPLES)))
    async with opened(late_store(tmp_path)) as second:
        await second.commit(segment(record(samples=more), first_offset=1))
        await second.commit(segment(record(samples=[(1, START + 600.0, 1.0)]), first_offset=2))
        await roll_up_everything(second)
        for tier in TIERS:
            expected = recomputed([*SAMPLES, *more, (1, START + 600.0, 1.0)], tier)
            assert list(await all_rows(second, "default", tier)) == expected


@pytest.mark.store
async def test_late_minutes_are_not_read_back(tmp_path: Path) -> None:
    store = late_store(tmp_path)
    async with opened(store):
        await store.commit(segment(record(samples=SAMPLES)))
        await store.ask(lambda engine: engine.execute("TRUNCATE TABLE samples"))
        await roll_up_everything(store)
        for tier in TIERS:
            assert list(await all_rows(store, "default", tier)) == recomputed(SAMPLES, tier)


@pytest.mark.store
async def test_more_late_minutes_than_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.aggregator.adapters.clickhouse.storing.summed_minutes.MOST_ROWS", 2)
    samples = [
        (series, START + 60.0 * minute + part, 1.5 * minute)
        for minute in range(6)
        for part in range(2)
        for series in (1, 2)
    ]
    async with opened(late_store(tmp_path)) as store:
        for number in range(6):
            await store.commit(segment(record(samples=samples[number * 4 : number * 4 + 4]), first_offset=number))
        await store.commit(segment(record(samples=[(3, START + 1.0, 7.0)]), first_offset=6))
        await roll_up_everything(store)
        assert list(await all_rows(store, "default", MINUTE)) == recomputed([*samples, (3, START + 1.0, 7.0)], MINUTE)


@pytest.mark.store
async def test_a_minute_is_marked_once_until_it_is_rolled_up(tmp_path: Path) -> None:
    samples = [(1, START + float(second), float(second)) for second in range(8)]
    store = late_store(tmp_path)
    async with opened(store):

        async def marks() -> int:
            counted = Statement(f"SELECT count() FROM rollup_marks WHERE tier = {MINUTE} AND rolled = 0")
            [[count]] = await store.ask(lambda engine: engine.query(counted))
            return int(count)

        for number, sample in enumerate(samples):
            await store.commit(segment(record(samples=[sample]), first_offset=number))
            if number == 3:
                assert await marks() == 1
                await store.roll_up("default", MINUTE, [START])
                assert not [bucket for bucket in await store.outdated_buckets() if bucket.tier == MINUTE]
        assert await marks() == 2
        await roll_up_everything(store)
        for tier in TIERS:
            assert list(await all_rows(store, "default", tier)) == recomputed(samples, tier)


def test_a_mark_of_before_a_roll_up_began_tells_nothing() -> None:
    known = Disturbed()
    known.rolling("t", [60], 5)
    known.marked({"t": [60, 120]}, 4)
    assert known.unmarked({"t": [60, 120]}) == {"t": [60, 120]}
    known.marked({"t": [60, 120]}, 6)
    assert known.unmarked({"t": [60, 120, 180], "u": [60]}) == {"t": [180], "u": [60]}
    known.rolling("t", [60], 7)
    assert known.unmarked({"t": [60, 120]}) == {"t": [60]}
    known.forget("t")
    assert known.unmarked({"t": [120]}) == {"t": [120]}
