"""The newest rows of a table as the store has them, so that lists which begin with them need not ask it.

To understand a question takes the store longer than to read a hundred rows. What is committed is added; of whom
something is deleted, or may be there in part, everything is forgotten: what is told from here, the store would tell.
"""

import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from operator import itemgetter
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.newest.last_asked import LastAsked
from services.aggregator.ports.records import Longs, Record
from services.aggregator.ports.searches import Cursor, Position
from services.aggregator.ports.store import Segment

ROWS = 1_001
"""The longest page, and one to tell that there is another."""
MOST_CHARACTERS = 4 << 20
NEWEST_FIRST = "time DESC, journal_id DESC, offset DESC, row DESC"
# Each part of the store that may hold one costs the reading of a piece of it.
LOOKBACKS = (600, 86_400, None)
_BEFORE_ALL: Position = (-1, "", -1, -1)
AFTER_ALL: Position = (1 << 63, "", -1, -1)
_position = itemgetter(0)

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Listed(Generic[Row]):
    """What the rows of a table are made of: of the store by `query` and `stored`, of a record by the rest.

    `times_us` is None where a record has no rows; `made` takes the numbers of some. The store is looked through for so
    many seconds at first, and for the next where these hold too few; None is all of it.
    """

    query: Callable[[str], TenantQuery]
    stored: Callable[[list[Any]], Row]
    times_us: Callable[[Record], Longs | None]
    made: Callable[[str, Record, Sequence[int]], Iterable[Row]]
    position: Callable[[Row], Position]
    characters: Callable[[Row], int]
    lookbacks: Sequence[int | None] = LOOKBACKS


def place_before(to_us: int, cursor: Cursor | None) -> Position:
    """Where a page of older rows begins that ends before a time."""
    end = (to_us, *_BEFORE_ALL[1:])
    return end if cursor is None else min(end, cursor.position)


class Store(Protocol):
    """Who answers questions; see engine/reader.py."""

    async def rows(self, query: TenantQuery) -> list[list[Any]]:
        """The rows of an answer."""
        ...


@dataclass(slots=True)
class _Known(Generic[Row]):
    """Rows in order; all above `floor` are among them once they were read."""

    rows: list[tuple[Position, Row]] = field(default_factory=list)
    floor: Position = _BEFORE_ALL
    read: bool = False


