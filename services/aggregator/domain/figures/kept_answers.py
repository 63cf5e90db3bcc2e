"""Answers up to now that cost something: the newest is told at once, and made anew for those who go on asking."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Any, TypeVar

from services.core.clock import Clock
from services.core.waiting import wait_for_nothing

FRESH_SECONDS = 1.0
"""How old an answer may be before another is made."""
MAKING_TIMES = 9.0
"""The same in times of what making it took: a tenth of the time goes into it."""
FRESH_SECONDS_MOST = 5.0
"""However long that takes."""
LATE_SECONDS = 4.0
"""How much older it may get before somebody asks again; who asks later waits."""
QUEUED_SECONDS = 20.0
"""How much older it may get while others are made before it."""
WANTED_SECONDS = 10.0
"""For how long another is to be made after somebody asked."""
REST_SECONDS_MOST = 1.0
MOST_ANSWERS = 512

Answer = TypeVar("Answer")
Make = Callable[[], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class _Made:
    answer: Any
    at: float
    took: float

    @property
    def fresh_seconds(self) -> float:
        return min(max(FRESH_SECONDS, MAKING_TIMES * self.took), FRESH_SECONDS_MOST)


@dataclass(slots=True)
class _Wanted:
    """An answer that is to be made anew for who asked, and when somebody asked for it last."""

    make: Make
    asker: Context
    asked_at: float


class KeptAnswers:
    """The newest answers by question; one making at a time for each. Belongs to one event loop.

    They are made in `tasks`; who owns that group decides how long that goes on. What somebody waits for is made at
    once. The others are made one after the other, those that somebody still asks for, in the order in which they grew
    old. Half of the time none is, so that those who ask find time too, unless the next ones are late already.
    """

    def __init__(self, clock: Clock, tasks: asyncio.TaskGroup) -> None:
        self._clock = clock
        self._tasks = tasks
        self._made: dict[Hashable, _Made] = {}
        self._making: dict[Hashable, asyncio.Task[_Made | Exception]] = {}
        self._wanted: dict[Hashable, _Wanted] = {}
        self._renewing = False
        self._rested = 0.0
        self._forgotten = 0

    async def answer(self, question: Hashable, make: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer to a question. Raises what making it raises, to those who wait for it."""
        made, now = self._made.get(question), self._clock.monotonic()
        if made is None or now - made.at > made.fresh_seconds + self._late_seconds(question):
            # One who gives up waiting must not end it for the others.
            outcome = await asyncio.shield(self._make(question, make))
            if isinstance(outcome, Exception):
                raise outcome
            made = outcome
        elif now - made.at > made.fresh_seconds and question not in self._making:
            self._want(question, make, now)
        found: Answer = made.answer
        return found

    def forget(self) -> None:
        """Tell nothing that was made before: rows were deleted."""
        self._made.clear()
        self._making.clear()
        self._forgotten += 1

    def _late_seconds(self, question: Hashable) -> float:
        return QUEUED_SECONDS if question in self._wanted or question in self._making else LATE_SECONDS

    def _want(self, question: Hashable, make: Make, now: float) -> None:
        if question not in self._wanted:
            asker = copy_context()
            asker.run(wait_for_nothing)
            self._wanted[question] = _Wanted(make, asker, now)
        self._wanted[question].asked_at = now
        if not self._renewing:
            self._renewing = True
            self._tasks.create_task(self._renew())

    async def _renew(self) -> None:
        while self._wanted:
            question, wanted = next(iter(self._wanted.items()))
            began = self._clock.monotonic()
            if began - wanted.asked_at > WANTED_SECONDS:
                del self._wanted[question]
            elif began < self._rested and not self._is_late(question, began):
                await self._clock.sleep(self._rested - began)
            else:
                await self._make(question, wanted.make, wanted.asker)
                now = self._clock.monotonic()
                self._rested = now + min(now - began, REST_SECONDS_MOST)
        self._renewing = False

    def _is_late(self, question: Hashable, now: float) -> bool:
        made = self._made.get(question)
        return made is None or now - made.at > made.fresh_seconds + LATE_SECONDS

    def _make(self, question: Hashable, make: Make, asker: Context | None = None) -> "asyncio.Task[_Made | Exception]":
        """What is being made of a question; begun for who asked, as which it is made."""
        self._wanted.pop(question, None)
        making = self._making.get(question)
        if making is None:
            making = self._tasks.create_task(self._outcome(question, make), context=asker)
            self._making[question] = making
            making.add_done_callback(lambda done: self._leave(question, done))
        return making

    def _leave(self, question: Hashable, making: "asyncio.Task[_Made | Exception]") -> None:
        if self._making.get(question) is making:
            del self._making[question]

    async def _outcome(self, question: Hashable, make: Make) -> _Made | Exception:
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
