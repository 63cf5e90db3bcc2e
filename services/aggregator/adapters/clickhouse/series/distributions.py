"""Histograms and summaries as columns."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.ports.records import Floats, Longs
from services.aggregator.ports.time_series import DistributionRows

_CUMULATIVE = 2
_HEAD = (
    "series_id",
    "toUnixTimestamp64Milli(time)",
    "toUnixTimestamp64Milli(start_time)",
    "temporality",
    "toFloat64(count)",
    "sum",
)
_HEAD_KINDS = ("UInt64", "Int64", "Int64", "UInt8", "Float64", "Float64")
_EXPLICIT = (("bounds", "Array(Float64)"), ("bucket_counts", "Array(UInt64)"))
_EXPONENTIAL = (
    ("scale", "Int32"),
    ("zero_count", "UInt64"),
    ("zero_threshold", "Float64"),
    ("positive_offset", "Int32"),
    ("positive_counts", "Array(UInt64)"),
    ("negative_offset", "Int32"),
    ("negative_counts", "Array(UInt64)"),
)
Lists = tuple[Longs, Any]


def distributions_query(
    tenant: str, of: tuple[str, ...], exponential: bool, from_ms: int, to_ms: int
) -> tuple[TenantQuery, Sequence[str]]:
    """The question for histograms, and the types of its columns."""
    more = _EXPONENTIAL if exponential else _EXPLICIT
    columns = (*_HEAD, *(name for name, _kind in more))
    table = TenantQuery(
        tenant,
        "exponential_histograms" if exponential else "histograms",
        columns,
        (*_within(from_ms, to_ms), *of),
        order_by="series_id, time, start_time, count",
    )
    return table, (*_HEAD_KINDS, *(kind for _name, kind in more))


def summaries_query(tenant: str, of: tuple[str, ...], from_ms: int, to_ms: int) -> tuple[TenantQuery, Sequence[str]]:
    """The question for summaries, and the types of its columns."""
    columns = ("series_id", "toUnixTimestamp64Milli(time)", "quantiles", "quantile_values")
    query = TenantQuery(tenant, "summaries", columns, (*_within(from_ms, to_ms), *of))
    return query, ("UInt64", "Int64", "Array(Float64)", "Array(Float64)")


def _within(from_ms: int, to_ms: int) -> tuple[str, ...]:
    # Times in nanoseconds end in 2262.
    last = 9_223_372_036_000
    return tuple(
        f"time {sign} fromUnixTimestamp64Nano({max(0, min(ms, last)) * 1_000_000})"
        for sign, ms in ((">=", from_ms), ("<", to_ms))
    )


def distributions_from(found: Sequence[Any], exponential: bool) -> DistributionRows:
    """Columns of the store, with the bounds of every bucket."""
    identities, times, begun, temporality, counts, sums, *more = found
    starts, lowers, uppers, buckets = _exponential(more) if exponential else _explicit(*more)
    cumulative = temporality == _CUMULATIVE
    return DistributionRows(identities, times, begun, cumulative, counts, sums, starts, lowers, uppers, buckets)


def _starts(lengths: Longs) -> Longs:
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)


def _explicit(bounds: Lists, buckets: Lists) -> tuple[Longs, Floats, Floats, Floats]:
    """A row has one more bucket than bounds, or none."""
    lengths, counts = buckets
    starts = _starts(lengths)
    lowers, uppers = np.full(len(counts), -np.inf), np.full(len(counts), np.inf)
    bound_lengths, told = bounds
    usable = lengths > 0
    told = told[np.repeat(usable, bound_lengths)]
    of_bound = np.repeat(starts[:-1][usable] - _starts(bound_lengths[usable])[:-1], bound_lengths[usable])
    at = of_bound + np.arange(len(told))
    uppers[at] = told
    lowers[at + 1] = told
    # Durations and sizes are not below zero: a first bucket that ends above it begins there.
    first = np.zeros(len(counts), bool)
    first[starts[:-1][usable]] = True
    lowers[first & (uppers > 0)] = 0.0
    return starts, lowers, uppers, counts.astype(np.float64)


def _exponential(more: Sequence[Any]) -> tuple[Longs, Floats, Floats, Floats]:
    """Rows of negative buckets, the one around zero, and positive ones."""
    scale, zeros, threshold, positive_offset, positive, negative_offset, negative = more
    lengths = negative[0] + positive[0] + 1
    starts = _starts(lengths)
    lowers, uppers, counts = (np.zeros(int(starts[-1])) for _each in range(3))
    growth = np.exp2(np.exp2(-scale.astype(np.float64)))
    for side, offset, sign, begin in (
        (negative, negative_offset, -1.0, starts[:-1]),
        (positive, positive_offset, 1.0, starts[:-1] + negative[0] + 1),
    ):
        within = np.arange(len(side[1])) - np.repeat(_starts(side[0])[:-1], side[0])
        at = np.repeat(begin, side[0]) + within
        power = np.repeat(offset, side[0]) + within
        base = np.repeat(growth, side[0])
        ends = np.stack([base**power, base ** (power + 1.0)]) * sign
        lowers[at], uppers[at] = ends.min(axis=0), ends.max(axis=0)
        counts[at] = side[1]
    at = starts[:-1] + negative[0]
    lowers[at], uppers[at], counts[at] = -threshold, threshold, zeros
    lowers[at[negative[0] == 0]] = 0.0
    return starts, lowers, uppers, counts
