"""The rows of one tenant and topic: followed once, kept for a while, handed to everybody who asked."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from services.core.clock import Clock
from services.core.errors import BinnacleError, Unavailable
from services.streamer.domain.deliveries import Standing
from services.streamer.domain.positions import after, furthest, leaves_out, unknown
from services.streamer.domain.ring import RING_ROWS, Ring
from services.streamer.domain.row_view import RowMember, RowView
from services.streamer.domain.selections import Selection
from services.streamer.domain.tally import Tally
from services.streamer.ports import Begin, Position, Rows, RowSource, Topic

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0


class RowRoom:
    """Follows every source of a tenant's rows, each row told once, and knows how far it was told."""

    def __init__(
        self,
        tenant: str,
        topic: Topic,
        sources: Sequence[RowSource],
        clock: Clock,
        tally: Tally,
        kept_rows: int = RING_ROWS,
    ) -> None:
        self.tenant = tenant
        self.topic = topic
        self.sources = sources
        self.clock = clock
        self._tally = tally
        self._kept_rows = kept_rows
        self._views: dict[Selection, RowView] = {}
        self._ring: Ring | None = None
        self._told: Position | None = None
        self._moved = asyncio.Event()
        self._beginning = asyncio.Lock()

    @property
    def empty(self) -> bool:
        """Whether nobody is in it."""
        return not self._views

    @property
    def ring(self) -> Ring | None:
        """The newest rows; None until the room is followed."""
        return self._ring

    @property
    def told(self) -> Position | None:
        """How far rows were told; None until it is followed."""
        return self._told

    def standing(self, position: Position) -> Standing:
        """What a member keeps who was told up to `position`."""
        return Standing(self.tenant, self.topic is Topic.LOGS, position)

    async def moved(self) -> None:
        """Return when something was told."""
        await self._moved.wait()

    def known(self, selection: Selection) -> Selection:
        """The same selection, as who is in the room already asked for it: thousands may."""
        view = self._views.get(selection)
        return selection if view is None else view.selection

    def enter(self, selection: Selection, member: RowMember) -> RowView:
        """Add a member, who gets every row from now on that it selects."""
        view = self._views.setdefault(selection, RowView(selection, self.clock))
        view.members.add(member)
        return view

    def leave(self, selection: Selection, member: RowMember) -> None:
        """Remove a member, if it is one."""
        view = self._views.get(selection)
        if view is not None:
            view.members.discard(member)
            if not view.members:
                del self._views[selection]

    async def follow(self) -> None:
        """Follow the sources for ever. The first to answer says where the live part begins, for the others too."""
        async with asyncio.TaskGroup() as tasks:
            for source in self.sources:
                tasks.create_task(self._follow(source), name=f"tail {self.topic.value} {self.tenant}")

    async def _follow(self, source: RowSource) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                async with aclosing(await self._begun(source)) as tail:
                    async for told in tail:
                        self._take(told)
                        pause = FIRST_PAUSE
            except BinnacleError:
                # The source has said why; members see the age of what they show.
                pass
            self._tally.losses += 1
            await self.clock.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _begun(self, source: RowSource) -> AsyncGenerator[Begin | Rows, None]:
        if self._told is not None:
            return source.tail(self.tenant, self.topic, self._told)
        async with self._beginning:
            tail = source.tail(self.tenant, self.topic, self._told)
            self._take(await anext(tail))
            return tail

    def _take(self, told: Begin | Rows) -> None:
        if isinstance(told, Begin):
            self._begin(told)
        elif self._told is not None and self._ring is not None:
            self._take_rows(told, self._told, self._ring)
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def _begin(self, begin: Begin) -> None:
        if self._told is not None and begin.resumed:
            return
        missed = self._told is not None
        self._told = furthest(self._told, begin.live_from)
        self._ring = Ring(self._told, self._kept_rows)
        if missed:
            for view in self._views.values():
                view.begin_anew(self.standing(self._told))

    def _take_rows(self, told: Rows, position: Position, ring: Ring) -> None:
        if leaves_out(position, told):
            raise Unavailable("rows were left out; they are asked for", 0.0)
        rows = unknown(position, told)
        self._told = after(position, told.spans, told.as_of)
        ring.add(rows)
        standing = self.standing(self._told)
        for view in list(self._views.values()):
            view.take(rows, standing)
