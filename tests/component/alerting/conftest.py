"""Alerting's surroundings: one Redis a module, fresh neighbours a test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.component.alerting.scene import Scene
from tests.support.redis_server import RedisServer, running_redis
from tests.support.services import neighbour


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture
async def scene(redis: RedisServer) -> AsyncIterator[Scene]:
    redis.empty()
    made = Scene(redis)
    parts = (made.series, made.samples, made.traces, made.history, made.access)
    aggregator = [part.registration() for part in parts]
    async with (
        neighbour(*aggregator, address=made.aggregator),
        neighbour(made.intake.registration(), made.records.registration(), address=made.collector),
    ):
        yield made
