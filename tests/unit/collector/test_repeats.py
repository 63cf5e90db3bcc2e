"""What a collector remembers of named requests."""

import asyncio

import pytest

from services.collector.domain.repeats import RecentBatches, Remembered
from services.core.errors import Overloaded


def future() -> asyncio.Future[int]:
    return asyncio.get_running_loop().create_future()


def recalled(recent: RecentBatches[str], name: str, tenant: str = "default") -> Remembered[str]:
    known = recent.recall(tenant, name)
    assert known is not None
    return known


async def test_a_repetition_waits_for_the_first_and_gets_its_answer() -> None:
    recent, durable = RecentBatches[str](), future()
    recent.remember("default", "k", "two accepted", durable)
    waiting = asyncio.ensure_future(recalled(recent, "k").answer())
    await asyncio.sleep(0)
    assert not waiting.done()
    durable.set_result(7)
    assert await waiting == "two accepted"
    assert await recalled(recent, "k").answer() == "two accepted"


async def test_a_first_that_fails_fails_those_who_wait_and_is_forgotten() -> None:
    recent, durable = RecentBatches[str](), future()
    recent.remember("default", "k", "ok", durable)
    waiting = asyncio.ensure_future(recalled(recent, "k").answer())
    await asyncio.sleep(0)
    durable.set_exception(Overloaded("full", 1.0))
    with pytest.raises(Overloaded):
        await waiting
    assert recent.recall("default", "k") is None


async def test_who_goes_away_takes_the_answer_from_nobody() -> None:
    recent, durable = RecentBatches[str](), future()
    recent.remember("default", "k", "ok", durable)
    first, second = (asyncio.ensure_future(recalled(recent, "k").answer()) for _caller in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    durable.set_result(1)
    assert await second == "ok"


async def test_a_failure_that_nobody_waits_for_is_no_complaint() -> None:
    recent, durable = RecentBatches[str](), future()
    recent.remember("default", "k", "ok", durable)
    durable.set_exception(Overloaded("full", 1.0))
    await asyncio.sleep(0)
    assert recent.recall("default", "k") is None


async def test_names_belong_to_tenants_and_requests_without_one_are_never_known() -> None:
    recent = RecentBatches[str]()
    recent.remember("a", "k", "ok", future())
    assert recent.recall("b", "k") is None
    assert recent.recall("a", "") is None


async def test_the_oldest_are_forgotten() -> None:
    recent = RecentBatches[str](capacity=3)
    for number in range(5):
        recent.remember("a", f"k{number}", "ok", future())
    assert [recent.recall("a", f"k{number}") is not None for number in range(5)] == [False, False, True, True, True]