class NewestRows(Generic[Row]):
    """A CommitListener. May be used by several threads. Of a store that others write to nothing is kept.

    `kept_from_us` tells since when rows of a tenant are kept for certain, `now` the Unix seconds.
    """

    def __init__(
        self,
        store: Store,
        listed: Listed[Row],
        kept_from_us: Callable[[str], int],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._listed = listed
        self._kept_from_us = kept_from_us
        self._now = now
        self._alone = False
        self._lock = threading.Lock()
        self._known = LastAsked[_Known[Row]]()

    async def page(
        self, tenant: str, matches: Callable[[Row], bool], from_us: int, before: Position, limit: int
    ) -> list[Row] | None:
        """At most `limit` rows from a time on and before a position, newest first; None where only the store knows.

        Raises what Reader.rows raises.
        """
        held = await self._held(tenant)
        if held is None:
            return None
        rows, floor = held
        found: list[Row] = []
        for position, row in reversed(rows[: bisect_left(rows, before, key=_position)]):
            if position[0] < from_us or len(found) == limit:
                return found
            if matches(row):
                found.append(row)
        return found if len(found) == limit or floor[0] < from_us else None

    async def following(
        self, tenant: str, matches: Callable[[Row], bool], after: Position, to_us: int, limit: int
    ) -> list[Row] | None:
        """At most `limit` rows after a position and before a time, oldest first; None where only the store knows.

        Raises what Reader.rows raises.
        """
        held = await self._held(tenant)
        if held is None or after < held[1]:
            return None
        rows = held[0]
        later = (row for position, row in rows[bisect_right(rows, after, key=_position) :] if position[0] < to_us)
        return list(islice(filter(matches, later), limit))

    async def all_within(self, tenant: str, from_us: int, to_us: int) -> list[Row] | None:
        """All rows of a time; None where only the store knows. Raises what Reader.rows raises."""
        return await self.page(tenant, lambda _row: True, from_us, place_before(to_us, None), ROWS + 1)

    async def _held(self, tenant: str) -> tuple[list[tuple[Position, Row]], Position] | None:
        """Rows in order, and the floor above which they are all."""
        if not self._alone:
            return None
        with self._lock:
            known, is_new = self._known.of(tenant, _Known)
        if is_new:
            await self._read(tenant, known)
        with self._lock:
            if not known.read:
                return None
            floor = max(known.floor, (self._kept_from_us(tenant), *_BEFORE_ALL[1:]))
            return known.rows[bisect_right(known.rows, floor, key=_position) :], floor

    def forget(self, tenant: str) -> None:
        """Rows of a tenant were deleted, or are about to be."""
        with self._lock:
            self._known.pop(tenant, None)

    def opened(self, outdated: Sequence[tuple[str, int, int]], alone: bool) -> None:
        self._alone = alone

    def before(self, segment: Segment) -> None:
        """What it brings is added once it is written."""

    def after(self, segment: Segment, revision: int, done: bool) -> None:
        for tenant in {record.tenant for record in segment.records}:
            known = self._known.get(tenant)
            if not done:
                self.forget(tenant)
            elif known is not None:
                theirs = (record for record in segment.records if record.tenant == tenant)
                self._add(known, [row for record in theirs for row in self._made(known, segment.journal_id, record)])

    def rolled(self, tenant: str, tier: int, starts: Sequence[int], revision: int) -> None:
        """Roll-ups are about samples."""

    async def _read(self, tenant: str, known: _Known[Row]) -> None:
        """Add what the store had before; what comes meanwhile is added by who commits it."""
        try:
            rows, floor = await self._newest(tenant)
        except BaseException:
            self.forget(tenant)
            raise
        self._add(known, rows)
        with self._lock:
            known.floor = max(known.floor, floor)
            known.read = True

    async def _newest(self, tenant: str) -> tuple[list[Row], Position]:
        """Rows, and the floor above which they are all."""
        rows: list[Row] = []
        floor = _BEFORE_ALL
        query = replace(self._listed.query(tenant), order_by=NEWEST_FIRST, limit=ROWS)
        for lookback in self._listed.lookbacks:
            floor = _BEFORE_ALL if lookback is None else (int((self._now() - lookback) * 1e6), *_BEFORE_ALL[1:])
            recent = () if lookback is None else (f"time >= fromUnixTimestamp64Micro(toInt64({floor[0]}))",)
            found = await self._store.rows(replace(query, where=(*query.where, *recent)))
            rows = [self._listed.stored(row) for row in found]
            if len(rows) == ROWS:
                floor = self._listed.position(rows[-1])
                break
        return rows, floor

    def _made(self, known: _Known[Row], journal_id: str, record: Record) -> Iterator[Row]:
        """The newest rows of a record."""
        times_us = self._listed.times_us(record)
        if times_us is not None:
            numbers = np.flatnonzero(times_us >= known.floor[0])
            # One more than fit in tells how far down they are complete.
            newest = numbers[np.argsort(times_us[numbers], kind="stable")][-ROWS - 1 :]
            yield from self._listed.made(journal_id, record, newest.tolist())

    def _add(self, known: _Known[Row], rows: Iterable[Row]) -> None:
        """Rows may be there already: who reads the store may find what is just being committed."""
        added = [(self._listed.position(row), row) for row in rows]
        with self._lock:
            both = dict(known.rows) | dict(added)
            ordered = sorted(((place, both[place]) for place in both if place > known.floor), key=lambda each: each[0])
            room, first = MOST_CHARACTERS, len(ordered)
            while first and len(ordered) - first < ROWS:
                room -= self._listed.characters(ordered[first - 1][1])
                if room < 0:
                    break
                first -= 1
            known.rows = ordered[first:]
            if first:
                known.floor = ordered[first - 1][0]
