"""What is followed once, however many need it."""

import asyncio
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

from services.core.clock import Clock
from services.streamer.domain.tally import Tally

LINGER_SECONDS = 5.0


class Followed(Protocol):
    """Something that has to be followed while it is needed."""

    async def follow(self) -> None:
        """Follow it for ever."""
        ...


F = TypeVar("F", bound=Followed)


@dataclass(slots=True)
class _Open:
    held: Followed
    following: asyncio.Task[None]
    holders: int = 0
    departures: int = 0


class Shared:
    """Follows each thing from the moment somebody needs it until `LINGER_SECONDS` after nobody does.

    It is followed in `tasks`; who owns that group decides how long this lives.
    """

    def __init__(self, clock: Clock, tasks: asyncio.TaskGroup, tally: Tally) -> None:
        self._clock = clock
        self._tasks = tasks
        self._tally = tally
        self._open: dict[Hashable, _Open] = {}
        self._closed = False

    @contextmanager
    def held(self, key: Hashable, make: Callable[[], F]) -> Iterator[F]:
        """What has this key, made if need be, for the length of the block."""
        place = self._open.get(key) or self._opened(key, make())
        place.holders += 1
        try:
            yield cast("F", place.held)
        finally:
            place.holders -= 1
            place.departures += 1
            if not place.holders and not self._closed:
                self._tasks.create_task(self._expire(key, place, place.departures), name=f"linger {key}")

    def close(self) -> None:
        """Let nothing linger any more: the tasks end by themselves."""
        self._closed = True

    def _opened(self, key: Hashable, held: Followed) -> _Open:
        place = _Open(held, self._tasks.create_task(held.follow(), name=f"follow {key}"))
        self._open[key] = place
        self._tally.watches += 1
        return place

    async def _expire(self, key: Hashable, place: _Open, departures: int) -> None:
        await self._clock.sleep(LINGER_SECONDS)
        if not place.holders and place.departures == departures:
            del self._open[key]
            place.following.cancel()
            self._tally.watches -= 1
