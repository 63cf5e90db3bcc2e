"""Two processes change the same dashboards: of two changes of a version one is refused, and nothing is lost."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from binnacle.dashboards.v1 import widgets_pb2 as pb
from services.core.errors import Conflict
from services.runtime.redis_client import open_redis
from services.streamer.adapters.redis_claims import RedisClaims
from services.streamer.convert.dashboards.messages import dashboard_from, dashboard_message
from tests.support.audit import MemoryLog
from tests.support.dashboards import Books, dashboard
from tests.support.redis_server import RedisServer

TENANT = "acme"
EDITORS = 12


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    server = RedisServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def two(redis: RedisServer) -> AsyncIterator[list[Books]]:
    redis.empty()
    log = MemoryLog()
    async with open_redis(redis.url) as one, open_redis(redis.url) as other:
        made = [Books(log, RedisClaims(one)), Books(log, RedisClaims(other))]
        for each in made:
            await each.configuration.read()
        yield made


async def test_of_two_changes_of_one_version_one_is_refused_and_told_who_makes_the_other(two: list[Books]) -> None:
    first, second = two
    made = await first.book.create(TENANT, dashboard("a"), "ada")
    await second.configuration.read()
    await first.book.update(TENANT, replace(dashboard("a", title="Ada's"), version=made.version), "ada")
    # The second process has not heard of it yet.
    with pytest.raises(Conflict, match="by ada"):
        await second.book.update(TENANT, replace(dashboard("a", title="Bob's"), version=made.version), "bob")
    await second.configuration.read()
    assert second.book.get(TENANT, "a").title == "Ada's"


async def test_nothing_that_several_editors_add_is_lost(two: list[Books]) -> None:
    await two[0].book.create(TENANT, dashboard("a", widgets=[]), "ada")

    async def add(number: int) -> None:
        mine = two[number % 2]
        while True:
            await mine.configuration.read()
            present = dashboard_message(mine.book.get(TENANT, "a"))
            present.widgets.append(pb.Widget(id=f"w{number}", markdown=pb.Markdown(text="x")))
            try:
                await mine.book.update(TENANT, dashboard_from(present), f"editor {number}")
            except Conflict:
                await asyncio.sleep(0)
            else:
                return

    await asyncio.gather(*map(add, range(EDITORS)))
    for each in two:
        await each.configuration.read()
        kept = dashboard_message(each.book.get(TENANT, "a")).widgets
        assert {one.id for one in kept} == {f"w{number}" for number in range(EDITORS)}


async def test_a_change_that_came_to_nothing_holds_nobody_up(two: list[Books]) -> None:
    first, second = two
    made = await first.book.create(TENANT, dashboard("a"), "ada")
    await second.configuration.read()
    wanted = replace(dashboard("a", title="Two"), version=made.version)
    log = first.configuration._recorder
    assert isinstance(log, MemoryLog)
    log.away = True
    with pytest.raises(Exception, match="away"):
        await first.book.update(TENANT, wanted, "ada")
    log.away = False
    assert (await second.book.update(TENANT, wanted, "bob")).title == "Two"
