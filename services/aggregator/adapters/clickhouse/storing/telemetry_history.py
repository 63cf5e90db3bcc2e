"""Reads the newest histograms of series, as they came."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from services.aggregator.adapters.clickhouse.engine.engines import Engine, Row
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery, TenantTable
from services.core.columns import ExponentialHistogramColumns, HistogramColumns, Lists, Telemetry

_HEAD = (
    "series_id",
    "toUnixTimestamp64Nano(time)",
    "toUnixTimestamp64Nano(start_time)",
    "temporality",
    "count",
    "sum",
    "min",
    "max",
)
_EXPLICIT = (*_HEAD, "bounds", "bucket_counts")
_EXPONENTIAL = (
    *_HEAD,
    "scale",
    "zero_count",
    "zero_threshold",
    "positive_offset",
    "positive_counts",
    "negative_offset",
    "negative_counts",
)


def newest_durations(engine: Engine, tenant: str, ids: Sequence[int], from_us: int) -> list[Telemetry]:
    """The newest committed point of each of the series, not older than `from_us`."""
    if not ids:
        return []
    explicit = _newest(engine, tenant, "histograms", _EXPLICIT, ids, from_us)
    exponential = _newest(engine, tenant, "exponential_histograms", _EXPONENTIAL, ids, from_us)
    return [Telemetry(_histograms(explicit), _exponential(exponential))]


def _newest(
    engine: Engine, tenant: str, table: TenantTable, columns: tuple[str, ...], ids: Sequence[int], from_us: int
) -> list[Row]:
    query = TenantQuery(
        tenant,
        table,
        columns,
        ("series_id IN {ids:Array(UInt64)}", "time >= fromUnixTimestamp64Micro({from_us:Int64})"),
        {"ids": list(ids), "from_us": from_us},
        order_by="time DESC LIMIT 1 BY series_id",
        committed=True,
    )
    return engine.query(query.statement())


def _histograms(rows: list[Row]) -> HistogramColumns | None:
    if not rows:
        return None
    *head, bounds, buckets = zip(*rows, strict=True)
    return HistogramColumns(*[*_heads(head), _lists(bounds, np.float64), _lists(buckets, np.uint64)])


def _exponential(rows: list[Row]) -> ExponentialHistogramColumns | None:
    if not rows:
        return None
    *head, scales, zeros, thresholds, up_offsets, up, down_offsets, down = zip(*rows, strict=True)
    rest = [
        np.array(scales, np.int32),
        np.array(zeros, np.uint64),
        np.array(thresholds, np.float64),
        np.array(up_offsets, np.int32),
        _lists(up, np.uint64),
        np.array(down_offsets, np.int32),
        _lists(down, np.uint64),
    ]
    return ExponentialHistogramColumns(*[*_heads(head), *rest])


def _heads(columns: Sequence[Sequence[Any]]) -> list[Any]:
    ids, times, starts, temporalities, counts, *figures = columns
    return [
        np.array(ids, np.uint64),
        np.array(times, np.int64),
        np.array(starts, np.int64),
        np.array(temporalities, np.uint8),
        np.array(counts, np.uint64),
        *(np.array([np.nan if figure is None else figure for figure in column], np.float64) for column in figures),
    ]


def _lists(rows: Sequence[Sequence[Any]], form: Any) -> Lists:
    lengths = np.array([len(row) for row in rows], np.uint32)
    return Lists(lengths, np.array([each for row in rows for each in row], form))
