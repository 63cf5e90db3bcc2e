"""How a subscription joins what it asked for."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from services.core.clock import Clock
from services.core.errors import Unavailable
from services.streamer.domain.catching_up import CatchingUp
from services.streamer.domain.deliveries import Standing
from services.streamer.domain.feeds import Asked, Feed, Figures
from services.streamer.domain.reports import ReportRoom
from services.streamer.domain.rooms import Room
from services.streamer.domain.row_room import RowRoom
from services.streamer.domain.selections import Selection
from services.streamer.domain.shared import Shared
from services.streamer.domain.subscriber import Subscriber
from services.streamer.domain.tally import Tally
from services.streamer.ports import Answer, OverviewSource, Question, ReportSource, RowSource


@dataclass(frozen=True, slots=True)
class Sources:
    """Where everything comes from; rows from every aggregator."""

    overview: OverviewSource
    rows: Sequence[RowSource] = ()
    reports: ReportSource | None = None


class Joining:
    """Leads subscriptions to what is followed once for all of them; catching up runs in `tasks`."""

    def __init__(
        self,
        sources: Sources,
        connections: Callable[[str], int],
        clock: Clock,
        tasks: asyncio.TaskGroup,
        tally: Tally,
    ) -> None:
        self._sources = sources
        self._connections = connections
        self._clock = clock
        self._tasks = tasks
        self._tally = tally
        self._shared = Shared(clock, tasks, tally)

    def joined(
        self, tenant: str, feed: Feed, subscriber: Subscriber, since: Standing | None
    ) -> AbstractContextManager[None]:
        """Feed a subscription for the length of the block; of rows what was missed since `since` first."""
        if isinstance(feed, Figures):
            return self._figures(tenant, subscriber)
        if isinstance(feed, Selection):
            return self._rows(tenant, feed, subscriber, since)
        return self._reports(tenant, feed, subscriber)

    @contextmanager
    def _figures(self, tenant: str, subscriber: Subscriber) -> Iterator[None]:
        def made() -> Room:
            return Room(tenant, self._sources.overview, lambda: self._connections(tenant), self._clock, self._tally)

        with self._shared.held((tenant, Figures()), made) as room:
            room.enter(subscriber)
            try:
                yield
            finally:
                room.leave(subscriber)

    @contextmanager
    def _rows(self, tenant: str, feed: Selection, subscriber: Subscriber, since: Standing | None) -> Iterator[None]:
        def made() -> RowRoom:
            return RowRoom(tenant, feed.topic, self._sources.rows, self._clock, self._tally)

        with self._shared.held((tenant, feed.topic), made) as room:
            coming = self._tasks.create_task(
                CatchingUp(room, feed, subscriber).run(since.position if since else None), name=f"catch up {tenant}"
            )
            try:
                yield
            finally:
                coming.cancel()
                room.leave(feed, subscriber)

    @contextmanager
    def _reports(self, tenant: str, feed: Asked | Question, subscriber: Subscriber) -> Iterator[None]:
        def made() -> ReportRoom:
            changes_only = isinstance(feed, Asked) and feed.changes_only
            return ReportRoom(self._asking(tenant, feed), feed.interval, self._clock, changes_only=changes_only)

        with self._shared.held((tenant, feed), made) as room:
            room.enter(subscriber)
            try:
                yield
            finally:
                room.leave(subscriber)

    def _asking(self, tenant: str, feed: Asked | Question) -> "Asking":
        source = self._sources.reports
        if source is None:
            raise Unavailable("nobody answers questions here")
        return Asking(source, tenant, feed)


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked for one tenant."""

    source: ReportSource
    tenant: str
    feed: Asked | Question

    async def __call__(self, token: str) -> Answer:
        """Ask once more; see ReportSource."""
        if isinstance(self.feed, Asked):
            return await self.source.report(self.tenant, self.feed.name)
        return await self.source.answer(self.tenant, self.feed, token)
