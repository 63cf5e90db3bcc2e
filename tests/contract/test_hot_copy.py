"""The copy of what is configured: in Redis and in memory it does the same."""

import random
from collections.abc import AsyncIterator, Iterator

import pytest

from services.core.errors import Unavailable
from services.core.records import AuditRecord, HotCopy
from services.runtime.hot_records import HotRecords
from services.runtime.redis_client import open_redis
from tests.support.audit import MemoryHot
from tests.support.redis_server import RedisServer


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    server = RedisServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["memory", "redis"])
async def hot(request: pytest.FixtureRequest, redis: RedisServer) -> AsyncIterator[HotCopy]:
    if request.param == "memory":
        yield MemoryHot()
        return
    redis.empty()
    async with open_redis(redis.url) as client:
        yield HotRecords(client)


def record(identity: str, revision: int, kind: str = "rule", tenant: str = "acme") -> AuditRecord:
    payload = f'{{"number":{revision}}}'
    return AuditRecord(
        1_800_000_000_000_000, tenant, kind, identity, revision, "update", "ann", ("admin",), payload=payload
    )


def held(records: object) -> set[tuple[str, str, str, int]]:
    return {(one.kind, one.tenant, one.id, one.revision) for one in records}  # type: ignore[attr-defined]


async def test_it_is_whole_once_it_was_filled(hot: HotCopy) -> None:
    assert not await hot.is_whole()
    await hot.put([record("a", 1)])
    assert not await hot.is_whole()
    await hot.put([], whole=True)
    assert await hot.is_whole()
    assert list(await hot.newest()) == [record("a", 1)]


async def test_the_highest_revision_stays_in_whatever_order_it_is_put(hot: HotCopy) -> None:
    records = [record(identity, revision) for identity in "ab" for revision in (9, 10, 99, 2**62)]
    random.Random(7).shuffle(records)
    for one in records:
        await hot.put([one])
    await hot.put(records)
    assert held(await hot.newest()) == {("rule", "acme", "a", 2**62), ("rule", "acme", "b", 2**62)}


async def test_kinds_and_tenants_are_apart(hot: HotCopy) -> None:
    records = [record("a", 3), record("a", 2, kind="key"), record("a", 1, tenant="other")]
    await hot.put(records)
    assert held(await hot.newest()) == held(records)


async def test_its_version_changes_with_what_it_holds(hot: HotCopy) -> None:
    before = await hot.version()
    await hot.put([record("a", 1)])
    after = await hot.version()
    assert after != before
    await hot.put([record("a", 2)])
    assert await hot.version() != after


async def test_who_knows_some_kinds_alone_reads_these_and_never_calls_the_copy_whole(redis: RedisServer) -> None:
    redis.empty()
    async with open_redis(redis.url) as client:
        hot = HotRecords(client, ["rule", "silence"])
        await HotRecords(client).put([record("a", 1), record("a", 2, kind="key")])
        await hot.put([record("b", 3)], whole=True)
        assert not await hot.is_whole()
        assert held(await hot.newest()) == {("rule", "acme", "a", 1), ("rule", "acme", "b", 3)}


async def test_a_redis_that_is_away_is_unavailable() -> None:
    server = RedisServer()
    async with open_redis(server.url) as client:
        with pytest.raises(Unavailable):
            await HotRecords(client).version()
