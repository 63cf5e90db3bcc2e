"""Latencies of services over time, of the buckets that figures are made of: `__latency__`.

What services and endpoints that go together observed is put together before a mean or a percentile is made of it, so
that a busy endpoint counts as much as it was called.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.aggregator.domain.intake.buckets import bucket_value
from services.aggregator.domain.series.across import Groups, Matrix, aggregate
from services.aggregator.domain.series.apart import apart
from services.aggregator.domain.series.folding import Places, fold, ordered
from services.aggregator.domain.series.grid import Grid, joined
from services.aggregator.domain.series.series_index import Found
from services.aggregator.domain.series.tier_choice import Plan
from services.aggregator.ports.records import Floats, Longs
from services.aggregator.ports.time_series import Fold
from services.aggregator.ports.traffic import TrafficRow
from services.core.errors import InvalidInput

FUNCTIONS = ("average", "minimum", "maximum", "quantile", "count", "sum", "rate", "increase")
MAX_PERCENTILES = 200_000
_SHARES = {"minimum": 0.0, "maximum": 1.0}


@dataclass(frozen=True, slots=True)
class _Observed:
    """Latencies in order of time: whose, when, how many with what sum, and which row each bucket is of."""

    of: Places
    times_ms: Longs
    counts: Floats
    sums_ms: Floats
    rows: Places
    buckets: Longs
    bucket_counts: Floats


async def latency_matrix(
    plan: Plan, found: Found, of: Places, rows: Sequence[TrafficRow], parts: Sequence[Grid]
) -> Matrix:
    """The values of a selection at the steps of all parts; `of` is the place in `found` of each row, -1 for none.

    Raises InvalidInput where more percentiles are asked for than can be made in passing.
    """
    function, grouping = plan.fold.function, plan.selection.grouping
    alone = Groups(found.labels, np.arange(len(found.labels)))
    groups = found.grouped(grouping) if grouping else alone
    # The maximum of means, say, is of the mean of each endpoint.
    together = grouping is not None and function in ("quantile", grouping.aggregation)
    told = groups if together else alone
    spread = plan.fold.quantile if function == "quantile" else _SHARES.get(function)
    size = len(told.labels) * sum(part.count for part in parts)
    if spread is not None and size > MAX_PERCENTILES:
        raise InvalidInput.of("query.step", f"at most {MAX_PERCENTILES:,} percentiles of latencies may be asked for")
    observed = _observed(told.of, of, rows)

    def values() -> Floats:
        made = [_folded(observed, len(told.labels), part, plan, spread) for part in parts]
        return joined(made)

    matrix = Matrix(told.labels, await apart(len(observed.buckets) + size, values))
    if grouping is None or together:
        return matrix
    return Matrix(groups.labels, aggregate(matrix.values, groups, grouping))


def _observed(groups: Places, of: Places, rows: Sequence[TrafficRow]) -> _Observed:
    some = [(place, row) for place, row in zip(of.tolist(), rows, strict=True) if place >= 0 and row.latencies]
    some.sort(key=lambda one: one[1].start)
    lengths = [len(row.buckets) for _place, row in some]
    return _Observed(
        groups[np.array([place for place, _row in some], np.intp)],
        np.array([row.start for _place, row in some], np.int64) * 1_000,
        np.array([row.latencies for _place, row in some], np.float64),
        np.array([row.latency_ms for _place, row in some], np.float64),
        np.repeat(np.arange(len(some)), lengths),
        np.array([bucket for _place, row in some for bucket in row.buckets], np.int64),
        np.array([count for _place, row in some for count in row.counts], np.float64),
    )


def _folded(observed: _Observed, size: int, grid: Grid, plan: Plan, spread: float | None) -> Floats:
    if spread is not None:
        return _percentiles(observed, size, grid, plan.window_ms, spread)

    def summed(values: Floats) -> Floats:
        return fold(ordered(observed.of, observed.times_ms, values), size, grid, plan.window_ms, Fold("sum"))

    match plan.fold.function:
        case "average":
            return summed(observed.sums_ms) / summed(observed.counts)
        case "sum":
            return summed(observed.sums_ms)
        case "rate":
            return summed(observed.counts) / (plan.window_ms / 1e3)
        case _:
            return summed(observed.counts)


def _percentiles(observed: _Observed, size: int, grid: Grid, window_ms: int, share: float) -> Floats:
    """As figures have them (domain/intake/buckets.py); NaN where nothing was observed."""
    told = np.full((size, grid.count), np.nan)
    numbers, of_number = np.unique(observed.buckets, return_inverse=True)
    if not len(numbers):
        return told
    latencies = np.array([bucket_value(int(number)) for number in numbers])
    cells = observed.of[observed.rows] * len(numbers) + of_number
    firsts, ends = (np.searchsorted(observed.times_ms[observed.rows], grid.ends_ms - back) for back in (window_ms, 0))
    for step, (first, end) in enumerate(zip(firsts.tolist(), ends.tolist(), strict=True)):
        if first == end:
            continue
        weights = observed.bucket_counts[first:end]
        counts = np.bincount(cells[first:end], weights, size * len(numbers)).reshape(size, len(numbers))
        below = counts.cumsum(axis=1)
        some = below[:, -1] > 0
        rank = share * (below[some, -1:] - 1)
        low, high = (latencies[(below[some] <= one(rank)).sum(axis=1)] for one in (np.floor, np.ceil))
        told[some, step] = low + (high - low) * (rank[:, 0] - np.floor(rank[:, 0]))
    return told
