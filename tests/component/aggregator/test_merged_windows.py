"""Two aggregators over one store: each shows what one would show that takes in everything."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.core.clock import SystemClock
from tests.component.aggregator.mortal_engine import MortalEngine
from tests.component.aggregator.rival_world import RivalWorld
from tests.component.aggregator.test_repeats import wipe
from tests.support.examples import examples
from tests.support.journals import record
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
    st.tuples(st.just("move"), PLACES),
    st.tuples(st.just("restart"), BOTH),
    st.tuples(st.just("settle"), BOTH),
    st.tuples(st.just("states")),
)


class TrafficWorld(RivalWorld):
    """Requests of several services, with latencies in halves, so that sums are exact; people, sales, signs of life."""

    def write(self, place: int, name: str) -> None:
        records = self.journals[place].records
        number = 7 * place + len(records)
        at = self._clock.now() - 13 * number % 290
        data = {"endpoint": f"/{number % 2}", "latency_ms": number / 2, "status_code": (200, 503)[number % 5 == 0]}
        request = {"type": "request", "service": f"s{number % 3}", "user": f"u{number % 4}", "time": at, "data": data}
        sale = {"type": "purchase", "service": "shop", "user": f"u{number}", "time": at}
        beats = [{"service": f"s{number % 2}", "time": at, "requests": number}] if number % 3 == 0 else []
        records.append(record(tenant=self.tenant, accepted=self._clock.now(), events=[request, sale], heartbeats=beats))


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


async def played(world: TrafficWorld, steps: list[tuple[object, ...]]) -> None:
    await world.start()
    for kind, *arguments in steps:
        done = getattr(world, str(kind))(*arguments)
        if done is not None:
            await done
    await world.seal_all()
    one, other, alone = await world.states()
    assert alone.snapshot.figures.total_requests == sum(len(journal.records) for journal in world.journals)
    assert one == alone
    assert other == alone


@given(st.lists(STEPS, max_size=25))
@example([("write", 0, ""), ("send", 0), ("states",), ("write", 1, ""), ("seal", 1), ("states",), ("write", 1, "")])
@example([("write", 0, ""), ("send", 0), ("write", 0, ""), ("move", 0), ("seal", 0), ("states",), ("write", 0, "")])
@settings(max_examples=examples(100), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_show_what_one_would(
    engine: MortalEngine, store: ClickHouseStore, steps: list[tuple[object, ...]]
) -> None:
    wipe(engine)
    asyncio.run(played(TrafficWorld(engine, store, JOURNALS), steps))
