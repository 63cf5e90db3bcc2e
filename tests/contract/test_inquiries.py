"""Questions of processes that follow to the one that leads, over a real Redis."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from services.alerting.adapters.redis_inquiries import RedisInquiries
from services.alerting.ports.trials import Health, RuleStatus
from services.core.errors import Unavailable
from services.runtime.redis_client import open_redis
from tests.support.redis_server import RedisServer, running_redis
from tests.support.waiting import eventually

TOLD = [RuleStatus("busy", Health.FAILING, "läuft nicht", 1.5, 0.25, 3, 1, 2), RuleStatus("new")]

pytestmark = pytest.mark.redis


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture
async def client(redis: RedisServer) -> AsyncIterator[Redis]:
    redis.empty()
    async with open_redis(redis.url) as opened:
        yield opened


async def test_each_question_gets_its_own_answer(client: Redis) -> None:
    follower, leader = RedisInquiries(client), RedisInquiries(client)
    async with asyncio.TaskGroup() as tasks:
        one = tasks.create_task(follower.ask("acme", ["busy", "new"]))
        other = tasks.create_task(follower.ask("other", []))
        for _question in range(2):
            inquiry = await leader.next()
            assert inquiry is not None
            await leader.answer(inquiry, TOLD if inquiry.tenant == "acme" else [])
    assert (one.result(), other.result()) == (TOLD, [])
    assert await client.keys("*") == []


async def test_where_nobody_leads_it_is_unavailable_and_nothing_is_left(client: Redis) -> None:
    inquiries = RedisInquiries(client)
    with pytest.raises(Unavailable):
        await inquiries.ask("acme", ["busy"])

    async def nothing_is_left() -> bool:
        return not await client.keys("*")

    await eventually(nothing_is_left, "the question is gone")


async def test_a_redis_that_is_away_is_unavailable(redis: RedisServer, client: Redis) -> None:
    inquiries = RedisInquiries(client)
    redis.stop()
    try:
        with pytest.raises(Unavailable):
            await inquiries.ask("acme", ["busy"])
        with pytest.raises(Unavailable):
            await inquiries.next()
    finally:
        redis.start()
