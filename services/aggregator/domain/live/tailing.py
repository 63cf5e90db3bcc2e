"""Tails from a position on: what was missed, from the store and from memory, and then what is fed."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from services.aggregator.domain.live.past_rows import PastRows, lanes
from services.aggregator.domain.live.tail_rows import START, Told
from services.aggregator.domain.live.tails import TailReader, Tails
from services.aggregator.ports.tails import Mark, Marks, Tail, TailStore
from services.core.clock import Clock

HORIZON_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Position:
    """How far a reader was told, and when (Unix seconds)."""

    marks: Marks
    as_of: float


@dataclass(frozen=True, slots=True)
class Past:
    """What lies between two positions: how far it goes, and its rows; none when they are too many or too old."""

    reached: Position
    complete: bool
    count: int
    messages: AsyncIterator[Told]


class Tailing:
    """Answers questions about rows by place."""

    def __init__(
        self, tails: Tails, store: TailStore, ledger: Callable[[], Awaitable[Mapping[str, int]]], clock: Clock
    ) -> None:
        self._tails = tails
        self._store = store
        self._ledger = ledger
        self._clock = clock

    async def catch_up(self) -> None:
        """Learn what others have stored; to be called before a position is taken. Raises Unavailable as the store."""
        self._tails.require_ready()
        committed = await self._ledger()
        self._tails.require_ready()
        self._tails.committed(committed)

    def reading(self, tail: Tail) -> AbstractContextManager[TailReader]:
        """A reader of what is fed from now on."""
        return self._tails.reading(tail.tenant, tail.topic)

    def now(self) -> Position:
        """Up to where everything was fed here, or stored."""
        return Position(self._tails.reached(), self._clock.now())

    async def past(self, tail: Tail, start: Position, most: int, until: Marks | None = None) -> Past:
        """What lies between two positions; the end is taken, with what is not stored, before anything is waited for."""
        now = self.now()
        marks = _earlier(until, now.marks) if until is not None else now.marks
        between = lanes(start.marks, marks, self._tails.stored, lambda stretch: self._tails.rows(tail, stretch))
        rows = PastRows(self._store, tail, between, self._clock.now)
        reached = Position(marks, now.as_of)
        if now.as_of - start.as_of > HORIZON_SECONDS or (count := await rows.count()) > most:
            return Past(reached, complete=False, count=0, messages=_none())
        return Past(reached, complete=True, count=count, messages=rows.messages())


def _earlier(until: Marks, now: Marks) -> Mapping[str, Mark]:
    return {name: min(mark, now.get(name, START)) for name, mark in until.items()}


async def _none() -> AsyncIterator[Told]:
    """No messages."""
    nothing: tuple[Told, ...] = ()
    for told in nothing:
        yield told
