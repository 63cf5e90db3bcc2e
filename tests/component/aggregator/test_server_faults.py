"""A ClickHouse server that fails in every way it can: errors in bounded time, and nothing lost or doubled."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.aggregator.adapters.clickhouse.engine.engines import EngineFault, ServerEngine
from services.aggregator.adapters.clickhouse.engine.statements import Statement
from services.aggregator.adapters.clickhouse.engine.turns import Lease, leased
from services.aggregator.adapters.clickhouse.storing.rollups import Revisions
from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.ports.claims import Claim
from services.aggregator.ports.store import Segment
from services.core.clock import SystemClock
from services.core.errors import Unavailable
from tests.support.clickhouse import ClickHouseServer, FaultKind
from tests.support.journals import JOURNAL, NOW, record, segment
from tests.support.outages import patience
from tests.support.stores import LOG

pytestmark = [pytest.mark.store, pytest.mark.network]
WHOLE = segment(
    record(events=[{"type": "a", "service": "shop"}], samples=[(1, NOW, 1.0)]), record(logs=[{"message": "b"}])
)


LONGEST_SECONDS = 15.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with ClickHouseServer(tmp_path_factory.mktemp("clickhouse")) as running:
        yield running


@pytest.fixture(scope="module")
def dsn(server: ClickHouseServer) -> str:
    """A store that is ready; each test has a tenant and a journal of its own."""
    made = server.fresh_dsn()
    asyncio.run(_opened(made))
    return made


def whole(tenant: str, journal_id: str = JOURNAL) -> Segment:
    """A segment with rows of several tables."""
    first = record(tenant=tenant, events=[{"type": "a", "service": "shop"}], samples=[(1, NOW, 1.0)])
    made = segment(first, record(tenant=tenant, logs=[{"message": "b"}]))
    return replace(made, journal_id=journal_id)


def store_of(dsn: str) -> ClickHouseStore:
    return ClickHouseStore(lambda: ServerEngine.connect(dsn, answer_seconds=1), SystemClock(), LOG)


FAULTS: list[tuple[FaultKind, str]] = [
    ("drop", "INSERT INTO events"),
    ("hang", "INSERT INTO samples"),
    ("error", "INSERT INTO turns"),
    ("drop_after", "INSERT INTO turns"),
    ("cut", "SELECT taker FROM turns"),
    ("drop_after", "INSERT INTO ledger"),
    ("hang", "INSERT INTO ledger"),
]


@pytest.mark.parametrize(("number", "kind", "match"), [(n, *fault) for n, fault in enumerate(FAULTS)])
async def test_a_segment_is_there_once_whatever_became_of_a_statement(
    number: int, kind: FaultKind, match: str, server: ClickHouseServer, dsn: str
) -> None:
    store, tenant = store_of(dsn), f"tenant-{number}"
    given = whole(tenant, f"{number:016x}")
    await store.open()
    try:
        server.fault(kind, match, count=3, seconds=1.2)
        began = time.monotonic()
        with pytest.raises(Unavailable):
            await store.commit(given)
        assert time.monotonic() - began < patience(LONGEST_SECONDS)
        server.heal()
        for _again in range(2):
            await store.commit(given)
        counts = await store.intake_counts(tenant)
        assert (counts.events, counts.samples, counts.logs) == (1, 1, 1)
        assert (await store.committed())[given.journal_id] == 2
    finally:
        server.heal()
        await store.close()


@pytest.mark.parametrize("kind", ["drop_after", "hang", "error"])
async def test_a_claim_of_which_nothing_was_heard_is_told_the_next_time(
    kind: FaultKind, server: ClickHouseServer, dsn: str
) -> None:
    store = store_of(dsn)
    await store.open()
    try:
        known = (await store.claims(10, 10)).position
        mine, more = (Claim(f"{kind:15}{n}".encode(), JOURNAL, known + n, 5) for n in range(2))
        server.fault(kind, "INSERT INTO claim_log", count=3, seconds=1.2)
        with pytest.raises(Unavailable):
            await store.claim([mine], known)
        server.heal()
        told = await store.claim([mine, more], known)
        if told.others:
            assert list(told.others) == [mine]
            assert not (await store.claim([more], told.position)).others
        assert set((await store.claims(10, 10)).uncommitted) >= {mine, more}
    finally:
        server.heal()
        await store.close()


async def test_a_server_that_is_away_is_waited_for(tmp_path: Path) -> None:
    server = ClickHouseServer(tmp_path)
    store = store_of(server.dsn)
    with pytest.raises(Unavailable):
        await store.open()
    with server:
        await store.open()
        await store.commit(whole("default"))
        server.kill()
        with pytest.raises(Unavailable):
            await store.committed()
        server.start()
        assert await store.committed() == {JOURNAL: 2}
        await store.close()


async def test_one_slow_question_delays_no_other(server: ClickHouseServer, dsn: str) -> None:
    store = ClickHouseStore(lambda: ServerEngine.connect(dsn), SystemClock(), LOG)
    await store.open()
    await store.commit(whole("slow", "51"))
    server.fault("slow", "FROM ledger", seconds=4)
    slow = asyncio.create_task(store.committed())
    assert "slow" in await store.tenants()
    assert not slow.done()
    assert (await slow)["51"] == 2
    await store.close()


@pytest.fixture
def engines(dsn: str) -> Iterator[tuple[ServerEngine, ServerEngine]]:
    pair = ServerEngine.connect(dsn), ServerEngine.connect(dsn)
    yield pair
    for engine in pair:
        engine.close()


async def _opened(dsn: str) -> None:
    store = store_of(dsn)
    await store.open()
    await store.close()


def test_revisions_grow_whoever_takes_them(engines: tuple[ServerEngine, ServerEngine]) -> None:
    one, other = (Revisions(engine) for engine in engines)
    taken = [revisions.next() for _turn in range(5) for revisions in (one, other, other)]
    assert taken == sorted(set(taken))


def test_a_lease_is_held_by_one_and_let_go(engines: tuple[ServerEngine, ServerEngine]) -> None:
    one, other = engines
    with leased(one, "work") as mine, leased(other, "work", wait=False) as theirs:
        assert (mine, theirs) == (True, False)
    with leased(other, "work", wait=False) as theirs:
        assert theirs


def test_a_lease_that_is_not_renewed_ends(engines: tuple[ServerEngine, ServerEngine]) -> None:
    one, other = engines
    dead, next_one = Lease(one, "toil"), Lease(other, "toil")
    assert dead.take()
    assert not next_one.take()
    # As if its holder had been silent for too long.
    one.execute("ALTER TABLE turns UPDATE until = now64(3) - 1 WHERE log = 'toil' SETTINGS mutations_sync = 1")
    assert next_one.take()
    assert next_one.held()
    assert not dead.held()
    dead.renew()
    assert next_one.held()


def test_a_question_that_takes_too_long_is_ended_by_the_server(engines: tuple[ServerEngine, ServerEngine]) -> None:
    with pytest.raises(EngineFault, match="TIMEOUT_EXCEEDED"):
        engines[0].query(Statement("SELECT count() FROM numbers(100000000000)", settings="max_execution_time = 0.2"))
