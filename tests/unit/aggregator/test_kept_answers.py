"""Answers that are kept: one making at a time, the newest told meanwhile, faults told to those who wait."""

import asyncio
from collections.abc import AsyncIterator
from contextvars import ContextVar

import pytest

from services.aggregator.domain.figures import kept_answers
from services.aggregator.domain.figures.kept_answers import (
    FRESH_SECONDS,
    FRESH_SECONDS_MOST,
    LATE_SECONDS,
    QUEUED_SECONDS,
    REST_SECONDS_MOST,
    WANTED_SECONDS,
    KeptAnswers,
)
from services.core.errors import Unavailable
from services.core.waiting import is_waited_for
from tests.support.clock import ManualClock


class Store:
    """Answers with how often it was asked, once it is let; or fails."""

    def __init__(self, clock: ManualClock) -> None:
        self.asked = 0
        self.takes = 0.0
        self.fails = False
        self.open = asyncio.Event()
        self.open.set()
        self._clock = clock

    async def ask(self) -> int:
        self.asked += 1
        await self.open.wait()
        if self.takes:
            await self._clock.advance(self.takes)
        if self.fails:
            raise Unavailable("the store does not answer")
        return self.asked


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(clock: ManualClock) -> Store:
    return Store(clock)


@pytest.fixture
async def kept(clock: ManualClock) -> AsyncIterator[KeptAnswers]:
    async with asyncio.TaskGroup() as tasks:
        yield KeptAnswers(clock, tasks)


async def settled() -> None:
    for _turn in range(100):
        await asyncio.sleep(0)


async def test_a_fresh_answer_is_told_again(kept: KeptAnswers, store: Store, clock: ManualClock) -> None:
    assert await kept.answer("a", store.ask) == 1
    await clock.advance(FRESH_SECONDS)
    assert await kept.answer("a", store.ask) == 1
    assert await kept.answer("b", store.ask) == 2


async def test_an_older_one_is_told_while_another_is_made(kept: KeptAnswers, store: Store, clock: ManualClock) -> None:
    await kept.answer("a", store.ask)
    await clock.advance(FRESH_SECONDS + 0.5)
    assert [await kept.answer("a", store.ask) for _time in range(3)] == [1, 1, 1]
    await settled()
    assert (await kept.answer("a", store.ask), store.asked) == (2, 2)


async def test_one_that_is_too_old_is_waited_for(kept: KeptAnswers, store: Store, clock: ManualClock) -> None:
    await kept.answer("a", store.ask)
    await clock.advance(FRESH_SECONDS + LATE_SECONDS + 0.1)
    assert await kept.answer("a", store.ask) == 2


@pytest.mark.parametrize(("takes", "fresh"), [(0.3, 2.7), (60.0, FRESH_SECONDS_MOST)])
async def test_what_is_costly_is_made_less_often(
    kept: KeptAnswers, store: Store, clock: ManualClock, takes: float, fresh: float
) -> None:
    store.takes = takes
    await kept.answer("a", store.ask)
    for age, asked in ((fresh - 0.1, 1), (0.2, 2)):
        await clock.advance(age)
        assert await kept.answer("a", store.ask) == 1
        await settled()
        assert store.asked == asked


async def test_many_who_wait_are_one_question_and_one_of_them_may_leave(kept: KeptAnswers, store: Store) -> None:
    store.open.clear()
    first, *others = [asyncio.create_task(kept.answer("a", store.ask)) for _one in range(4)]
    await settled()
    first.cancel()
    store.open.set()
    assert await asyncio.gather(*others) == [1, 1, 1]
    assert store.asked == 1


async def test_a_fault_is_raised_to_who_waits_and_not_kept(kept: KeptAnswers, store: Store, clock: ManualClock) -> None:
    store.fails = True
    with pytest.raises(Unavailable):
        await kept.answer("a", store.ask)
    store.fails = False
    assert await kept.answer("a", store.ask) == 2
    store.fails = True
    await clock.advance(FRESH_SECONDS + 0.5)
    assert await kept.answer("a", store.ask) == 2
    await settled()
    assert await kept.answer("a", store.ask) == 2
    await clock.advance(LATE_SECONDS)
    with pytest.raises(Unavailable):
        await kept.answer("a", store.ask)


async def test_only_so_many_are_kept(kept: KeptAnswers, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_answers, "MOST_ANSWERS", 2)
    for question in ("a", "b", "c"):
        await kept.answer(question, store.ask)
    assert await kept.answer("c", store.ask) == 3
    assert await kept.answer("a", store.ask) == 4


