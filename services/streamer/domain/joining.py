"""How a subscription joins what it asked for."""

import asyncio
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from services.core.clock import Clock
from services.core.errors import Unavailable
from services.streamer.domain.catching_up import CatchingUp
from services.streamer.domain.deliveries import Standing
from services.streamer.domain.feeds import Asked, Feed, Figures
from services.streamer.domain.reports import ReportRoom
from services.streamer.domain.rooms import Room
from services.streamer.domain.row_room import RowRoom
from services.streamer.domain.selections import Selection
from services.streamer.domain.shared import Leave, Shared
from services.streamer.domain.subscriber import Subscriber
from services.streamer.domain.tally import Tally
from services.streamer.ports import Answer, NamedFigures, OverviewSource, Question, ReportSource, RowSource

Reported = Asked | NamedFigures | Question
AnyRoom = TypeVar("AnyRoom", Room, ReportRoom)


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

    def joined(self, tenant: str, feed: Feed, subscriber: Subscriber, since: Standing | None) -> Leave:
        """Feed a subscription until what is given is called; of rows what was missed since `since` first."""
        if isinstance(feed, Figures):
            return self._figures(tenant, subscriber)
        if isinstance(feed, Selection):
            return self._rows(tenant, feed, subscriber, since)
        return self._reports(tenant, feed, subscriber)

    # One thing a subscription, however many there are: a block around each would take three times the memory, and a
    # function within a function twice.

    def _figures(self, tenant: str, subscriber: Subscriber) -> Leave:
        def made() -> Room:
            return Room(tenant, self._sources.overview, lambda: self._connections(tenant), self._clock, self._tally)

        return self._entered((tenant, Figures()), made, subscriber)

    def _rows(self, tenant: str, feed: Selection, subscriber: Subscriber, since: Standing | None) -> Leave:
        def made() -> RowRoom:
            return RowRoom(tenant, feed.topic, self._sources.rows, self._clock, self._tally)

        room, let_go = self._shared.hold((tenant, feed.topic), made)
        selection = room.known(feed)
        catching_up = CatchingUp(room, selection, subscriber).run(since.position if since else None)
        coming = [self._tasks.create_task(catching_up, name="catch up")]
        # Who has caught up stays for hours without it.
        coming[0].add_done_callback(lambda _done: coming.clear())
        return partial(_left_rows, coming, room, selection, subscriber, let_go)

    def _reports(self, tenant: str, feed: Reported, subscriber: Subscriber) -> Leave:
        def made() -> ReportRoom:
            changes_only = isinstance(feed, Asked) and feed.changes_only
            asking = self._asking(tenant, feed)
            return ReportRoom(asking, feed.interval, self._clock, asking.source, changes_only=changes_only)

        return self._entered((tenant, feed), made, subscriber)

    def _entered(self, key: Hashable, made: Callable[[], AnyRoom], subscriber: Subscriber) -> Leave:
        room, let_go = self._shared.hold(key, made)
        room.enter(subscriber)
        return partial(_left, room, subscriber, let_go)

    def _asking(self, tenant: str, feed: Reported) -> "Asking":
        source = self._sources.reports
        if source is None:
            raise Unavailable("nobody answers questions here")
        return Asking(source, tenant, feed)


def _left(room: Room | ReportRoom, subscriber: Subscriber, let_go: Leave) -> None:
    room.leave(subscriber)
    let_go()


def _left_rows(
    coming: Iterable[asyncio.Task[None]], room: RowRoom, selection: Selection, subscriber: Subscriber, let_go: Leave
) -> None:
    for task in coming:
        task.cancel()
    room.leave(selection, subscriber)
    let_go()


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked for one tenant."""

    source: ReportSource
    tenant: str
    feed: Reported

    async def __call__(self, token: str) -> Answer:
        """Ask once more; see ReportSource."""
        if isinstance(self.feed, Asked):
            return await self.source.report(self.tenant, self.feed.name)
        if isinstance(self.feed, NamedFigures):
            return await self.source.figures(self.tenant, self.feed)
        return await self.source.answer(self.tenant, self.feed, token)
