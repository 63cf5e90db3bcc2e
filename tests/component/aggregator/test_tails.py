"""Whatever happens between a reader and two aggregators, it has every row once, and those of a journal in order."""

import asyncio
from collections.abc import Iterator
from itertools import groupby

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.ports.tails import Topic
from services.core.clock import SystemClock
from tests.component.aggregator.mortal_engine import MortalEngine
from tests.component.aggregator.tail_world import TailWorld
from tests.component.aggregator.test_repeats import wipe
from tests.support.examples import examples
from tests.support.stores import LOG

pytestmark = [pytest.mark.store, pytest.mark.slow, pytest.mark.timeout(300)]

JOURNALS = 3
PLACES, BOTH = st.integers(0, JOURNALS - 1), st.integers(0, 1)
STEPS = st.one_of(
    st.tuples(st.just("write"), PLACES, st.just("")),
    st.tuples(st.just("write"), PLACES, st.just("")),
    st.tuples(st.just("send"), PLACES),
    st.tuples(st.just("seal"), PLACES),
    st.tuples(st.just("seal_all")),
    st.tuples(st.just("run_into_death"), st.integers(0, 12)),
    st.tuples(st.just("break_off"), PLACES),
    st.tuples(st.just("move"), PLACES),
    st.tuples(st.just("restart"), BOTH),
    st.tuples(st.just("settle"), BOTH),
    st.tuples(st.just("join"), BOTH),
    st.tuples(st.just("leave"), BOTH),
    st.tuples(st.just("start")),
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MortalEngine]:
    opened = MortalEngine(tmp_path_factory.mktemp("store"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def store(engine: MortalEngine) -> ClickHouseStore:
    """One store for all examples; it is closed with its engine."""
    kept = ClickHouseStore(lambda: engine, SystemClock(), LOG)
    asyncio.run(kept.open())
    return kept


async def played(world: TailWorld, steps: list[tuple[object, ...]]) -> None:
    await world.start()
    for kind, *arguments in steps:
        done = getattr(world, str(kind))(*arguments)
        if done is not None:
            await done
    await world.finish()
    for topic, follower in ((Topic.EVENTS, world.events), (Topic.LOGS, world.lines)):
        by_journal = sorted(follower.seen, key=lambda place: place[0])
        seen = [place for _journal, theirs in groupby(by_journal, key=lambda place: place[0]) for place in theirs]
        assert seen == world.expected(topic)


@given(st.lists(STEPS, max_size=25))
@example(
    [
        *(("join", which) for which in (0, 1)),
        *(("write", 0, "") for _record in range(3)),
        ("send", 0),
        ("leave", 0),
        ("write", 0, ""),
        ("seal", 0),
        ("move", 0),
        ("write", 0, ""),
        ("send", 0),
    ]
)
@example([("join", 0), ("leave", 0), *2 * [("write", 0, ""), ("send", 0)], ("join", 0), ("write", 0, ""), ("seal", 0)])
@example([("join", 0), ("leave", 0), *2 * [("write", 0, ""), ("seal", 0)], ("write", 0, ""), ("send", 0), ("join", 1)])
@settings(max_examples=examples(100), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_row_once_and_in_order(
    engine: MortalEngine, store: ClickHouseStore, steps: list[tuple[object, ...]]
) -> None:
    wipe(engine)
    asyncio.run(played(TailWorld(engine, store, JOURNALS), steps))
