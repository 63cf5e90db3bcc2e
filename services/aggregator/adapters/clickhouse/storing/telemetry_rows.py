"""Distributions, exemplars and spans of a segment as Native columns."""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from services.aggregator.adapters.clickhouse.engine import native
from services.aggregator.adapters.clickhouse.engine.native import Column
from services.aggregator.ports.records import Record
from services.aggregator.ports.store import Segment
from services.core.columns import Lists

_TIME = "DateTime64(9, 'UTC')"

Part = tuple[Record, Any]
Rows = tuple[list[Column], int]


def _parts(segment: Segment, kind: str) -> list[Part]:
    parts = [(record, getattr(record.telemetry, kind)) for record in segment.records]
    return [(record, columns) for record, columns in parts if columns is not None]


def _joined(parts: Sequence[Part], column: str) -> Any:
    return np.concatenate([getattr(columns, column) for _record, columns in parts])


def _texts(parts: Sequence[Part], column: str) -> list[str]:
    return list(chain.from_iterable(getattr(columns, column) for _record, columns in parts))


def _lists(name: str, kind: str, parts: Sequence[Part], column: str) -> Column:
    found: list[Lists] = [getattr(columns, column) for _record, columns in parts]
    whole = Lists(np.concatenate([each.lengths for each in found]), np.concatenate([each.flat for each in found]))
    return native.arrays(name, kind, whole.starts, whole.flat)


def _places(segment: Segment, parts: Sequence[Part]) -> tuple[list[Column], list[int]]:
    """Tenant and place of the record of each row, and how many rows each record has."""
    sizes = [len(columns.times_ns) for _record, columns in parts]
    offsets = np.array([record.offset for record, _columns in parts], np.uint64)
    return [
        native.words("tenant", [record.tenant for record, _columns in parts], sizes),
        native.words("journal_id", [segment.journal_id], [sum(sizes)]),
        native.numbers("offset", "UInt64", np.repeat(offsets, sizes)),
    ], sizes


def _points(segment: Segment, parts: Sequence[Part]) -> tuple[list[Column], int]:
    """What rows of a series have in common."""
    places, sizes = _places(segment, parts)
    return [
        *places,
        native.numbers("series_id", "UInt64", _joined(parts, "series_ids")),
        native.numbers("time", _TIME, _joined(parts, "times_ns")),
    ], sum(sizes)


def _distributions(segment: Segment, parts: Sequence[Part]) -> tuple[list[Column], int]:
    columns, rows = _points(segment, parts)
    return [
        *columns,
        native.numbers("start_time", _TIME, _joined(parts, "start_times_ns")),
        native.numbers("count", "UInt64", _joined(parts, "counts")),
        native.numbers("sum", "Float64", _joined(parts, "sums")),
    ], rows


def _extremes(parts: Sequence[Part]) -> list[Column]:
    return [
        native.numbers("temporality", "UInt8", _joined(parts, "temporalities")),
        native.numbers("min", "Float64", _joined(parts, "mins")),
        native.numbers("max", "Float64", _joined(parts, "maxs")),
    ]


def _histograms(segment: Segment, parts: Sequence[Part]) -> Rows:
    columns, rows = _distributions(segment, parts)
    return [
        *columns,
        *_extremes(parts),
        _lists("bounds", "Float64", parts, "bounds"),
        _lists("bucket_counts", "UInt64", parts, "buckets"),
    ], rows


def _exponential_histograms(segment: Segment, parts: Sequence[Part]) -> Rows:
    columns, rows = _distributions(segment, parts)
    return [
        *columns,
        *_extremes(parts),
        native.numbers("scale", "Int32", _joined(parts, "scales")),
        native.numbers("zero_count", "UInt64", _joined(parts, "zero_counts")),
        native.numbers("zero_threshold", "Float64", _joined(parts, "zero_thresholds")),
        native.numbers("positive_offset", "Int32", _joined(parts, "positive_offsets")),
        _lists("positive_counts", "UInt64", parts, "positive"),
        native.numbers("negative_offset", "Int32", _joined(parts, "negative_offsets")),
        _lists("negative_counts", "UInt64", parts, "negative"),
    ], rows


def _summaries(segment: Segment, parts: Sequence[Part]) -> Rows:
    columns, rows = _distributions(segment, parts)
    return [
        *columns,
        _lists("quantiles", "Float64", parts, "quantiles"),
        _lists("quantile_values", "Float64", parts, "values"),
    ], rows


def _exemplars(segment: Segment, parts: Sequence[Part]) -> Rows:
    columns, rows = _points(segment, parts)
    return [
        *columns,
        native.numbers("value", "Float64", _joined(parts, "values")),
        native.texts("trace_id", _texts(parts, "trace_ids")),
        native.texts("span_id", _texts(parts, "span_ids")),
        native.texts("attributes", _texts(parts, "attributes_json")),
    ], rows


def _spans(segment: Segment, parts: Sequence[Part]) -> Rows:
    places, sizes = _places(segment, parts)
    accepted = np.array([record.accepted_us for record, _columns in parts], np.int64)
    return [
        *places,
        native.numbers("accepted", "DateTime64(6, 'UTC')", np.repeat(accepted, sizes)),
        native.numbers("row", "UInt32", np.concatenate([np.arange(size, dtype=np.uint32) for size in sizes])),
        native.numbers("time", _TIME, _joined(parts, "times_ns")),
        native.numbers("duration_ns", "Int64", _joined(parts, "durations_ns")),
        native.texts("trace_id", _texts(parts, "trace_ids")),
        native.texts("span_id", _texts(parts, "span_ids")),
        native.texts("parent_span_id", _texts(parts, "parent_span_ids")),
        native.words("name", _texts(parts, "names")),
        native.numbers("kind", "UInt8", _joined(parts, "kinds")),
        native.words("service", _texts(parts, "services")),
        native.numbers("status", "UInt8", _joined(parts, "statuses")),
        native.texts("status_message", _texts(parts, "status_messages")),
        native.texts("attributes", _texts(parts, "attributes_json")),
        native.texts("events", _texts(parts, "events_json")),
        native.texts("links", _texts(parts, "links_json")),
    ], sum(sizes)


_MAKERS: Mapping[str, Callable[[Segment, Sequence[Part]], Rows]] = {
    "histograms": _histograms,
    "exponential_histograms": _exponential_histograms,
    "summaries": _summaries,
    "exemplars": _exemplars,
    "spans": _spans,
}


def telemetry_columns(segment: Segment) -> list[tuple[str, list[Column], int]]:
    """Table, columns and number of rows, for each table that the segment has rows for."""
    found = []
    for table, make in _MAKERS.items():
        parts = _parts(segment, table)
        if parts:
            found.append((table, *make(segment, parts)))
    return found
