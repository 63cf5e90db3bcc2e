"""Who asks the same within a moment is told the same; who asks later is not."""

import pytest

from services.core import brief_answers
from services.core.brief_answers import BriefAnswers
from tests.support.clock import ManualClock

BRIEF_SECONDS = 0.3


class Making:
    """Answers with how often it was asked; takes a while."""

    def __init__(self, clock: ManualClock, seconds: float = 0.0) -> None:
        self._clock = clock
        self._seconds = seconds
        self.asked = 0

    async def __call__(self) -> int:
        self.asked += 1
        told = self.asked
        await self._clock.advance(self._seconds)
        return told


async def test_an_answer_is_told_again_for_a_moment() -> None:
    clock = ManualClock()
    answers, making = BriefAnswers(clock, BRIEF_SECONDS), Making(clock)
    assert [await answers.answer("a", making) for _call in range(3)] == [1, 1, 1]
    assert await answers.answer("b", making) == 2
    await clock.advance(BRIEF_SECONDS / 2)
    assert await answers.answer("a", making) == 1
    await clock.advance(BRIEF_SECONDS)
    assert await answers.answer("a", making) == 3


async def test_it_is_as_old_as_its_question() -> None:
    clock = ManualClock()
    answers, making = BriefAnswers(clock, BRIEF_SECONDS), Making(clock, 2 * BRIEF_SECONDS)
    assert [await answers.answer("a", making) for _call in range(2)] == [1, 2]


async def test_after_a_deletion_nothing_from_before_is_told() -> None:
    clock = ManualClock()
    answers, making = BriefAnswers(clock, BRIEF_SECONDS), Making(clock)

    async def outrun() -> int:
        told = await making()
        answers.forget()
        return told

    assert await answers.answer("a", making) == 1
    answers.forget()
    assert await answers.answer("a", outrun) == 2
    assert await answers.answer("a", making) == 3


async def test_no_more_are_held_than_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brief_answers, "MOST_ANSWERS", 1)
    clock = ManualClock()
    answers, making = BriefAnswers(clock, BRIEF_SECONDS), Making(clock)
    for question in ("a", "b", "c"):
        await answers.answer(question, making)
    assert [await answers.answer(question, making) for question in ("c", "a")] == [3, 4]
