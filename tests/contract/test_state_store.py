"""What every StateStore promises."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from services.alerting.adapters.memory_states import MemoryStates
from services.alerting.adapters.redis_states import open_redis_states
from services.alerting.ports import AlertState, StateStore
from services.core.errors import Unavailable
from services.runtime import logs
from tests.support.alerts import alert
from tests.support.redis_server import RedisServer, running_redis

LOG = logs.configure("test", "error", "console")


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[StateStore]:
    if request.param == "memory":
        yield MemoryStates()
        return
    server: RedisServer = request.getfixturevalue("redis")
    server.empty()
    async with open_redis_states(server.url, LOG) as states:
        yield states


async def ids(store: StateStore, tenant: str = "default") -> set[str]:
    return {alert.id for alert in await store.load(tenant)}


async def test_nothing_is_kept_at_first(store: StateStore) -> None:
    assert list(await store.load("default")) == []


@pytest.mark.parametrize("state", AlertState)
async def test_an_alert_comes_back_as_it_was(store: StateStore, state: AlertState) -> None:
    kept = alert("a", state, at=0.123456, service='läden "1"')
    await store.save("default", [kept], [])
    assert list(await store.load("default")) == [kept]


async def test_the_later_one_of_an_id_replaces_the_former(store: StateStore) -> None:
    await store.save("default", [alert("a"), alert("b")], [])
    await store.save("default", [alert("a", AlertState.FIRING)], [])
    assert {kept.id: kept.state for kept in await store.load("default")} == {
        "a": AlertState.FIRING,
        "b": AlertState.PENDING,
    }


async def test_forgotten_ones_are_dropped_and_unknown_ones_do_no_harm(store: StateStore) -> None:
    await store.save("default", [alert("a"), alert("b")], [])
    await store.save("default", [alert("c")], ["a", "never seen"])
    assert await ids(store) == {"b", "c"}


async def test_saving_nothing_is_allowed(store: StateStore) -> None:
    await store.save("default", [], [])
    assert await ids(store) == set()


async def test_tenants_do_not_see_each_other(store: StateStore) -> None:
    await store.save("one", [alert("a")], [])
    await store.save("two", [alert("b")], [])
    await store.save("two", [], ["a"])
    assert (await ids(store, "one"), await ids(store, "two")) == ({"a"}, {"b"})


@pytest.mark.redis
@pytest.mark.parametrize("turns", range(40))
async def test_redis_never_swallows_a_cancellation(redis: RedisServer, turns: int) -> None:
    async with open_redis_states(redis.url, LOG) as states:
        loading = asyncio.create_task(states.load("default"))
        for _turn in range(turns):
            await asyncio.sleep(0)
        if loading.cancel():
            with pytest.raises(asyncio.CancelledError):
                await loading


@pytest.mark.redis
async def test_redis_gives_the_rest_when_one_alert_is_not_readable(redis: RedisServer) -> None:
    redis.empty()
    async with open_redis_states(redis.url, LOG) as states:
        await states.save("default", [alert("a"), alert("b")], [])
        redis.put_field("binnacle:alerts:default", "b", '{"id": "b"}')
        assert await ids(states) == {"a"}


@pytest.mark.redis
async def test_redis_that_was_killed_is_unavailable_then_has_everything_again() -> None:
    with running_redis() as server:
        async with open_redis_states(server.url, LOG) as states:
            await states.save("default", [alert("a")], [])
            server.stop()
            with pytest.raises(Unavailable):
                await states.load("default")
            with pytest.raises(Unavailable):
                await states.save("default", [alert("b")], [])
            server.start()
            assert await ids(states) == {"a"}
