"""Brings viewers and watches together: one watch per tenant, however many look."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from services.core.clock import Clock
from services.core.errors import Unavailable
from services.streamer.domain.presence import Connection, Presence
from services.streamer.domain.rooms import Room
from services.streamer.domain.tally import Tally
from services.streamer.domain.viewers import WAITING_EVENTS, Viewer
from services.streamer.ports import OverviewSource

LINGER_SECONDS = 5.0


@dataclass(slots=True)
class _Open:
    room: Room
    watch: asyncio.Task[None]
    departures: int = 0


class Hub:
    """Opens a room with its first viewer, and closes it `LINGER_SECONDS` after the last has left.

    Watches run in `tasks`; who owns that group decides how long the hub lives.
    """

    def __init__(
        self,
        source: OverviewSource,
        clock: Clock,
        tasks: asyncio.TaskGroup,
        tally: Tally,
        waiting_events: int = WAITING_EVENTS,
    ) -> None:
        self._source = source
        self._clock = clock
        self._tasks = tasks
        self._tally = tally
        self._waiting_events = waiting_events
        self._open: dict[str, _Open] = {}
        self._closed: Unavailable | None = None
        self.presence = Presence(clock)

    @contextmanager
    def watching(self, tenant: str, kind: str, client: str = "") -> Iterator[Viewer]:
        """A viewer for the length of the block; `client` says who it is. Raises Unavailable once the hub is closed."""
        if self._closed is not None:
            raise self._closed
        place = self._open.get(tenant) or self._opened(tenant)
        viewer = Viewer(kind, self._tally, self._waiting_events)
        place.room.enter(viewer)
        self._tally.connected[kind] += 1
        try:
            with self.presence.entered(tenant, Connection(kind, client, viewer.reach, lambda: viewer.taken)):
                yield viewer
        finally:
            self._tally.connected[kind] -= 1
            place.room.leave(viewer)
            self._left(place)

    def connections(self, tenant: str) -> int:
        """How many viewers a tenant has now."""
        place = self._open.get(tenant)
        return len(place.room.viewers) if place else 0

    def close(self) -> None:
        """End every viewer with Unavailable, and take no more."""
        self._closed = Unavailable("the streamer is stopping", 0.0)
        for place in self._open.values():
            for viewer in list(place.room.viewers):
                viewer.end(self._closed)

    def _opened(self, tenant: str) -> _Open:
        room = Room(tenant, self._tally)
        watch = self._tasks.create_task(room.follow(self._source, self._clock), name=f"watch {tenant}")
        self._open[tenant] = place = _Open(room, watch)
        self._tally.watches += 1
        return place

    def _left(self, place: _Open) -> None:
        place.departures += 1
        if not place.room.viewers and self._closed is None:
            self._tasks.create_task(self._expire(place, place.departures), name=f"linger {place.room.tenant}")

    async def _expire(self, place: _Open, departures: int) -> None:
        await self._clock.sleep(LINGER_SECONDS)
        if not place.room.viewers and place.departures == departures:
            del self._open[place.room.tenant]
            place.watch.cancel()
            self._tally.watches -= 1
