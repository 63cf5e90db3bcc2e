"""Answers over ranges, put together of answers over whole days, hours and minutes that are kept while they hold.

Whatever a question counts, it says how its answers over two ranges come to the one over both. So what lies behind is
read once: a range that ends now costs what came in the last minute, and putting together small things.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import is_
from typing import Any, Generic, Protocol, TypeVar

from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.slices.changes import ChangedTimes, Rows
from services.aggregator.adapters.clickhouse.slices.parts import HOUR_US, Part, parts_of, together

MAX_BYTES = 256 << 20
MAX_QUESTIONS = 1_000
# So much of the past is read by one question to the store, that each stays within its bounds; more where it is quick.
READ_US = 4 * HOUR_US
QUICK_SECONDS = 1.5
GROWTH = 4
PART = "roundDown({0}, {{part_starts:Array(Int64)}})"

Value = TypeVar("Value")
Ask = Callable[[Part, str], TenantQuery]
"""The question over a range. The second argument is `{0}` within an expression of SQL for the part a row is of, which
takes the row's microseconds there; it has to be the first column, and to be grouped by."""


class Merging(Protocol[Value]):
    """How answers are read and put together; methods are called in other threads."""

    @property
    def form(self) -> str:
        """One of ClickHouse's formats."""
        ...

    def read(self, body: bytes) -> dict[int, Value]:
        """Answers by the start of their part, from what the store answered in `form`; parts without rows are absent."""
        ...

    def merge(self, values: Sequence[Value]) -> Value:
        """The answer over several ranges, or over none. Leaves `values` as they are."""
        ...

    def weight(self, value: Value) -> int:
        """Bytes it takes in memory, about."""
        ...


@dataclass(frozen=True, slots=True)
class Sliced(Generic[Value]):
    """A question that may be put together of its parts; `rows` are those it is about."""

    rows: Rows
    ask: Ask
    merging: Merging[Value]


@dataclass(slots=True)
class _Slice:
    value: Any
    position: int
    weight: int


@dataclass(slots=True)
class _Known:
    """What is kept of one question: slices by part, and what those of one length last came to."""

    slices: dict[Part, _Slice] = field(default_factory=dict)
    merged: dict[int, tuple[list[_Slice], Any]] = field(default_factory=dict)
    bytes: int = 0
    gone: bool = False


class Store(Protocol):
    """Who answers questions; see engine/reader.py."""

    async def body(self, query: TenantQuery, form: str) -> bytes:
        """An answer in one of ClickHouse's formats."""
        ...


