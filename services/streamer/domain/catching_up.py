"""How somebody who was away is told what was missed, and then is among the others, without a gap or a repeat."""

from contextlib import aclosing
from enum import Enum, auto

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


class Missed(Enum):
    """What became of asking for what was missed."""

    TOLD = auto()
    GONE = auto()
    UNKNOWN = auto()


class CatchingUp:
    """Leads one member into a room: from memory where that reaches, else from what is stored."""

    def __init__(self, room: RowRoom, selection: Selection, member: RowMember) -> None:
        self._room = room
        self._selection = selection
        self._member = member
        self._position = Position({}, 0.0)
        self._announced = False
        self._ahead = 0

    async def run(self, position: Position | None) -> None:
        """Return once the member is in the room, and was told all since `position`, or that it was not.

        While nobody can be asked for what was missed it waits.
        """
        while self._room.told is None:
            await self._room.moved()
        if position is not None and await self._told_since(position):
            return
        self._room.enter(self._selection, self._member)
        self._member.begins(Begun(False, self._room.standing(self._room.told)))

    async def _told_since(self, position: Position) -> bool:
        """Whether the member was told everything, and has joined."""
        self._position = position
        attempts = 0
        while attempts < ATTEMPTS:
            if await self._from_memory():
                return True
            match await self._from_store():
                case Missed.GONE:
                    return False
                case Missed.TOLD:
                    attempts += 1
                case Missed.UNKNOWN:
                    await self._room.clock.sleep(PAUSE)
        return False

    async def _from_memory(self) -> bool:
        """Tell what memory holds; whether the member has joined."""
        ring = self._room.ring
        number = ring.from_position(self._position) if ring else None
        while ring is not None and number is not None and ring is self._room.ring:
            self._announce()
            while number < ring.end:
                rows = ring.at(number)
                if rows is None or ring is not self._room.ring:
                    return False
                self._tell(rows)
                number += 1
                await self._breathe()
            if covers(self._room.told or self._position, self._position.marks):
                self._room.enter(self._selection, self._member)
                return True
            # It was told more than is known here, by another replica perhaps, which is a moment ahead.
            await self._room.clock.sleep(PAUSE)
            self._ahead += 1
            if self._ahead > ATTEMPTS:
                return False
        return False

    async def _from_store(self) -> Missed:
        """Tell what is stored, as far as there is somebody to ask."""
        found = Missed.UNKNOWN
        for source in self._room.sources:
            try:
                if not await self._read(source):
                    return Missed.GONE
                found = Missed.TOLD
            except BinnacleError:
                # It has said why, and will be asked again unless another one knows what is missing.
                continue
        return found

    async def _read(self, source: RowSource) -> bool:
        assert self._room.told is not None
        reached = self._position
        answer = source.read(self._room.tenant, self._room.topic, self._position, self._room.told)
        async with aclosing(answer):
            async for told in answer:
                if isinstance(told, Found):
                    if not told.complete:
                        return False
                    self._announce()
                    reached = furthest(self._position, told.reached)
                else:
                    self._tell(told)
                    await self._breathe()
        self._position = reached
        return True

    def _announce(self) -> None:
        if not self._announced:
            self._announced = True
            self._member.begins(Begun(True, self._room.standing(self._position)))

    def _tell(self, told: Rows) -> None:
        rows = unknown(self._position, told)
        self._position = after(self._position, told.spans, told.as_of)
        chosen = self._selection.of(rows.rows)
        if chosen:
            self._member.take(Batch(chosen, self._room.standing(self._position), told.size))

    async def _breathe(self) -> None:
        while self._member.full:
            await self._room.clock.sleep(BREATH)
