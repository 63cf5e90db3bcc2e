"""Questions about events and counts, and rows as values."""

from services.aggregator.adapters.clickhouse.engine.engines import Engine, Row
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery, TenantTable, Union
from services.aggregator.ports.logs import StoredLine
from services.aggregator.ports.store import EventFilter, EventPosition, IntakeCounts, StoredEvent
from services.aggregator.ports.warnings import IntakeWarning, StoredWarning, WarningFilter, WarningPosition
from services.core.records import AuditRecord

FREQUENT_TYPES = 100
# The newest rows are looked for near the newest first: each part that may hold one costs the reading of a piece of it.
_COUNTED: tuple[TenantTable, ...] = (
    *("events", "samples", "logs", "heartbeats", "series"),
    *("histograms", "exponential_histograms", "summaries", "exemplars", "spans"),
)
LOOKBACKS = (600, 86_400, None)
EVENT_COLUMNS = (
    "toUnixTimestamp64Micro(time)",
    "toUnixTimestamp64Micro(accepted)",
    "type",
    "service",
    "user_id",
    "session_id",
    "data",
    "journal_id",
    "offset",
    "row",
)

LOG_COLUMNS = (
    "toUnixTimestamp64Micro(time)",
    "journal_id",
    "offset",
    "row",
    "level",
    "service",
    "message",
    "trace_id",
    "span_id",
    "attributes",
)

AUDIT_COLUMNS = (
    "toUnixTimestamp64Micro(time)",
    "tenant",
    "kind",
    "id",
    "revision",
    "action",
    "subject",
    "roles",
    "key",
    "method",
    "request_id",
    "payload",
    "journal_id",
    "offset",
    "row",
)

_ALIKE = "kind, field, reason, description, source"
WARNING_COLUMNS = (
    _ALIKE,
    "sample",
    "count",
    "toUnixTimestamp64Micro(first)",
    "toUnixTimestamp64Micro(time)",
    "journal_id",
    "offset",
    "row",
)


def event(row: Row) -> StoredEvent:
    """A row of EVENT_COLUMNS."""
    return StoredEvent(*[*row[:7], tuple(row[7:])])


def line(row: Row) -> StoredLine:
    """A row of LOG_COLUMNS."""
    return StoredLine((row[0], row[1], row[2], row[3]), *row[4:])


def audit_record(row: Row) -> AuditRecord:
    """A row of AUDIT_COLUMNS."""
    held = tuple(role for role in row[7].split(",") if role)
    return AuditRecord(*[*row[:7], held, *row[8:12], tuple(row[12:])])


def warning(row: Row) -> StoredWarning:
    """A row of WARNING_COLUMNS."""
    return StoredWarning(IntakeWarning(*row[:9]), (row[9], row[10], row[11]))


def newest_events(
    engine: Engine, tenant: str, matching: EventFilter, limit: int, before: EventPosition | None
) -> list[StoredEvent]:
    """The newest events that match."""
    rows: list[Row] = []
    for lookback in LOOKBACKS:
        rows = engine.query(_events_query(tenant, matching, limit, before, lookback).statement())
        if len(rows) == limit:
            break
    return [event(row) for row in rows]


def _events_query(
    tenant: str, matching: EventFilter, limit: int, before: EventPosition | None, lookback_seconds: int | None
) -> TenantQuery:
    where, parameters = _matching(matching)
    if lookback_seconds is not None:
        newest = "now64(6)" if before is None else "fromUnixTimestamp64Micro({before_us:Int64})"
        where += (f"time >= {newest} - toIntervalSecond({lookback_seconds})",)
    if before is not None:
        # The first condition finds the place in the index, the second is exact.
        before_place = "({before_us:Int64}, {before_journal:String}, {before_offset:UInt64}, {before_row:UInt32})"
        where += (
            "time <= fromUnixTimestamp64Micro({before_us:Int64})",
            f"(toUnixTimestamp64Micro(time), journal_id, offset, row) < {before_place}",
        )
        names = ("before_us", "before_journal", "before_offset", "before_row")
        parameters |= dict(zip(names, before, strict=True))
    order = "time DESC, journal_id DESC, offset DESC, row DESC"
    return TenantQuery(tenant, "events", EVENT_COLUMNS, where, parameters, order_by=order, limit=limit)


def warnings_query(tenant: str, matching: WarningFilter, limit: int, before: WarningPosition | None) -> TenantQuery:
    """What was refused, as the fields of IntakeWarning."""
    where = (
        "time >= fromUnixTimestamp64Micro({from_us:Int64})",
        "time < fromUnixTimestamp64Micro({to_us:Int64})",
        *(("kind = {kind:String}",) if matching.kind else ()),
    )
    parameters: dict[str, str | int] = {"from_us": matching.from_us, "to_us": matching.to_us, "kind": matching.kind}
    last = "toUnixTimestamp64Micro(max(time))"
    having = ""
    if before is not None:
        names = ("last", "kind", "field", "reason", "description", "source")
        parameters.update(zip((f"before_{name}" for name in names), before, strict=True))
        place = ", ".join(f"{{before_{name}:{'Int64' if name == 'last' else 'String'}}}" for name in names)
        having = f"({last}, {_ALIKE}) < ({place})"
    figures = ("argMax(sample, time)", "sum(count)", "toUnixTimestamp64Micro(min(first))", last)
    return TenantQuery(
        tenant,
        "intake_warnings",
        (_ALIKE, *figures),
        where,
        parameters,
        group_by=_ALIKE,
        having=having,
        order_by=", ".join(f"{name} DESC" for name in (last, *_ALIKE.split(", "))),
        limit=limit,
    )


def count_events_query(tenant: str, matching: EventFilter) -> TenantQuery:
    """How many events match."""
    where, parameters = _matching(matching)
    return TenantQuery(tenant, "events", ("count()",), where, parameters)


def read_counts(engine: Engine, tenant: str) -> IntakeCounts:
    """Rows stored of one tenant."""
    counts = (
        TenantQuery(
            tenant, table, (f"'{table}' AS name", f"{'uniqExact(id)' if table == 'series' else 'count()'} AS size")
        )
        for table in _COUNTED
    )
    # To understand a question takes longer than to count: all tables are one.
    found = engine.query(TenantQuery(tenant, Union(tuple(counts)), ("name", "size")).statement())
    sizes = {name: int(size) for name, size in found}
    frequent = TenantQuery(
        tenant, "events", ("type", "count()"), group_by="type", order_by="count() DESC, type", limit=FREQUENT_TYPES
    )
    return IntakeCounts(
        events=sizes["events"],
        samples=sizes["samples"],
        logs=sizes["logs"],
        heartbeats=sizes["heartbeats"],
        series=sizes["series"],
        events_by_type={kind: int(count) for kind, count in engine.query(frequent.statement())},
        distributions=sizes["histograms"] + sizes["exponential_histograms"] + sizes["summaries"],
        exemplars=sizes["exemplars"],
        spans=sizes["spans"],
    )


def _matching(matching: EventFilter) -> tuple[tuple[str, ...], dict[str, str | int]]:
    where: tuple[str, ...] = ()
    parameters: dict[str, str | int] = {}
    for name, word in (("type", matching.type), ("service", matching.service)):
        if word:
            where += (f"{name} = {{{name}:String}}",)
            parameters[name] = word
    return where, parameters
