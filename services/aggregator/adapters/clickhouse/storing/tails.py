"""Rows by place from ClickHouse."""

from collections.abc import Sequence

from services.aggregator.adapters.clickhouse.engine.engines import Row
from services.aggregator.adapters.clickhouse.engine.reader import Bounds, Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery, TenantTable
from services.aggregator.adapters.clickhouse.findings import reading
from services.aggregator.adapters.clickhouse.findings.conditions import Conditions
from services.aggregator.adapters.clickhouse.storing.places import add_stretches
from services.aggregator.ports.tails import Stretch, Tail, TailFilter, TailLine, TailRow, Topic
from services.core.conventions import REQUEST_EVENT

_LINE_COLUMNS = (
    "toUnixTimestamp64Micro(time)",
    "toUnixTimestamp64Micro(accepted)",
    "level",
    "service",
    "message",
    "trace_id",
    "span_id",
    "attributes",
    "journal_id",
    "offset",
    "row",
)
_BOUNDS = Bounds(seconds=30.0, memory=512 << 20)


class ClickHouseTails:
    """See ports/tails.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def count(self, tail: Tail, stretches: Sequence[Stretch]) -> int:
        found = _conditions(tail, stretches)
        query = TenantQuery(tail.tenant, _table(tail), ("count()",), found.where, found.parameters)
        [[count]] = await self._reader.rows(query, _BOUNDS)
        return int(count)

    async def page(self, tail: Tail, stretches: Sequence[Stretch], limit: int) -> Sequence[TailRow]:
        found = _conditions(tail, stretches)
        lines = tail.topic is Topic.LOGS
        query = TenantQuery(
            tail.tenant, _table(tail), _LINE_COLUMNS if lines else reading.EVENT_COLUMNS, found.where, found.parameters,
            order_by="journal_id, offset, row", limit_by=f"{int(limit)} BY journal_id",
        )  # fmt: skip
        rows = await self._reader.rows(query, _BOUNDS)
        return [_line(row) if lines else reading.event(row) for row in rows]


def _table(tail: Tail) -> TenantTable:
    return "logs" if tail.topic is Topic.LOGS else "events"


def _line(row: Row) -> TailLine:
    return TailLine(*[*row[:8], tuple(row[8:])])


def _conditions(tail: Tail, stretches: Sequence[Stretch]) -> Conditions:
    found = Conditions()
    add_stretches(found, stretches)
    _matching(found, tail.matching)
    if tail.topic is Topic.EVENTS:
        found.add(f"type != {found.value(REQUEST_EVENT, 'String')}")
    return found


def _matching(found: Conditions, matching: TailFilter) -> None:
    found.any_of("type", matching.types)
    found.any_of("service", matching.services)
    found.any_of("user_id", matching.user_ids)
    found.any_of("level", matching.levels, "UInt8")
