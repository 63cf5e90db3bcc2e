"""Figures that are kept: one question for all, rested after, named when it fails, forgotten when nobody looks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

from services.core.errors import Unavailable
from services.core.waiting import is_waited_for
from services.streamer.domain.kept import LINGER_SECONDS, LONGEST_PAUSE, REST, STALE_SECONDS, Kept, Told, Untold
from tests.support.clock import ManualClock

CALLER: ContextVar[str] = ContextVar("caller", default="nobody")


class Counting:
    """Answers with how often it was asked, after `seconds`; or fails with `failure`."""

    interval = 2.0

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.asked: list[str] = []
        self.callers: list[str] = []
        self.waited_for: list[bool] = []
        self.seconds = 0.0
        self.failure: Unavailable | None = None

    async def ask(self, tenant: str) -> object:
        self.asked.append(tenant)
        self.callers.append(CALLER.get())
        self.waited_for.append(is_waited_for())
        if self.seconds:
            await self.clock.sleep(self.seconds)
        if self.failure is not None:
            raise self.failure
        return len(self.asked)


class House:
    """Kept figures of one source, on a clock that the test drives."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self.clock = ManualClock()
        self.source = Counting(self.clock)
        self.kept = Kept({"it": self.source}, self.clock, tasks)

    async def look(self, tenant: str = "t") -> Told | Untold:
        return (await self.kept.tell(tenant, ["it"]))["it"]


@asynccontextmanager
async def house() -> AsyncIterator[House]:
    class End(Exception):
        pass

    try:
        async with asyncio.TaskGroup() as tasks:
            yield House(tasks)
            raise End
    except* End:
        pass


async def test_many_lookers_are_one_question() -> None:
    async with house() as held:
        told = await asyncio.gather(*(held.look() for _ in range(50)))
        assert {one.body for one in told if isinstance(one, Told)} == {1}
        assert held.source.asked == ["t"]


async def test_it_is_asked_anew_while_somebody_looks_and_forgotten_after() -> None:
    async with house() as held:
        await held.look()
        await held.clock.advance(held.source.interval)
        assert await held.look() == Told(2)
        assert held.source.waited_for == [True, False]
        await held.clock.advance(LINGER_SECONDS * 2)
        asked = len(held.source.asked)
        await held.clock.advance(LINGER_SECONDS * 2)
        assert len(held.source.asked) == asked
        assert await held.look() == Told(asked + 1)


async def test_tenants_are_apart() -> None:
    async with house() as held:
        await held.look("a")
        await held.look("b")
        assert held.source.asked == ["a", "b"]


async def test_a_slow_question_rests_longer_but_not_for_ever() -> None:
    async with house() as held:
        for seconds, rest in ((0.5, 0.5 * REST), (60.0, LONGEST_PAUSE)):
            held.source.seconds = seconds
            looking = asyncio.create_task(held.look(str(seconds)))
            await held.clock.advance(seconds)
            told = await looking
            assert isinstance(told, Told)
            assert told.took == seconds
            asked = len(held.source.asked)
            await held.clock.advance(rest - 0.1)
            assert len(held.source.asked) == asked
            await held.look(str(seconds))
            await held.clock.advance(0.2)
            assert len(held.source.asked) == asked + 1
            held.source.seconds = 0.0
            await held.clock.advance(LINGER_SECONDS * 3)


async def test_what_fails_at_first_is_named_with_its_reason() -> None:
    async with house() as held:
        held.source.failure = Unavailable("the aggregator does not answer")
        assert await held.look() == Untold("the aggregator does not answer")
        held.source.failure = None
        await held.clock.advance(held.source.interval)
        assert await held.look() == Told(2)


async def test_one_failure_takes_nothing_away_and_lasting_ones_do() -> None:
    async with house() as held:
        await held.look()
        held.source.failure = Unavailable("away")
        await held.clock.advance(held.source.interval)
        assert await held.look() == Told(1)
        await held.clock.advance(STALE_SECONDS + 3 * held.source.interval)
        assert await held.look() == Untold("away")


async def test_nothing_of_the_first_call_goes_along() -> None:
    async with house() as held:
        CALLER.set("the first")
        await held.look()
        assert held.source.callers == ["nobody"]
