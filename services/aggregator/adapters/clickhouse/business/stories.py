"""Stories of sessions and people: their events, and what log lines and spans tell of them."""

import heapq
import re
from collections.abc import Sequence

from services.aggregator.adapters.clickhouse.business.event_fields import Bindings, within
from services.aggregator.adapters.clickhouse.engine.engines import Row
from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery, TenantTable
from services.aggregator.adapters.clickhouse.findings import reading
from services.aggregator.ports.sessions import StoryEntry, StoryLog, StoryPosition, StorySpan, StorySummary, Subject
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


class ClickHouseStories:
    """Tells stories. See ports/sessions.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def story(
        self, tenant: str, subject: Subject, from_us: int, to_us: int, limit: int, after: StoryPosition | None = None
    ) -> Sequence[StoryEntry]:
        traces = await self._traces(tenant, subject, from_us, to_us)
        told: list[list[StoryEntry]] = []
        for kind, table in enumerate(_TABLES):
            bound = Bindings()
            of_subject = _own(subject, bound) if table == "events" else _linked(subject, traces, bound)
            where: tuple[str, ...] = (*within(bound, from_us, to_us), of_subject)
            if after is not None:
                where += _after(kind, table, after, bound)
            query = TenantQuery(tenant, table, _COLUMNS[kind], where, bound.values, order_by=_ORDER[kind], limit=limit)
            told.append([_entry(kind, row) for row in await self._reader.rows(query)])
        return list(heapq.merge(*told, key=lambda entry: entry.position))[:limit]

    async def _traces(self, tenant: str, subject: Subject, from_us: int, to_us: int) -> list[str]:
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
