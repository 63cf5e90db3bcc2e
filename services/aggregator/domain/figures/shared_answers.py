"""Answers for several who ask the same at the same time: each is as new as if it were made for one alone."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

Answer = TypeVar("Answer")


@dataclass(slots=True)
class _Making:
    """An answer that begins to be made after all who share it asked. `outcome` holds it, or what it failed with."""

    outcome: list[Any] = field(default_factory=list)


@dataclass(slots=True)
class _Asked:
    """A question while somebody asks it: one making at a time; `next` is for who asks before it begins."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    next: _Making | None = None
    asking: int = 0


class SharedAnswers:
    """At most one answer to a question is made at a time, and one more waits for its turn. Belongs to one event loop.

    It is made by one of those who wait for it. Who gives up leaves it to the next of them.
    """

    def __init__(self) -> None:
        self._asked: dict[Hashable, _Asked] = {}

    async def answer(self, question: Hashable, make: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer to a question. Raises what making it raises, to all who share it."""
        asked = self._asked.setdefault(question, _Asked())
        asked.asking += 1
        try:
            return await self._shared(asked, make)
        finally:
            asked.asking -= 1
            if not asked.asking:
                del self._asked[question]

    async def _shared(self, asked: _Asked, make: Callable[[], Awaitable[Answer]]) -> Answer:
        mine = asked.next = asked.next or _Making()
        async with asked.turn:
            if not mine.outcome:
                asked.next = None if asked.next is mine else asked.next
                try:
                    mine.outcome.append(await make())
                except Exception as error:
                    mine.outcome.append(error)
            [outcome] = mine.outcome
        if isinstance(outcome, Exception):
            raise outcome
        told: Answer = outcome
        return told
