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
"""How much older it may get before somebody asks again; who asks later waits."""
QUEUED_SECONDS = 20.0
"""How old it may get while another waits for its turn to be made."""
REST_SECONDS_MOST = 1.0
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

    They are made in `tasks`; who owns that group decides how long that goes on. What somebody waits for is made at
    once. The others are made one after the other, and half of the time none is, so that those who ask find time too.
    """

    def __init__(self, clock: Clock, tasks: asyncio.TaskGroup) -> None:
        self._clock = clock
        self._tasks = tasks
        self._made: dict[Hashable, _Made] = {}
        self._making: dict[Hashable, asyncio.Task[_Made | Exception]] = {}
        self._turn = asyncio.Lock()
        self._rested = 0.0
        self._forgotten = 0

    async def answer(self, question: Hashable, make: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer to a question. Raises what making it raises, to those who wait for it."""
        made = self._made.get(question)
        age = 0.0 if made is None else self._clock.monotonic() - made.at
        if made is None or age > made.fresh_seconds + self._late_seconds(question):
            # One who gives up waiting must not end it for the others.
            outcome = await asyncio.shield(self._make(question, make, waited_for=True))
            if isinstance(outcome, Exception):
                raise outcome
            made = outcome
        elif age > made.fresh_seconds:
            self._make(question, make, waited_for=False)
        found: Answer = made.answer
        return found

    def forget(self) -> None:
        """Tell nothing that was made before: rows were deleted."""
        self._made.clear()
        self._making.clear()
        self._forgotten += 1

    def _late_seconds(self, question: Hashable) -> float:
        return QUEUED_SECONDS if question in self._making else LATE_SECONDS

    def _make(
        self, question: Hashable, make: Callable[[], Awaitable[Any]], *, waited_for: bool
    ) -> "asyncio.Task[_Made | Exception]":
        making = self._making.get(question)
        if making is None:
            work = self._outcome(question, make) if waited_for else self._in_turn(question, make)
            making = self._making[question] = self._tasks.create_task(work)
            making.add_done_callback(lambda done: self._leave(question, done))
        return making

    def _leave(self, question: Hashable, making: "asyncio.Task[_Made | Exception]") -> None:
        if self._making.get(question) is making:
            del self._making[question]

    async def _in_turn(self, question: Hashable, make: Callable[[], Awaitable[Any]]) -> _Made | Exception:
        async with self._turn:
            began = self._clock.monotonic()
            if began < self._rested:
                await self._clock.sleep(self._rested - began)
                began = self._clock.monotonic()
            outcome = await self._outcome(question, make)
            now = self._clock.monotonic()
            self._rested = now + min(now - began, REST_SECONDS_MOST)
        return outcome

    async def _outcome(self, question: Hashable, make: Callable[[], Awaitable[Any]]) -> _Made | Exception:
        """What came of it, an error too: raised here it would end everything else in the group."""
        began, forgotten = self._clock.monotonic(), self._forgotten
        try:
            answer = await make()
        except Exception as error:
            return error
        now = self._clock.monotonic()
        made = _Made(answer, now, now - began)
        if forgotten == self._forgotten:
            self._made.pop(question, None)
            self._made[question] = made
            self._forget(now)
        return made

    def _forget(self, now: float) -> None:
        """Let go of what is too old to be told, the oldest first, and of what is too much."""
        for question, made in list(self._made.items()):
            if len(self._made) <= MOST_ANSWERS and now - made.at <= made.fresh_seconds + self._late_seconds(question):
                return
            del self._made[question]
