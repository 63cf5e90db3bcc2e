"""Answers questions about spans and traces."""

from collections.abc import Mapping, Sequence

from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.findings import exemplars, service_map
from services.aggregator.adapters.clickhouse.findings.conditions import Conditions
from services.aggregator.ports.searches import SpanSearch, TimeRange
from services.aggregator.ports.traces import (
    FAILED,
    LISTED_SERVICES,
    Calls,
    ExemplarPosition,
    ExemplarSearch,
    StoredExemplar,
    StoredSpan,
    TraceMatch,
    TraceOrder,
    TracePosition,
    TraceSummary,
)

START = "toUnixTimestamp64Nano(time)"
SPAN_COLUMNS = (
    "span_id",
    "parent_span_id",
    "name",
    "service",
    "kind",
    "status",
    "status_message",
    START,
    "duration_ns",
    "attributes",
    "events",
    "links",
)
_KEYS: Mapping[TraceOrder, str] = {"newest": f"min({START})", "longest": "max(duration_ns)"}
_ROOTS_FIRST = "(parent_span_id != '', time)"


def span_conditions(search: SpanSearch) -> Conditions:
    """A search as conditions on the table `spans`."""
    found = Conditions()
    found.within(search.range)
    found.any_of("service", search.services)
    found.any_of("name", search.operations)
    if search.min_duration_ns is not None:
        found.add(f"duration_ns >= {found.value(search.min_duration_ns, 'Int64')}")
    if search.max_duration_ns is not None:
        found.add(f"duration_ns <= {found.value(search.max_duration_ns, 'Int64')}")
    if search.failed:
        found.add(f"status = {FAILED}")
    if search.root:
        found.add("parent_span_id = ''")
    found.attributes("attributes", search.attributes)
    return found


class ClickHouseTraces:
    """See ports/traces.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def spans(self, tenant: str, trace_id: str, limit: int) -> Sequence[StoredSpan]:
        found = Conditions()
        found.any_of("trace_id", [trace_id])
        query = TenantQuery(
            tenant, "spans", SPAN_COLUMNS, found.where, found.parameters,
            order_by="time, span_id", limit_by="1 BY span_id", limit=limit,
        )  # fmt: skip
        return [StoredSpan(*row) for row in await self._reader.rows(query)]

    async def page(
        self, tenant: str, search: SpanSearch, order: TraceOrder, limit: int, before: TracePosition | None = None
    ) -> Sequence[TraceMatch]:
        found = span_conditions(search)
        found.add("trace_id != ''")
        having = ""
        if before is not None:
            having = f"(key, trace_id) < ({found.value(before[0], 'Int64')}, {found.value(before[1], 'String')})"
        columns = (f"{_KEYS[order]} AS key", "trace_id", "uniqExact(span_id)")
        query = TenantQuery(
            tenant, "spans", columns, found.where, found.parameters,
            group_by="trace_id", having=having, order_by="key DESC, trace_id DESC", limit=limit,
        )  # fmt: skip
        return [TraceMatch((int(key), trace_id), int(count)) for key, trace_id, count in await self._reader.rows(query)]

    async def summaries(self, tenant: str, trace_ids: Sequence[str]) -> Mapping[str, TraceSummary]:
        found = Conditions()
        found.add(f"trace_id IN {found.value(list(trace_ids), 'Array(String)')}")
        columns = (
            "trace_id",
            f"toString(argMin(service, {_ROOTS_FIRST}))",
            f"toString(argMin(name, {_ROOTS_FIRST}))",
            f"min({START})",
            f"max({START} + duration_ns)",
            "uniqExact(span_id)",
            f"uniqExactIf(span_id, status = {FAILED})",
            f"arraySort(groupUniqArray({LISTED_SERVICES})(service))",
        )
        query = TenantQuery(tenant, "spans", columns, found.where, found.parameters, group_by="trace_id")
        return {row[0]: TraceSummary(*row) for row in await self._reader.rows(query)}

    async def count(self, tenant: str, range_: TimeRange) -> int:
        found = Conditions()
        found.within(range_)
        [[count]] = await self._reader.rows(TenantQuery(tenant, "spans", ("count()",), found.where, found.parameters))
        return int(count)

    async def answered_calls(self, tenant: str, range_: TimeRange, one_of: int) -> Sequence[Calls]:
        rows = await self._reader.rows(service_map.answered(tenant, range_, one_of))
        return [Calls(None if whole else caller, callee, *figures) for whole, caller, callee, *figures in rows]

    async def unanswered_calls(self, tenant: str, range_: TimeRange, one_of: int) -> Sequence[Calls]:
        rows = await self._reader.rows(service_map.unanswered(tenant, range_, one_of))
        return [Calls(*row) for row in rows]

    async def exemplars(
        self, tenant: str, search: ExemplarSearch, limit: int, before: ExemplarPosition | None = None
    ) -> Sequence[StoredExemplar]:
        return await exemplars.page(self._reader, tenant, search, limit, before)