async def test_what_nobody_waits_for_is_made_one_after_the_other_and_rests(
    kept: KeptAnswers, store: Store, clock: ManualClock
) -> None:
    for question in ("a", "b"):
        await kept.answer(question, store.ask)
    await clock.advance(FRESH_SECONDS + 0.5)
    store.open.clear()
    assert [await kept.answer(question, store.ask) for question in ("a", "b")] == [1, 2]
    await settled()
    assert store.asked == 3
    await clock.advance(REST_SECONDS_MOST)
    store.open.set()
    await settled()
    # The second rests as long as the first took.
    assert (await kept.answer("a", store.ask), store.asked) == (3, 3)
    await clock.advance(REST_SECONDS_MOST)
    assert store.asked == 4


async def test_one_whose_turn_is_to_come_is_told_meanwhile(kept: KeptAnswers, store: Store, clock: ManualClock) -> None:
    await kept.answer("a", store.ask)
    await clock.advance(FRESH_SECONDS + 0.5)
    store.open.clear()
    assert await kept.answer("a", store.ask) == 1
    await clock.advance(LATE_SECONDS + 1.0)
    assert await kept.answer("a", store.ask) == 1
    await clock.advance(QUEUED_SECONDS)
    store.open.set()
    assert await kept.answer("a", store.ask) == 2


async def test_who_waits_does_not_wait_for_the_turns_of_others(
    kept: KeptAnswers, store: Store, clock: ManualClock
) -> None:
    closed = Store(clock)
    for question, asked in (("a", closed), ("b", store)):
        await kept.answer(question, asked.ask)
    await clock.advance(FRESH_SECONDS + 0.5)
    closed.open.clear()
    assert [await kept.answer(question, asked.ask) for question, asked in (("a", closed), ("b", store))] == [1, 1]
    await clock.advance(FRESH_SECONDS + QUEUED_SECONDS)
    async with asyncio.timeout(5):
        assert await kept.answer("b", store.ask) == 2
    closed.open.set()


async def test_what_nobody_asks_for_any_more_is_not_made(kept: KeptAnswers, store: Store, clock: ManualClock) -> None:
    closed = Store(clock)
    for question, asked in (("a", closed), ("b", store), ("c", store)):
        await kept.answer(question, asked.ask)
    await clock.advance(FRESH_SECONDS + 0.5)
    closed.open.clear()
    for question, asked in (("a", closed), ("b", store), ("c", store)):
        await kept.answer(question, asked.ask)
    await clock.advance(WANTED_SECONDS)
    assert await kept.answer("c", store.ask) == 2
    await clock.advance(0.5)
    assert store.asked == 2
    closed.open.set()
    await settled()
    assert (await kept.answer("c", store.ask), store.asked) == (3, 3)


async def test_there_is_no_rest_while_the_next_is_late(kept: KeptAnswers, store: Store, clock: ManualClock) -> None:
    for question in ("a", "b"):
        await kept.answer(question, store.ask)
    await clock.advance(FRESH_SECONDS + 0.5)
    store.open.clear()
    for question in ("a", "b"):
        await kept.answer(question, store.ask)
    await clock.advance(LATE_SECONDS)
    store.open.set()
    await settled()
    assert store.asked == 4


async def test_an_answer_is_made_as_who_asked_for_it(kept: KeptAnswers, clock: ManualClock) -> None:
    caller = ContextVar[str]("caller")

    async def ask() -> str:
        return caller.get()

    async def asked(name: str) -> str:
        caller.set(name)
        return await kept.answer(name, ask)

    for age in (0.0, FRESH_SECONDS + 0.5, 0.5):
        await clock.advance(age)
        found = [await asyncio.create_task(asked(name)) for name in ("one", "other")]
        assert found == ["one", "other"]
        await settled()


async def test_it_is_known_whether_somebody_waits(kept: KeptAnswers, clock: ManualClock) -> None:
    waited: list[bool] = []

    async def ask() -> None:
        waited.append(is_waited_for())

    await kept.answer("a", ask)
    await clock.advance(FRESH_SECONDS + 0.5)
    await kept.answer("a", ask)
    await settled()
    await clock.advance(FRESH_SECONDS + LATE_SECONDS + 0.5)
    await kept.answer("a", ask)
    assert (waited, is_waited_for()) == ([True, False, True], True)


async def test_nothing_from_before_is_told_once_it_is_forgotten(kept: KeptAnswers, store: Store) -> None:
    await kept.answer("a", store.ask)
    store.open.clear()
    making = asyncio.create_task(kept.answer("b", store.ask))
    await settled()
    kept.forget()
    store.open.set()
    await making
    assert await kept.answer("a", store.ask) == 3
    assert await kept.answer("b", store.ask) == 4
