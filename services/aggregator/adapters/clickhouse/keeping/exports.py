"""Exports from ClickHouse: pages by ranges of the key, whose size follows the width of the rows."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pyarrow as pa

from services.aggregator.adapters.clickhouse.engine.reader import BadPattern, Bounds, Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.findings.conditions import Conditions
from services.aggregator.adapters.clickhouse.findings.events import event_conditions
from services.aggregator.adapters.clickhouse.findings.logs import log_conditions
from services.aggregator.adapters.clickhouse.findings.traces import span_conditions
from services.aggregator.adapters.clickhouse.keeping.export_columns import (
    EVENTS,
    HEARTBEATS,
    LOGS,
    SAMPLES,
    SPANS,
    SUMS,
    ExportColumn,
    json_line,
)
from services.aggregator.adapters.clickhouse.keeping.export_sources import (
    BY_SERVICE,
    BY_SERVICE_NANO,
    BY_TIME,
    ExportSource,
    Key,
    PlacedRows,
    SampleRows,
    SumRows,
)
from services.aggregator.adapters.file_forms import LINE, file_form
from services.aggregator.ports.exports import (
    ExportFormat,
    ExportSearch,
    HeartbeatSearch,
    Piece,
    SampleSearch,
)
from services.aggregator.ports.searches import EventSearch, LogSearch, SpanSearch
from services.core.errors import InvalidInput

PAGE_BYTES = 4 << 20
FIRST_ROWS = 500
MOST_ROWS = 50_000
GROWTH = 8
_BOUNDS = Bounds(seconds=30.0, memory=512 << 20)


class ClickHouseExports:
    """See ports/exports.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def open(
        self, tenant: str, search: ExportSearch, form: ExportFormat, *, end_line: bool = False
    ) -> "ClickHouseExport":
        source, columns = _source(tenant, search)
        try:
            count = await source.count(self._reader)
        except BadPattern as bad:
            raise InvalidInput.of("filter.pattern", bad.violations[0].description) from bad
        return ClickHouseExport(self._reader, tenant, source, columns, form, count, end_line=end_line)


class ClickHouseExport:
    """One file."""

    def __init__(
        self,
        reader: Reader,
        tenant: str,
        source: ExportSource,
        columns: Sequence[ExportColumn],
        form: ExportFormat,
        count: int,
        *,
        end_line: bool,
    ) -> None:
        self.columns = [column.name for column in columns]
        self.estimated_rows = count
        self._reader = reader
        self._tenant = tenant
        self._source = source
        self._written = _written(columns, form)
        self._form = file_form(form, end_line=end_line)

    async def pieces(self) -> AsyncIterator[Piece]:
        rows = 0
        schema = pa.schema([])
        async for table in self._tables():
            rows += table.num_rows
            schema = table.schema
            if table.num_rows:
                yield Piece(await asyncio.to_thread(self._form.rows, table), table.num_rows)
        yield Piece(self._form.end(schema, rows), 0)

    async def _tables(self) -> AsyncIterator[pa.Table]:
        """At least one, which may be empty: it tells the types of the columns."""
        limit = FIRST_ROWS
        async for stretch in self._stretches():
            after: Key | None = None
            while True:
                body = await self._reader.body(self._page(stretch, after, limit), "ArrowStream", _BOUNDS)
                table = await asyncio.to_thread(_table, body)
                keys = [f"k{part}" for part in range(self._source.key_parts)]
                last = table.num_rows < limit
                if table.num_rows:
                    after = tuple(table[key][-1].as_py() for key in keys)
                    fitting = PAGE_BYTES * table.num_rows // len(body)
                    limit = max(1, min(fitting, limit * GROWTH, MOST_ROWS))
                yield table.drop_columns(keys)
                if last:
                    break

    async def _stretches(self) -> AsyncIterator[object]:
        some = False
        async for stretch in self._source.stretches():
            some = True
            yield stretch
        if not some:
            yield []

    def _page(self, stretch: object, after: Key | None, limit: int) -> TenantQuery:
        keys = [f"k{part}" for part in range(self._source.key_parts)]
        rows = self._source.page(stretch, after, limit)
        return TenantQuery(self._tenant, rows, (*self._written, *keys), order_by=", ".join(keys))


def _table(body: bytes) -> pa.Table:
    return pa.ipc.open_stream(body).read_all()


def _written(columns: Sequence[ExportColumn], form: ExportFormat) -> list[str]:
    if form == "csv":
        return [column.cell for column in columns]
    if form in ("parquet", "arrow"):
        return [column.typed for column in columns]
    return [f"{json_line(columns)} AS {LINE}"]


def _source(tenant: str, search: ExportSearch) -> tuple[ExportSource, Sequence[ExportColumn]]:
    if isinstance(search, EventSearch):
        found = event_conditions(search)
        raw = tuple(column.name for column in EVENTS)
        return PlacedRows(tenant, "events", raw, BY_TIME, found.where, found.parameters), EVENTS
    if isinstance(search, LogSearch):
        found = log_conditions(search)
        raw = tuple(column.name for column in LOGS)
        return PlacedRows(tenant, "logs", raw, BY_TIME, found.where, found.parameters), LOGS
    if isinstance(search, SpanSearch):
        found = span_conditions(search)
        raw = tuple("duration_ns" if column.name == "duration_ms" else column.name for column in SPANS)
        return PlacedRows(tenant, "spans", raw, BY_SERVICE_NANO, found.where, found.parameters), SPANS
    if isinstance(search, HeartbeatSearch):
        found = Conditions()
        found.within(search.range)
        found.any_of("service", search.services)
        raw = tuple(column.name for column in HEARTBEATS)
        return PlacedRows(tenant, "heartbeats", raw, BY_SERVICE, found.where, found.parameters), HEARTBEATS
    if isinstance(search, SampleSearch):
        return SampleRows(tenant, search), SAMPLES
    return SumRows(tenant, search), SUMS
