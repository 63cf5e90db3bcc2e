"""Named requests that come again, by whatever way: their rows are there once."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from services.aggregator.adapters.clickhouse.engine.statements import Statement
from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.core.clock import SystemClock
from tests.component.aggregator.mortal_engine import Killed, MortalEngine
from tests.component.aggregator.repeating_world import World
from tests.component.aggregator.rival_world import RivalWorld
from tests.support.examples import examples
from tests.support.stores import LOG

pytestmark = [pytest.mark.store, pytest.mark.slow, pytest.mark.timeout(300)]

JOURNALS = 3
NAMES = ("k", "l", "m")
PLACES = st.integers(0, JOURNALS - 1)
STEPS = st.one_of(
    st.tuples(st.just("write"), PLACES, st.sampled_from(("", *NAMES))),
    st.tuples(st.just("write"), PLACES, st.sampled_from(NAMES)),
    st.tuples(st.just("send"), PLACES),
    st.tuples(st.just("seal"), PLACES),
    st.tuples(st.just("seal_all")),
    st.tuples(st.just("run_into_death"), st.integers(0, 12)),
    st.tuples(st.just("break_off"), PLACES),
    st.tuples(st.just("start")),
)

RIVAL_STEPS = st.one_of(
    st.tuples(st.just("move"), PLACES),
    st.tuples(st.just("restart"), st.integers(0, 1)),
    st.tuples(st.just("settle"), st.integers(0, 1)),
    st.tuples(st.just("seal_all")),
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MortalEngine]:
    opened = MortalEngine(tmp_path_factory.mktemp("store"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def store(engine: MortalEngine) -> ClickHouseStore:
    """One store for all tests; it is closed with its engine."""
    kept = ClickHouseStore(lambda: engine, SystemClock(), LOG)
    asyncio.run(kept.open())
    return kept


@pytest.fixture(autouse=True)
def _empty(engine: MortalEngine, store: ClickHouseStore) -> None:
    wipe(engine)


def wipe(engine: MortalEngine) -> None:
    engine.revive()
    filled = "SELECT name FROM system.tables WHERE database = 'binnacle' AND total_rows > 0"
    for [table] in engine.query(Statement(filled)):
        if table != "schema_versions":
            engine.execute(f"TRUNCATE TABLE {table}")


async def settled(world: World) -> None:
    """Everything is sent and stored, and there once: in the tables, in the figures, and live before and after."""
    await world.seal_all()
    expected = dict.fromkeys(world.written, 1)
    assert await world.stored() == expected
    assert await world.counted() == expected
    assert world.shown() == expected
    await world.start()
    assert world.shown() == expected


async def played(world: World, steps: list[tuple[object, ...]]) -> None:
    await world.start()
    for kind, *arguments in steps:
        done = getattr(world, str(kind))(*arguments)
        if done is not None:
            await done
        assert max(world.shown().values(), default=0) <= 1
    await settled(world)


@given(st.lists(STEPS, max_size=25))
@example([("write", 0, "k"), ("write", 0, "l"), ("write", 1, "l"), ("send", 1), ("run_into_death", 2)])
@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_any_order_with_any_deaths_each_request_is_there_once(
    engine: MortalEngine, store: ClickHouseStore, steps: list[tuple[object, ...]]
) -> None:
    wipe(engine)
    asyncio.run(played(World(engine, store, JOURNALS), steps))


async def rivalled(world: RivalWorld, steps: list[tuple[object, ...]]) -> None:
    await world.start()
    for kind, *arguments in steps:
        done = getattr(world, str(kind))(*arguments)
        if done is not None:
            await done
    await world.seal_all()
    expected = dict.fromkeys(world.written, 1)
    assert await world.stored() == expected
    assert await world.counted() == expected


@given(st.lists(st.one_of(STEPS, RIVAL_STEPS), max_size=25))
@example(
    [("write", 0, "k"), ("seal", 0), ("move", 0), ("write", 1, "k"), ("write", 0, "l"), ("seal", 1), ("write", 2, "l")]
)
@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_with_two_aggregators_each_request_is_there_once(
    engine: MortalEngine, store: ClickHouseStore, steps: list[tuple[object, ...]]
) -> None:
    wipe(engine)
    asyncio.run(rivalled(RivalWorld(engine, store, JOURNALS), steps))


@pytest.mark.parametrize("inserts", range(6))
async def test_killed_between_claims_and_tables(engine: MortalEngine, store: ClickHouseStore, inserts: int) -> None:
    world = World(engine, store)
    await world.start()
    for place in (0, 1):
        world.write(place, "k")
        world.write(place, "")
    await world.send(1)
    engine.left = inserts
    try:
        await world.seal(0)
    except Killed:
        await world.start()
    engine.left = None
    # The other journal is first now; it must not take what a part of the first one's rows may be written of.
    await world.seal(1)
    await settled(world)


@pytest.mark.parametrize("inserts", range(5))
async def test_killed_when_another_segment_relied_on_a_claim_that_was_not_durable(
    engine: MortalEngine, store: ClickHouseStore, inserts: int
) -> None:
    world = World(engine, store)
    await world.start()
    world.write(0, "k")
    world.write(1, "k")
    world.write(1, "")
    engine.left = 0  # The first is decided on, and does not get as far as the store.
    with pytest.raises(Killed):
        await world.seal(0)
    await world.break_off(0)
    engine.left = inserts
    try:
        await world.seal(1)
    except Killed:
        await world.start()
    engine.left = None
    await world.seal(1)
    await settled(world)


async def test_claims_are_durable_before_any_row_of_what_presumes_them(
    engine: MortalEngine, store: ClickHouseStore
) -> None:
    world = World(engine, store)
    await world.start()
    world.write(0, "k")
    await world.seal(0)
    assert (engine.tables[0], engine.tables[-1]) == ("claim_log", "ledger")
    assert "events" in engine.tables


async def test_a_repetition_that_arrives_first_because_of_a_backlog(
    engine: MortalEngine, store: ClickHouseStore
) -> None:
    world = World(engine, store)
    await world.start()
    world.write(0, "k")
    world.write(1, "k")
    await world.seal(1)
    await world.seal(0)
    await settled(world)


async def test_a_journal_that_is_lost_takes_nothing_along_that_was_repeated(
    engine: MortalEngine, store: ClickHouseStore
) -> None:
    world = World(engine, store)
    await world.start()
    world.write(0, "k")
    await world.send(0)
    world.journals[0].records.clear()
    await world.break_off(0)
    world.write(1, "k")
    await world.seal(1)
    assert await world.stored() == {"k": 1}
    assert world.shown() == {"k": 1}


async def test_after_more_segments_than_the_store_deduplicates(engine: MortalEngine, store: ClickHouseStore) -> None:
    window = "non_replicated_deduplication_window"
    for table in ("events", "signals", "ledger"):
        engine.execute(f"ALTER TABLE {table} MODIFY SETTING {window} = 2")
    world = World(engine, store)
    await world.start()
    world.write(0, "k")
    await world.seal(0)
    for _segment in range(6):
        world.write(1, "")
        await world.seal(1)
    world.write(2, "k")
    await world.start()
    await settled(world)
    for table in ("events", "signals", "ledger"):
        engine.execute(f"ALTER TABLE {table} MODIFY SETTING {window} = 10000")
