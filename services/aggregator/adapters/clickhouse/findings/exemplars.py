"""Answers questions about single measurements."""

from collections.abc import Sequence

from services.aggregator.adapters.clickhouse.engine.engines import Row
from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import Join, TenantQuery
from services.aggregator.adapters.clickhouse.findings.conditions import Conditions
from services.aggregator.adapters.clickhouse.series import matching
from services.aggregator.ports.traces import ExemplarPosition, ExemplarSearch, StoredExemplar

_TIME = "toUnixTimestamp64Nano(time)"
_POSITION = (_TIME, "series_id", "trace_id", "span_id", "value")
_KINDS = ("Int64", "UInt64", "String", "String", "Float64")


async def page(
    reader: Reader, tenant: str, search: ExemplarSearch, limit: int, before: ExemplarPosition | None
) -> Sequence[StoredExemplar]:
    """See ports/traces.py."""
    with matching.expressions_of("matchers"):
        return [_exemplar(row) for row in await reader.rows(_query(tenant, search, limit, before))]


def _query(tenant: str, search: ExemplarSearch, limit: int, before: ExemplarPosition | None) -> TenantQuery:
    found = Conditions()
    found.within(search.range)
    if search.least is not None:
        found.add(f"value >= {found.value(search.least, 'Float64')}")
    if search.most is not None:
        found.add(f"value <= {found.value(search.most, 'Float64')}")
    if before is not None:
        place = ", ".join(found.value(value, kind) for value, kind in zip(before, _KINDS, strict=True))
        found.add(f"({', '.join(_POSITION)}) < ({place})")
    return TenantQuery(
        tenant,
        "exemplars",
        (*_POSITION, "series_labels", "attributes"),
        found.where,
        found.parameters,
        order_by=", ".join(f"{column} DESC" for column in _POSITION),
        limit=limit,
        joins=(Join("INNER", _series(tenant, search), "series_id"),),
    )


def _series(tenant: str, search: ExemplarSearch) -> TenantQuery:
    where, parameters = matching.conditions(search.matchers)
    columns = ("id AS series_id", "any(labels) AS series_labels")
    return TenantQuery(tenant, "series", columns, where, parameters, group_by="id")


def _exemplar(row: Row) -> StoredExemplar:
    time, series, trace_id, span_id, value, labels, attributes = row
    return StoredExemplar((int(time), int(series), trace_id, span_id, float(value)), labels, attributes)
