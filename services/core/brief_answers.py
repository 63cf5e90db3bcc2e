"""Answers that are told again for a moment, and never later."""

from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

from services.core.clock import Clock

MOST_ANSWERS = 100

Answer = TypeVar("Answer")


class BriefAnswers:
    """The newest answers by question, for those who look at the same within `seconds`. Belongs to one event loop."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._made: dict[Hashable, tuple[Any, float]] = {}
        self._forgotten = 0

    async def answer(self, question: Hashable, make: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer to a question. Raises what making it raises."""
        began, forgotten = self._clock.monotonic(), self._forgotten
        self._leave(began)
        if question in self._made:
            known: Answer = self._made[question][0]
            return known
        answer = await make()
        if forgotten == self._forgotten:
            # What it tells may be as old as the question.
            self._made.setdefault(question, (answer, began))
        return answer

    def forget(self) -> None:
        """Tell nothing that was made before: rows were deleted."""
        self._made.clear()
        self._forgotten += 1

    def _leave(self, now: float) -> None:
        """Let go of what is too old, and of the oldest that are too many."""
        for question, (_answer, began) in list(self._made.items()):
            if now - began >= self._seconds or len(self._made) > MOST_ANSWERS:
                del self._made[question]
