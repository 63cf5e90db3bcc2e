"""How somebody who was away is told what was missed, and then is among the others, without a gap or a repeat."""

from contextlib import aclosing

from services.core.errors import BinnacleError
from services.streamer.domain.deliveries import Batch, Begun
from services.streamer.domain.positions import after, covers, furthest, unknown
from services.streamer.domain.row_room import RowRoom
from services.streamer.domain.row_view import RowMember
from services.streamer.domain.selections import Selection
from services.streamer.ports import Found, Position, Rows, RowSource

ATTEMPTS = 20
PAUSE = 0.25
BREATH = 0.02


class CatchingUp:
    """Leads one member into a room: from memory where that reaches, else from what is stored."""

    def __init__(self, room: RowRoom, selection: Selection, member: RowMember) -> None:
        self._room = room
        self._selection = selection
        self._member = member
        self._announced = False
        self._ahead = 0

    async def run(self, position: Position | None) -> None:
        """Return once the member is in the room, and was told all since `position`, or that it was not."""
        while self._room.told is None:
            await self._room.moved()
        if position is None:
            self._join_now()
            return
        for _attempt in range(ATTEMPTS):
            reached = await self._from_memory(position)
            if reached is None:
                return
            position = await self._from_store(reached)
            if position is None:
                break
        self._join_now()

    def _join_now(self) -> None:
        assert self._room.told is not None
        self._room.enter(self._selection, self._member)
        self._member.begins(Begun(False, self._room.standing(self._room.told)))

    async def _from_memory(self, position: Position) -> Position | None:
        """Tell what memory holds. None when the member has joined; else how far it was told."""
        number = self._room.ring.from_position(position) if self._room.ring else None
        while number is not None and self._room.ring is not None:
            ring = self._room.ring
            self._announce(position)
            while number < ring.end:
                rows = ring.at(number)
                if rows is None or ring is not self._room.ring:
                    return position
                position = self._tell(rows, position)
                number += 1
                await self._breathe()
            if covers(self._room.told or position, position.marks):
                self._room.enter(self._selection, self._member)
                return None
            # It was told more than is known here, by another replica perhaps, which is a moment ahead.
            await self._room.clock.sleep(PAUSE)
            self._ahead += 1
            if ring is not self._room.ring or self._ahead > ATTEMPTS:
                return position
        return position

    async def _from_store(self, position: Position) -> Position | None:
        """Tell what is stored. How far it was told; None when something is missing."""
        for source in self._room.sources:
            try:
                reached = await self._read(source, position)
            except BinnacleError:
                await self._room.clock.sleep(PAUSE)
                continue
            if reached is None:
                return None
            position = reached
        return position

    async def _read(self, source: RowSource, position: Position) -> Position | None:
        assert self._room.told is not None
        reached = position
        async with aclosing(source.read(self._room.tenant, self._room.topic, position, self._room.told)) as answer:
            async for told in answer:
                if isinstance(told, Found):
                    if not told.complete:
                        return None
                    self._announce(position)
                    reached = furthest(position, told.reached)
                else:
                    position = self._tell(told, position)
                    await self._breathe()
        return reached

    def _announce(self, position: Position) -> None:
        if not self._announced:
            self._announced = True
            self._member.begins(Begun(True, self._room.standing(position)))

    def _tell(self, told: Rows, position: Position) -> Position:
        rows = unknown(position, told)
        position = after(position, told.spans, told.as_of)
        chosen = self._selection.of(rows.rows)
        if chosen:
            self._member.take(Batch(chosen, self._room.standing(position), told.size))
        return position

    async def _breathe(self) -> None:
        while self._member.full:
            await self._room.clock.sleep(BREATH)
