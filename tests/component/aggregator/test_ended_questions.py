"""A question nobody waits for any more ends in the engine, and its thread answers others."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.aggregator.adapters.clickhouse.engine.reader import THREADS, Bounds
from services.aggregator.adapters.clickhouse.engine.statements import Join, TenantQuery
from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.core.errors import DeadlineExceeded, InvalidInput
from tests.support.journals import NOW, record, segment
from tests.support.stores import MAKERS, opened
from tests.support.waiting import eventually

pytestmark = pytest.mark.store

MANY = TenantQuery("default", "samples", ("1 AS key", "arrayJoin(range(60000)) AS number"))
OTHERS = TenantQuery("default", "samples", ("1 AS key", "arrayJoin(range(60000)) AS other"))
ENDLESS = TenantQuery("default", MANY, ("sum(sipHash64(number, other))",), joins=(Join("INNER", OTHERS, using="key"),))
LARGE = TenantQuery("default", MANY, ("number", "other"), joins=(Join("INNER", OTHERS, using="key"),))
QUICK = TenantQuery("default", "samples", ("count()",))


@pytest.fixture(params=["chdb", "server"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ClickHouseStore]:
    async with opened(MAKERS[request.param](tmp_path / "store")) as made:
        assert isinstance(made, ClickHouseStore)
        await made.commit(segment(record(series=[(1, "a", {})], samples=[(1, NOW, 1.0)])))
        yield made


async def test_threads_of_cancelled_questions_are_free_at_once(store: ClickHouseStore) -> None:
    bounds = Bounds(seconds=60)
    asked = [asyncio.create_task(store.reader.body(ENDLESS, "Native", bounds)) for _thread in range(THREADS)]
    waiting = asyncio.create_task(store.reader.rows(QUICK))
    await asyncio.sleep(0.5)
    assert not waiting.done()
    began = time.monotonic()
    for one in asked:
        one.cancel()
    assert await waiting == [[1]]
    assert time.monotonic() - began < 30
    assert all(
        isinstance(each, asyncio.CancelledError) for each in await asyncio.gather(*asked, return_exceptions=True)
    )


async def test_a_question_that_takes_too_long_is_an_error(store: ClickHouseStore) -> None:
    with pytest.raises(DeadlineExceeded):
        await store.reader.body(ENDLESS, "Native", Bounds(seconds=1))


async def test_a_question_cancelled_before_it_began_never_begins(store: ClickHouseStore) -> None:
    one = asyncio.create_task(store.reader.body(ENDLESS, "Native", Bounds(seconds=60)))
    await asyncio.sleep(0)
    one.cancel()

    async def answers() -> bool:
        return await store.reader.rows(QUICK) == [[1]]

    await eventually(answers, "the reader answers", within=30)


async def test_what_a_failed_question_had_answered_is_told_to_nobody(store: ClickHouseStore) -> None:
    """Several times, since the engine has several connections to itself."""
    for _again in range(2 * THREADS):
        with pytest.raises(InvalidInput):
            await store.reader.body(LARGE, "Native", Bounds(result_rows=500_000))
        assert await store.reader.rows(QUICK) == [[1]]


async def test_what_a_question_had_answered_when_it_was_ended_is_told_to_nobody(store: ClickHouseStore) -> None:
    for _again in range(THREADS):
        one = asyncio.create_task(store.reader.body(LARGE, "JSONCompactEachRow", Bounds(result_rows=1 << 40)))
        await asyncio.sleep(0.3)
        one.cancel()
        for _connection in range(THREADS):
            assert await store.reader.rows(QUICK) == [[1]]
