"""A segment as Native blocks, one per table it has rows for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from services.aggregator.adapters.clickhouse.engine import native
from services.aggregator.adapters.clickhouse.engine.native import Column
from services.aggregator.adapters.clickhouse.storing import import_rows, usage_rows
from services.aggregator.adapters.clickhouse.storing.layouts import Layouts, OrderedSamples
from services.aggregator.adapters.clickhouse.storing.telemetry_rows import telemetry_columns
from services.aggregator.ports.records import (
    EventColumns,
    HeartbeatColumns,
    LogColumns,
    Record,
    SampleColumns,
    Series,
    WarningColumns,
)
from services.aggregator.ports.store import Segment

_TIME = "DateTime64(6, 'UTC')"


@dataclass(frozen=True, slots=True)
class TableBlock:
    """Rows of one table: names of its columns for the statement, Native bytes."""

    table: str
    rows: int
    columns: str
    body: bytes


def ordered_samples(segment: Segment, layouts: Layouts) -> dict[str, OrderedSamples]:
    """The samples of a segment by tenant."""
    by_tenant: dict[str, list[SampleColumns]] = {}
    for record in segment.records:
        if record.samples is not None and len(record.samples.values):
            by_tenant.setdefault(record.tenant, []).append(record.samples)
    return {tenant: layouts.ordered(by_tenant[tenant]) for tenant in sorted(by_tenant)}


def segment_blocks(segment: Segment, samples: Mapping[str, OrderedSamples]) -> Iterator[TableBlock]:
    """The blocks of a segment, with its `samples` in order, as they are written; tables without rows are left out."""
    makers: Sequence[tuple[str, Callable[[Segment], tuple[list[Column], int]]]] = (
        ("series", _series),
        ("samples", lambda _segment: _samples(samples)),
        ("events", _events),
        ("logs", _logs),
        ("heartbeats", _heartbeats),
        ("signals", _signals),
        ("intake_warnings", _warnings),
        (import_rows.TABLE, import_rows.rollup_columns),
        (usage_rows.TABLE, usage_rows.usage_columns),
        ("audit", _audit),
    )
    for table, make in makers:
        columns, rows = make(segment)
        if rows:
            yield _block(table, columns, rows)
    for table, columns, rows in telemetry_columns(segment):
        yield _block(table, columns, rows)


def ledger_block(segment: Segment, committed_us: int) -> TableBlock:
    """The row that says a segment is complete."""
    columns = [
        native.texts("journal_id", [segment.journal_id]),
        native.numbers("from_offset", "UInt64", np.array([segment.from_offset], np.uint64)),
        native.numbers("to_offset", "UInt64", np.array([segment.to_offset], np.uint64)),
        native.numbers("committed_at", _TIME, np.array([committed_us], np.int64)),
    ]
    return _block("ledger", columns, 1)


def _block(table: str, columns: list[Column], rows: int) -> TableBlock:
    return TableBlock(table, rows, ", ".join(column.name for column in columns), native.block(columns, rows))


def _series(segment: Segment) -> tuple[list[Column], int]:
    newest: dict[tuple[str, int], tuple[Series, int]] = {}
    for record in segment.records:
        for series in record.series:
            newest[record.tenant, series.id] = (series, record.accepted_us)
    rows = [series for series, _accepted in newest.values()]
    accepted = np.array([at for _series, at in newest.values()], np.int64)
    return [
        native.words("tenant", [tenant for tenant, _id in newest]),
        native.numbers("id", "UInt64", np.array([series.id for series in rows], np.uint64)),
        native.texts("name", [series.name for series in rows]),
        native.text_maps("labels", [series.labels for series in rows]),
        native.numbers("kind", "UInt8", np.array([series.kind for series in rows], np.uint8)),
        native.texts("unit", [series.unit for series in rows]),
        native.numbers("first_seen", _TIME, accepted),
        native.numbers("last_seen", _TIME, accepted),
    ], len(rows)


def _samples(samples: Mapping[str, OrderedSamples]) -> tuple[list[Column], int]:
    parts = list(samples.values())
    sizes = [len(part.times_ms) for part in parts]
    if not parts:
        return [], 0
    return [
        native.words("tenant", list(samples), sizes),
        native.numbers("series_id", "UInt64", _joined([part.series_ids for part in parts])),
        native.numbers("time", "DateTime64(3, 'UTC')", _joined([part.times_ms for part in parts])),
        native.numbers("mantissa", "Int64", _joined([part.mantissas for part in parts])),
        native.numbers("exponent", "Int8", _joined([part.exponents for part in parts])),
    ], sum(sizes)


def _events(segment: Segment) -> tuple[list[Column], int]:
    parts = [(record, record.events) for record in segment.records if record.events is not None]
    blocks: list[EventColumns] = [block for _record, block in parts]
    places, sizes = _places(segment, [(record, len(block.types)) for record, block in parts])
    return [
        *places,
        native.numbers("time", _TIME, _joined([block.times_us for block in blocks])),
        native.words("type", list(chain.from_iterable(block.types for block in blocks))),
        native.words("service", list(chain.from_iterable(block.services for block in blocks))),
        native.texts("user_id", chain.from_iterable(block.user_ids for block in blocks)),
        native.texts("session_id", chain.from_iterable(block.session_ids for block in blocks)),
        native.texts("data", chain.from_iterable(block.data_json for block in blocks)),
    ], sizes


def _logs(segment: Segment) -> tuple[list[Column], int]:
    parts = [(record, record.logs) for record in segment.records if record.logs is not None]
    blocks: list[LogColumns] = [block for _record, block in parts]
    places, sizes = _places(segment, [(record, len(block.messages)) for record, block in parts])
    return [
        *places,
        native.numbers("time", _TIME, _joined([block.times_us for block in blocks])),
        native.numbers("level", "UInt8", _joined([block.levels for block in blocks]).astype(np.uint8)),
        native.words("service", list(chain.from_iterable(block.services for block in blocks))),
        native.texts("message", chain.from_iterable(block.messages for block in blocks)),
        native.texts("trace_id", chain.from_iterable(block.trace_ids for block in blocks)),
        native.texts("span_id", chain.from_iterable(block.span_ids or [""] * len(block.messages) for block in blocks)),
        native.texts("attributes", chain.from_iterable(block.attributes_json for block in blocks)),
    ], sizes


def _heartbeats(segment: Segment) -> tuple[list[Column], int]:
    parts = [(record, record.heartbeats) for record in segment.records if record.heartbeats is not None]
    blocks: list[HeartbeatColumns] = [block for _record, block in parts]
    places, sizes = _places(segment, [(record, len(block.services)) for record, block in parts])
    return [
        *places,
        native.numbers("time", _TIME, _joined([block.times_us for block in blocks])),
        native.words("service", list(chain.from_iterable(block.services for block in blocks))),
        native.words("status", list(chain.from_iterable(block.statuses for block in blocks))),
        native.words("kind", list(chain.from_iterable(block.kinds for block in blocks))),
        native.numbers("request_count", "Float64", _joined([block.request_counts for block in blocks])),
        native.numbers("error_count", "Float64", _joined([block.error_counts for block in blocks])),
        native.numbers("avg_latency_ms", "Float64", _joined([block.avg_latencies_ms for block in blocks])),
        native.numbers("uptime_hours", "Float64", _joined([block.uptimes_hours for block in blocks])),
    ], sizes


def _signals(segment: Segment) -> tuple[list[Column], int]:
    tenants = sorted(tenant for tenant, columns in segment.signals.items() if len(columns))
    parts = [segment.signals[tenant] for tenant in tenants]
    rows = sum(len(part) for part in parts)
    if not rows:
        return [], 0
    lengths = np.concatenate([np.diff(part.bucket_starts) for part in parts])
    starts = np.concatenate(([0], np.cumsum(lengths)))
    buckets = np.concatenate([part.buckets for part in parts])
    counts = np.concatenate([part.bucket_counts for part in parts]).astype(np.uint64)
    return [
        native.words("tenant", tenants, [len(part) for part in parts]),
        native.words("service", list(chain.from_iterable(part.services for part in parts))),
        native.words("endpoint", list(chain.from_iterable(part.endpoints for part in parts))),
        native.numbers("second", "DateTime('UTC')", _joined([part.seconds for part in parts]).astype(np.uint32)),
        native.numbers("requests", "Float64", _joined([part.requests for part in parts])),
        native.numbers("errors", "Float64", _joined([part.errors for part in parts])),
        native.numbers("latency_count", "Float64", _joined([part.latency_counts for part in parts])),
        native.numbers("latency_sum_ms", "Float64", _joined([part.latency_sums_ms for part in parts])),
        native.arrays("latency_buckets", "UInt16", starts, buckets),
        native.arrays("latency_bucket_counts", "UInt64", starts, counts),
        native.words("journal_id", [segment.journal_id], [rows]),
        native.numbers("offset", "UInt64", np.full(rows, segment.to_offset - 1, np.uint64)),
    ], rows


def _warnings(segment: Segment) -> tuple[list[Column], int]:
    parts = [(record, record.warnings) for record in segment.records if record.warnings is not None]
    blocks: list[WarningColumns] = [block for _record, block in parts]
    places, sizes = _places(segment, [(record, len(block.kinds)) for record, block in parts])
    return [
        *places,
        native.numbers("time", _TIME, _joined([block.last_times_us for block in blocks])),
        native.numbers("first", _TIME, _joined([block.first_times_us for block in blocks])),
        native.words("kind", list(chain.from_iterable(block.kinds for block in blocks))),
        native.texts("field", chain.from_iterable(block.fields for block in blocks)),
        native.words("reason", list(chain.from_iterable(block.reasons for block in blocks))),
        native.texts("description", chain.from_iterable(block.descriptions for block in blocks)),
        native.texts("source", chain.from_iterable(block.sources for block in blocks)),
        native.texts("sample", chain.from_iterable(block.samples for block in blocks)),
        native.numbers("count", "UInt64", _joined([block.counts for block in blocks]).astype(np.uint64)),
    ], sizes


def _audit(segment: Segment) -> tuple[list[Column], int]:
    parts = [(record, record.audit) for record in segment.records if record.audit]
    if not parts:
        return [], 0
    found = [each for _record, records in parts for each in records]
    places, rows = _places(segment, [(record, len(records)) for record, records in parts])
    return [
        *places,
        native.numbers("time", _TIME, np.array([each.time_us for each in found], np.int64)),
        native.words("kind", [each.kind for each in found]),
        native.texts("id", [each.id for each in found]),
        native.numbers("revision", "UInt64", np.array([each.revision for each in found], np.uint64)),
        native.words("action", [each.action for each in found]),
        native.texts("subject", [each.subject for each in found]),
        native.words("roles", [",".join(each.roles) for each in found]),
        native.texts("key", [each.key for each in found]),
        native.words("method", [each.method for each in found]),
        native.texts("request_id", [each.request_id for each in found]),
        native.texts("payload", [each.payload for each in found]),
    ], rows


def _places(segment: Segment, parts: Sequence[tuple[Record, int]]) -> tuple[list[Column], int]:
    """Tenant, time of acceptance and place of each row, and the number of rows."""
    sizes = [size for _record, size in parts]
    total = sum(sizes)
    offsets = np.array([record.offset for record, _size in parts], np.uint64)
    accepted = np.array([record.accepted_us for record, _size in parts], np.int64)
    rows = np.concatenate([np.arange(size, dtype=np.uint32) for size in sizes]) if sizes else np.empty(0, np.uint32)
    return [
        native.words("tenant", [record.tenant for record, _size in parts], sizes),
        native.numbers("accepted", _TIME, np.repeat(accepted, sizes)),
        native.words("journal_id", [segment.journal_id], [total]),
        native.numbers("offset", "UInt64", np.repeat(offsets, sizes)),
        native.numbers("row", "UInt32", rows),
    ], total


def _joined(parts: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0)
