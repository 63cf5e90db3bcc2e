"""What is followed once, however many need it."""

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial
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
Leave = Callable[[], None]


@dataclass(slots=True)
class _Open:
    held: Followed
    holders: int = 0
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by whoever leaves."""
    left_at: float = 0.0


class Shared:
    """Follows each thing from the moment somebody needs it until `LINGER_SECONDS` after nobody does.

    It is followed in `tasks`; who owns that group decides how long this lives.
    """

    def __init__(self, clock: Clock, tasks: asyncio.TaskGroup, tally: Tally) -> None:
        self._clock = clock
        self._tasks = tasks
        self._tally = tally
        self._open: dict[Hashable, _Open] = {}

    def hold(self, key: Hashable, make: Callable[[], F]) -> tuple[F, Leave]:
        """What has this key, made if need be, and what to call once it is not needed any more."""
        place = self._open.get(key) or self._opened(key, make())
        place.holders += 1
        return cast("F", place.held), partial(self._leave, place)

    def _leave(self, place: _Open) -> None:
        place.holders -= 1
        place.left_at = self._clock.monotonic()
        place.left.set()

    def _opened(self, key: Hashable, held: Followed) -> _Open:
        place = self._open[key] = _Open(held)
        self._tasks.create_task(self._lead(key, place), name=f"follow {key}")
        return place

    async def _lead(self, key: Hashable, place: _Open) -> None:
        self._tally.watches += 1
        async with asyncio.TaskGroup() as tasks:
            following = tasks.create_task(place.held.follow())
            await self._deserted(place)
            del self._open[key]
            following.cancel()
        self._tally.watches -= 1

    async def _deserted(self, place: _Open) -> None:
        while True:
            await place.left.wait()
            place.left.clear()
            while (lingering := place.left_at + LINGER_SECONDS - self._clock.monotonic()) > 0:
                await self._clock.sleep(lingering)
            if not place.holders:
                return
