"""Stories of sessions and people: their events, and what log lines and spans tell of them."""

import asyncio
import heapq
import re
from collections.abc import Sequence

import orjson

from services.aggregator.adapters.clickhouse.business.event_fields import Bindings, within
from services.aggregator.adapters.clickhouse.engine.engines import Row
from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery, TenantTable
from services.aggregator.adapters.clickhouse.findings import reading
from services.aggregator.ports.searches import TimeRange
from services.aggregator.ports.sessions import StoryEntry, StoryLog, StoryPosition, StorySpan, StorySummary, Subject
from services.aggregator.ports.store import StoredEvent
from services.core.errors import InvalidInput

MOST_TRACES = 10_000
_SESSION_KEYS, _USER_KEYS = ("session_id", "session.id"), ("user_id", "user.id", "enduser.id")
_FAILED_STATUS = 2
_PLACE = ("journal_id", "offset", "row")
_MICROS = {
    "events": "toUnixTimestamp64Micro(time)",
    "logs": "toUnixTimestamp64Micro(time)",
    "spans": "intDiv(toUnixTimestamp64Nano(time), 1000)",
}
# Written the same way within JSON.
_PLAIN = re.compile(r"[A-Za-z0-9_.:@-]+")
_LOG_COLUMNS = (_MICROS["logs"], "level", "service", "message", "trace_id", "attributes", *_PLACE)
_SPAN_COLUMNS = (
    _MICROS["spans"],
    "trace_id",
    "span_id",
    "name",
    "service",
    "duration_ns / 1e6",
    f"status = {_FAILED_STATUS}",
    *_PLACE,
)
_TABLES: tuple[TenantTable, ...] = ("events", "logs", "spans")
_EVENTS, _LOGS, _SPANS = range(len(_TABLES))


class ClickHouseStories:
    """Tells stories. See ports/sessions.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def story(
        self, tenant: str, subject: Subject, from_us: int, to_us: int, limit: int, after: StoryPosition | None = None
    ) -> Sequence[StoryEntry]:
        during = subject.during or TimeRange(from_us, to_us)
        bound = Bindings()
        where = (*within(bound, during.from_us, during.to_us), _own(subject, bound))
        events = await self._page(tenant, _EVENTS, where, bound, limit, after)
        # Where all events are on the page, they tell it themselves.
        whole = after is None and len(events) < limit
        traces = _named(events) if whole else await self._traces(tenant, subject, during.from_us, during.to_us)

        async def linked(kind: int) -> list[StoryEntry]:
            bound = Bindings()
            where = (*within(bound, from_us, to_us), _linked(subject, traces, bound))
            return await self._page(tenant, kind, where, bound, limit, after)

        told = [events, *await asyncio.gather(linked(_LOGS), linked(_SPANS))]
        return list(heapq.merge(*told, key=lambda entry: entry.position))[:limit]

    async def _page(
        self, tenant: str, kind: int, where: tuple[str, ...], bound: Bindings, limit: int, after: StoryPosition | None
    ) -> list[StoryEntry]:
        """The oldest entries of one kind."""
        table = _TABLES[kind]
        if after is not None:
            where += _after(kind, table, after, bound)
        query = TenantQuery(tenant, table, _COLUMNS[kind], where, bound.values, order_by=_ORDER[kind], limit=limit)
        return [_entry(kind, row) for row in await self._reader.rows(query)]

    async def _traces(self, tenant: str, subject: Subject, from_us: int, to_us: int) -> Sequence[str]:
        """The traces that events of the subject name."""
        bound = Bindings()
        trace = "JSONExtractString(data, 'trace_id')"
        where = (*within(bound, from_us, to_us), _own(subject, bound), f"{trace} != ''")
        query = TenantQuery(tenant, "events", (f"DISTINCT lower({trace})",), where, bound.values, limit=MOST_TRACES + 1)
        found = [name for [name] in await self._reader.rows(query)]
        if len(found) > MOST_TRACES:
            raise InvalidInput.of("start_time", f"over {MOST_TRACES:,} traces are named: ask for a shorter range")
        return found

    async def summary(self, tenant: str, user_id: str, from_us: int, to_us: int) -> StorySummary | None:
        bound = Bindings()
        where = (*within(bound, from_us, to_us), f"user_id = {bound.text(user_id)}")
        columns = ("toUnixTimestamp64Micro(min(time))", "toUnixTimestamp64Micro(max(time))", "count()")
        [row] = await self._reader.rows(TenantQuery(tenant, "events", columns, where, bound.values))
        return StorySummary(*row) if row[2] else None


_COLUMNS = (reading.EVENT_COLUMNS, _LOG_COLUMNS, _SPAN_COLUMNS)
_ORDER = tuple(", ".join((_MICROS[table], *_PLACE)) for table in _TABLES)


def _named(events: Sequence[StoryEntry]) -> Sequence[str]:
    """The traces that events name."""
    named: dict[str, None] = {}
    for entry in events:
        if isinstance(entry.what, StoredEvent):
            trace_id = orjson.loads(entry.what.data_json or "{}").get("trace_id")
            if isinstance(trace_id, str) and trace_id:
                named[trace_id.lower()] = None
    return list(named)


def _own(subject: Subject, bound: Bindings) -> str:
    if subject.session_id:
        return f"session_id = {bound.text(subject.session_id)}"
    return f"user_id = {bound.text(subject.user_id)}"


def _linked(subject: Subject, traces: Sequence[str], bound: Bindings) -> str:
    """What names the subject in its attributes, or is of one of the traces."""
    name, keys = (subject.session_id, _SESSION_KEYS) if subject.session_id else (subject.user_id, _USER_KEYS)
    value = bound.text(name)
    named = " OR ".join(f"JSONExtractString(attributes, '{key}') = {value}" for key in keys)
    if _PLAIN.fullmatch(name):
        # A look at the text spares reading it as JSON.
        named = f"position(attributes, {value}) > 0 AND ({named})"
    return f"({named}) OR has({bound.texts(traces)}, trace_id)" if traces else named


def _after(kind: int, table: TenantTable, after: StoryPosition, bound: Bindings) -> tuple[str, str]:
    """Where a page begins: the first condition finds the place in the index, the second is exact."""
    time_us, former_kind, journal_id, offset, row = after
    place = f"{bound.text(journal_id)}, {bound.whole(offset)}, {bound.whole(row)}"
    return (
        f"time >= fromUnixTimestamp64Micro({bound.whole(time_us)})",
        f"({_MICROS[table]}, {kind}, {', '.join(_PLACE)}) > ({bound.whole(time_us)}, {former_kind}, {place})",
    )


def _entry(kind: int, row: Row) -> StoryEntry:
    journal_id, offset, number = row[-3:]
    position = (row[0], kind, journal_id, offset, number)
    if kind == 0:
        return StoryEntry(position, reading.event(row))
    if kind == 1:
        return StoryEntry(position, StoryLog(*row[:-3]))
    return StoryEntry(position, StorySpan(*[*row[:6], bool(row[6])]))
