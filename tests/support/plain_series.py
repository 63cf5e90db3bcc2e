"""What questions about time series come to, in plain Python: one sample after the other."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

Point = tuple[int, float]
"""Time in milliseconds, and value."""


def quantile(values: Sequence[float], share: float) -> float:
    """Linear between neighbours."""
    ordered = sorted(values)
    rank = share * (len(ordered) - 1)
    low = math.floor(rank)
    high = min(low + 1, len(ordered) - 1)
    return (
        ordered[low] if ordered[low] == ordered[high] else ordered[low] + (ordered[high] - ordered[low]) * (rank - low)
    )


def increase(points: Sequence[Point], start: int, end: int) -> float:
    """As Prometheus extrapolates it."""
    if len(points) < 2 or points[0][0] == points[-1][0]:
        return math.nan
    grown = points[-1][1] - points[0][1]
    for (_before, former), (_at, value) in pairwise(points):
        if value < former:
            grown += former
    sampled = points[-1][0] - points[0][0]
    mean = sampled / (len(points) - 1)
    to_start: float = points[0][0] - start
    to_end = end - points[-1][0]
    if grown > 0 and points[0][1] >= 0:
        to_start = min(to_start, sampled * (points[0][1] / grown))
    covered = sampled + sum(side if side < mean * 1.1 else mean / 2 for side in (to_start, to_end))
    return grown * covered / sampled


def folded(points: Sequence[Point], function: str, share: float, start: int, end: int) -> float:
    """What the points of `[start, end)` come to; NaN for nothing."""
    inside = sorted((at, value) for at, value in points if start <= at < end and not math.isnan(value))
    values = [value for _at, value in inside]
    if not values:
        return math.nan
    match function:
        case "average":
            return math.fsum(values) / len(values)
        case "sum":
            return math.fsum(values)
        case "minimum":
            return min(values)
        case "maximum":
            return max(values)
        case "last":
            return values[-1]
        case "count":
            return len(values)
        case "increase":
            return increase(inside, start, end)
        case "rate":
            return increase(inside, start, end) / ((end - start) / 1e3)
        case "quantile":
            return quantile(values, share)
        case _:
            return len(set(values))


def across(values: Sequence[float], aggregation: str, share: float) -> float:
    """What the values of several series come to; NaN for nothing."""
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return math.nan
    match aggregation:
        case "average":
            return math.fsum(known) / len(known)
        case "sum":
            return math.fsum(known)
        case "minimum":
            return min(known)
        case "maximum":
            return max(known)
        case "count":
            return len(known)
        case _:
            return quantile(known, share)


def same(told: Mapping[Any, float], expected: Mapping[Any, float]) -> bool:
    """Whether both say the same but for rounding; what has no value need not be told."""

    def known(values: Mapping[Any, float]) -> dict[Any, float]:
        return {key: value for key, value in values.items() if not math.isnan(value)}

    left, right = known(told), known(expected)
    return left.keys() == right.keys() and all(
        math.isclose(left[k], right[k], rel_tol=1e-9, abs_tol=1e-9) for k in left
    )
