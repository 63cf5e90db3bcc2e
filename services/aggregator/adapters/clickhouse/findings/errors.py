"""Answers questions about errors in groups."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.aggregator.adapters.clickhouse.engine.engines import Row
from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.findings.conditions import Conditions
from services.aggregator.adapters.clickhouse.findings.error_rows import error_rows
from services.aggregator.ports.errors import (
    TREND_STEPS,
    ErrorGroup,
    ErrorOrder,
    GroupPosition,
    Occurrence,
    OccurrencePosition,
    Release,
)
from services.aggregator.ports.searches import ErrorSearch

_KEYS: Mapping[ErrorOrder, str] = {
    "last_seen": "max(last)",
    "first_seen": "min(first)",
    "count": "sum(errors)",
    "users": "uniqExactMerge(hit)",
}
_RELEASES = 20
_SOURCES = ("event", "log", "span")
OCCURRENCE_COLUMNS = (
    *("at", "source", "journal_id", "offset", "row", "span_id"),
    *("message", "stack", "user_id", "trace_id", "version", "attributes"),
)
_POSITION = OCCURRENCE_COLUMNS[:6]
_POSITION_KINDS = ("Int64", "String", "String", "UInt64", "UInt32", "String")


class ClickHouseErrors:
    """See ports/errors.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def groups(
        self, tenant: str, search: ErrorSearch, order: ErrorOrder, limit: int, before: GroupPosition | None = None
    ) -> Sequence[ErrorGroup]:
        found = Conditions()
        having = ""
        if before is not None:
            having = f"(key, fingerprint) < ({found.value(before[0], 'Int64')}, {found.value(before[1], 'String')})"
        return await self._groups(tenant, search, order, limit, found, having)

    async def group(self, tenant: str, search: ErrorSearch, fingerprint: str) -> ErrorGroup | None:
        found = Conditions()
        found.any_of("fingerprint", [fingerprint])
        groups = await self._groups(tenant, search, "last_seen", 1, found, "")
        return groups[0] if groups else None

    async def _groups(
        self, tenant: str, search: ErrorSearch, order: ErrorOrder, limit: int, found: Conditions, having: str
    ) -> Sequence[ErrorGroup]:
        by_release = _by_release(tenant, search, found)
        columns = (
            f"toInt64({_KEYS[order]}) AS key",
            "fingerprint",
            *(f"any({name})" for name in ("in_service", "error_type", "masked_message", "place")),
            *(f"sum(of_{source})" for source in _SOURCES),
            "uniqExactMerge(hit)",
            "min(first)",
            "max(last)",
            "sumMap(steps, step_errors)",
            f"arraySlice(arrayReverseSort(one -> one.4, groupArray((version, errors, first, last))), 1, {_RELEASES})",
            "argMax(sample, last)",
        )
        query = TenantQuery(
            tenant, by_release, columns, parameters=found.parameters,
            group_by="fingerprint", having=having, order_by="key DESC, fingerprint DESC", limit=limit,
        )  # fmt: skip
        return [_group(row) for row in await self._reader.rows(query)]

    async def occurrences(
        self,
        tenant: str,
        search: ErrorSearch,
        fingerprint: str,
        limit: int,
        before: OccurrencePosition | None = None,
    ) -> Sequence[Occurrence]:
        found = Conditions()
        found.any_of("fingerprint", [fingerprint])
        if before is not None:
            place = ", ".join(found.value(value, kind) for value, kind in zip(before, _POSITION_KINDS, strict=True))
            found.add(f"({', '.join(_POSITION)}) < ({place})")
        query = TenantQuery(
            tenant,
            error_rows(tenant, search, found),
            OCCURRENCE_COLUMNS,
            found.where,
            found.parameters,
            order_by=", ".join(f"{column} DESC" for column in _POSITION),
            limit=limit,
        )
        return [_occurrence(row) for row in await self._reader.rows(query)]


def _by_release(tenant: str, search: ErrorSearch, found: Conditions) -> TenantQuery:
    """Errors that meet the conditions, in sums by fingerprint and release."""
    start, end = search.range.from_us, search.range.to_us
    step = f"toUInt8(intDiv((at - {int(start)}) * {TREND_STEPS}, {int(end - start)}))"
    columns = (
        *("fingerprint", "version", "in_service", "error_type", "masked_message", "place"),
        "count() AS errors",
        *(f"countIf(source = '{source}') AS of_{source}" for source in _SOURCES),
        "uniqExactStateIf(user_id, user_id != '') AS hit",
        "min(at) AS first",
        "max(at) AS last",
        f"sumMap([{step}], [toUInt64(1)]) AS by_step",
        f"argMax(({', '.join(OCCURRENCE_COLUMNS)}), at) AS sample",
    )
    rows = error_rows(tenant, search, found)
    grouped = TenantQuery(
        tenant, rows, columns, found.where,
        group_by="fingerprint, version, in_service, error_type, masked_message, place",
    )  # fmt: skip
    return TenantQuery(tenant, grouped, ("*", "by_step.1 AS steps", "by_step.2 AS step_errors"))


def _group(row: Row) -> ErrorGroup:
    key, fingerprint, service, type_, message, place, *figures, trend, releases, sample = row
    events, logs, spans, users, first, last = (int(figure) for figure in figures)
    counts = dict(zip(*trend, strict=True))
    return ErrorGroup(
        (int(key), fingerprint),
        service,
        type_,
        message,
        place,
        events,
        logs,
        spans,
        users,
        first,
        last,
        [int(counts.get(step, 0)) for step in range(TREND_STEPS)],
        [Release(*release) for release in releases if release[0]],
        _occurrence(sample),
    )


def _occurrence(row: Sequence[Any]) -> Occurrence:
    at, source, journal_id, offset, line, span_id, *rest = row
    return Occurrence((int(at), source, journal_id, int(offset), int(line), span_id), *rest)
