"""Answers up to now that cost something: the newest is told at once, and made anew for those who go on asking."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

from services.core.clock import Clock

FRESH_SECONDS = 1.0
"""How old an answer may be before another is made."""
MAKING_TIMES = 9.0
"""The same in times of what making it took: a tenth of the time goes into it."""
FRESH_SECONDS_MOST = 5.0
"""However long that takes."""
LATE_SECONDS = 4.0
"""How much older it may get while another is made; who asks later waits."""
MOST_ANSWERS = 512

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class _Made:
    answer: Any
    at: float
    took: float

    @property
    def fresh_seconds(self) -> float:
        return min(max(FRESH_SECONDS, MAKING_TIMES * self.took), FRESH_SECONDS_MOST)


class KeptAnswers:
    """The newest answers by question; one making at a time for each. Belongs to one event loop.

    They are made in `tasks`; who owns that group decides how long that goes on.
    """

    def __init__(self, clock: Clock, tasks: asyncio.TaskGroup) -> None:
        self._clock = clock
        self._tasks = tasks
        self._made: dict[Hashable, _Made] = {}
        self._making: dict[Hashable, asyncio.Task[_Made | Exception]] = {}

    async def answer(self, question: Hashable, make: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer to a question. Raises what making it raises, to those who wait for it."""
        made = self._made.get(question)
        age = 0.0 if made is None else self._clock.monotonic() - made.at
        if made is None or age > made.fresh_seconds + LATE_SECONDS:
            # One who gives up waiting must not end it for the others.
            outcome = await asyncio.shield(self._make(question, make))
            if isinstance(outcome, Exception):
                raise outcome
            made = outcome
        elif age > made.fresh_seconds:
            self._make(question, make)
        found: Answer = made.answer
        return found

    def _make(self, question: Hashable, make: Callable[[], Awaitable[Any]]) -> "asyncio.Task[_Made | Exception]":
        making = self._making.get(question)
        if making is None:
            making = self._making[question] = self._tasks.create_task(self._outcome(question, make))
        return making

    async def _outcome(self, question: Hashable, make: Callable[[], Awaitable[Any]]) -> _Made | Exception:
        """What came of it, an error too: raised here it would end everything else in the group."""
        began = self._clock.monotonic()
        try:
            answer = await make()
        except Exception as error:
            return error
        finally:
            del self._making[question]
        now = self._clock.monotonic()
        self._made.pop(question, None)
        self._made[question] = made = _Made(answer, now, now - began)
        self._forget(now)
        return made

    def _forget(self, now: float) -> None:
        """Let go of what is too old to be told, the oldest first, and of what is too much."""
        for question, made in list(self._made.items()):
            if len(self._made) <= MOST_ANSWERS and now - made.at <= made.fresh_seconds + LATE_SECONDS:
                return
            del self._made[question]
