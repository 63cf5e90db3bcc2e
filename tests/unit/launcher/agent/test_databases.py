"""Connections as the databases themselves tell them."""

import asyncio
from collections.abc import Iterator

import pytest
from redis import Redis

from services.launcher.agent.databases import ClickHouseConnections, RedisConnections, is_server
from services.launcher.agent.readings import Reading
from tests.support.clickhouse import shared_server
from tests.support.redis_server import RedisServer


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    server = RedisServer()
    server.start()
    yield server
    server.stop()


def told(readings: list[Reading]) -> dict[str, float]:
    assert {reading.name for reading in readings} <= {"database_connections"}
    return {reading.labels["database"]: reading.value for reading in readings}


@pytest.mark.redis
async def test_redis_tells_its_clients(redis: RedisServer) -> None:
    connections = RedisConnections(redis.url)
    alone = told(await connections.read())["redis"]
    others = [Redis.from_url(redis.url) for _other in range(3)]
    await asyncio.gather(*(asyncio.to_thread(other.ping) for other in others))
    assert told(await connections.read()) == {"redis": alone + 3}
    for other in others:
        other.close()
    redis.stop()
    assert await connections.read() == []
    await connections.close()


@pytest.mark.store
async def test_a_clickhouse_server_tells_those_of_its_interfaces() -> None:
    server = shared_server()
    connections = ClickHouseConnections(server.dsn)
    assert told(await connections.read())["clickhouse"] >= 0
    await connections.close()
    absent = ClickHouseConnections("clickhouse://nobody:@127.0.0.1:9/x")
    assert await absent.read() == []
    await absent.close()


def test_the_built_in_clickhouse_is_no_server() -> None:
    assert not is_server("chdb:///somewhere")
    assert is_server("clickhouse://host:8123/x")
    assert is_server("clickhouses://host/x")