class Slices:
    """At most MAX_BYTES, those asked for longest ago go first. Belongs to one event loop.

    Of a store that others write to nothing is kept. `lasts` tells how many seconds rows of a tenant are kept, `now`
    what is past, in Unix seconds.
    """

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self.changes = ChangedTimes()
        self.lasts: Callable[[str, Rows], float] = lambda _tenant, _rows: float("inf")
        self._store = store
        self.now = now
        self._known: OrderedDict[tuple[str, str], _Known] = OrderedDict()
        self._bytes = 0

    async def answer(self, tenant: str, question: Sliced[Value], from_us: int, to_us: int) -> Value:
        """The answer over a range. Raises what Reader.body raises."""
        whole, ends = parts_of(from_us, to_us, int(self.now() * 1e6))
        if not self.changes.alone:
            whole, ends = [], [Part(from_us, to_us)]
        known = self._of(tenant, question)
        slices, others = await self._slices(tenant, question, known, whole, ends)
        return await asyncio.to_thread(_merged, question.merging, known, slices, others)

    def forget(self, tenant: str) -> None:
        """Rows of a tenant were deleted."""
        self.changes.forget(tenant)
        for key in [key for key in self._known if key[0] == tenant]:
            self._leave(self._known.pop(key))

    def _of(self, tenant: str, question: Sliced[Any]) -> _Known:
        """What is known of a question. The text of a question about no time at all tells it from others."""
        blank = question.ask(Part(0, 0), "{0}").statement()
        key = tenant, f"{question.merging.form} {blank.sql} {blank.parameters}"
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _Known()
        self._known.move_to_end(key)
        return known

    async def _slices(
        self, tenant: str, question: Sliced[Value], known: _Known, whole: Sequence[Part], ends: Sequence[Part]
    ) -> tuple[list[tuple[Part, _Slice]], list[Value]]:
        """Those of the whole parts, in order, and the answers of the ends; what is not kept is read."""
        held = self._held(tenant, question.rows, known, whole)
        missing = [part for part in whole if part not in held]
        # Of what is kept in part only the rest is read.
        composed = [part for part in missing if any(each in held for each in part.shorter)]
        wanted = [each for part in missing for each in (part.shorter if part in composed else (part,))]
        wanted = sorted((*ends, *(part for part in wanted if part not in held)), key=lambda part: part.start_us)
        length = READ_US
        while wanted:
            parts, began = next(together(wanted, length)), time.monotonic()
            held |= await self._read(question, parts)
            self._keep(tenant, question.rows, known, held, [part for part in parts if part not in ends])
            del wanted[: len(parts)]
            length = length * GROWTH if time.monotonic() - began < QUICK_SECONDS else READ_US
        for part in composed:
            shorter = [held[each] for each in part.shorter]
            value = await asyncio.to_thread(question.merging.merge, [each.value for each in shorter])
            position = min(each.position for each in shorter)
            held[part] = _Slice(value, position, question.merging.weight(value))
            self._keep(tenant, question.rows, known, held, [part])
        return [(part, held[part]) for part in whole], [held[end].value for end in ends]

    def _held(self, tenant: str, rows: Rows, known: _Known, whole: Sequence[Part]) -> dict[Part, _Slice]:
        """What is kept of the parts and of their shorter ones; lets go of what does not hold any more."""
        held: dict[Part, _Slice] = {}
        for part in whole:
            if not self._holds(tenant, rows, known, part, held):
                for each in part.shorter:
                    self._holds(tenant, rows, known, each, held)
        return held

    def _holds(self, tenant: str, rows: Rows, known: _Known, part: Part, held: dict[Part, _Slice]) -> bool:
        kept = known.slices.get(part)
        if kept is None:
            return False
        if self.changes.holds(tenant, rows, part, kept.position) and self._lasts(tenant, rows, part):
            held[part] = kept
            return True
        self._drop(known, part)
        return False

    def _keep(self, tenant: str, rows: Rows, known: _Known, held: dict[Part, _Slice], parts: Sequence[Part]) -> None:
        """Keep what will last; a longer part stands for its shorter ones."""
        for part in parts:
            if self._lasts(tenant, rows, part) and not known.gone:
                for each in (part, *part.shorter):
                    self._drop(known, each)
                known.slices[part] = held[part]
                known.bytes += held[part].weight
                self._bytes += held[part].weight
        while len(self._known) > 1 and (self._bytes > MAX_BYTES or len(self._known) > MAX_QUESTIONS):
            self._leave(self._known.popitem(last=False)[1])

    def _leave(self, known: _Known) -> None:
        """Who is still asking keeps what it has."""
        self._bytes -= known.bytes
        known.gone = True

    def kept_from_us(self, tenant: str, rows: Rows) -> int:
        """Since when rows of a tenant are kept for certain; -1 where they are kept for ever."""
        return int(max(-1.0, (self.now() - self.lasts(tenant, rows)) * 1e6))

    def _lasts(self, tenant: str, rows: Rows, part: Part) -> bool:
        return part.start_us > self.kept_from_us(tenant, rows)

    def _drop(self, known: _Known, part: Part) -> None:
        gone = known.slices.pop(part, None)
        if gone is not None and not known.gone:
            known.bytes -= gone.weight
            self._bytes -= gone.weight

    async def _read(self, question: Sliced[Value], parts: Sequence[Part]) -> dict[Part, _Slice]:
        """Neighbours, by one question to the store."""
        position = self.changes.position()
        query = question.ask(Part(parts[0].start_us, parts[-1].end_us), PART)
        starts = {"part_starts": [part.start_us for part in parts]}
        asked = replace(query, parameters={**query.parameters, **starts})
        body = await self._store.body(asked, question.merging.form)
        values = await asyncio.to_thread(question.merging.read, body)
        found = {}
        for part in parts:
            value = values[part.start_us] if part.start_us in values else question.merging.merge([])
            found[part] = _Slice(value, position, question.merging.weight(value))
        return found


def _merged(
    merging: Merging[Value], known: _Known, slices: Sequence[tuple[Part, _Slice]], others: Sequence[Value]
) -> Value:
    """All of them together; those of one length are remembered together, as most questions come again and again."""
    values = list(others)
    for place, (_length, group) in enumerate(groupby(slices, key=lambda each: each[0].length_us)):
        members = [each for _part, each in group]
        former = known.merged.get(place)
        if former is None or not _same(former[0], members):
            former = known.merged[place] = members, merging.merge([each.value for each in members])
        values.append(former[1])
    return merging.merge(values)


def _same(some: Sequence[_Slice], others: Sequence[_Slice]) -> bool:
    return len(some) == len(others) and all(map(is_, some, others))
