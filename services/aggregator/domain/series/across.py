"""What is made of several series at one step, and of several expressions; a row per series, NaN for gaps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.aggregator.domain.series.question import NAME_LABEL, Arithmetic, Fill, Grouping, Labels, Ranking
from services.aggregator.ports.records import Floats
from services.core.errors import InvalidInput

Key = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Series and their values, one row each."""

    labels: Sequence[Labels]
    values: Floats


@dataclass(frozen=True, slots=True)
class Groups:
    """Which series go together: the labels of each group, and the group of each series."""

    labels: Sequence[Labels]
    of: npt.NDArray[np.intp]


def grouped_by(labels: Sequence[Labels], grouping: Grouping) -> Groups:
    """The groups of series, ordered by their labels."""
    keys = [_key(each, grouping) for each in labels]
    distinct = sorted(set(keys))
    places = {key: place for place, key in enumerate(distinct)}
    return Groups([dict(key) for key in distinct], np.array([places[key] for key in keys], np.intp))


def _key(labels: Labels, grouping: Grouping) -> Key:
    if grouping.without is None:
        return tuple((name, labels[name]) for name in sorted(set(grouping.by)) if labels.get(name))
    gone = {*grouping.without, NAME_LABEL}
    return tuple(sorted((name, value) for name, value in labels.items() if name not in gone))


def aggregate(values: Floats, groups: Groups, grouping: Grouping) -> Floats:
    """One row per group, of the rows that have a value at a step."""
    if not len(values):
        return np.empty((0, values.shape[1]))
    order = np.argsort(groups.of, kind="stable")
    starts = np.searchsorted(groups.of[order], np.arange(len(groups.labels)))
    ordered = values if np.array_equal(order, np.arange(len(order))) else values[order]
    match grouping.aggregation:
        case "minimum":
            return np.asarray(np.fmin.reduceat(ordered, starts, axis=0))
        case "maximum":
            return np.asarray(np.fmax.reduceat(ordered, starts, axis=0))
        case "quantile":
            ends = np.append(starts[1:], len(ordered))
            parts = [ordered[a:b] for a, b in zip(starts, ends, strict=True)]
            return np.stack([_quantile(part, grouping.quantile) for part in parts])
    gaps = np.isnan(ordered)
    counts = len_of(starts, len(ordered))[:, None] - (
        np.add.reduceat(gaps, starts, axis=0, dtype=np.float64) if gaps.any() else 0.0
    )
    if grouping.aggregation == "count":
        told = np.broadcast_to(counts, (len(starts), values.shape[1]))
        return np.where(told > 0, told, np.nan)
    sums = np.add.reduceat(np.where(gaps, 0.0, ordered) if gaps.any() else ordered, starts, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums / counts if grouping.aggregation == "average" else np.where(counts > 0, sums, np.nan)


def len_of(starts: npt.NDArray[np.intp], total: int) -> Floats:
    """Lengths of stretches that begin at `starts`."""
    return np.diff(np.append(starts, total)).astype(np.float64)


def _quantile(values: Floats, share: float) -> Floats:
    """Of each column; linear between neighbours."""
    # A column in a row of memory sorts several times as fast.
    ordered = np.sort(np.ascontiguousarray(values.T), axis=1)
    counts = (~np.isnan(ordered)).sum(axis=1)
    rank = share * np.maximum(counts - 1, 0)
    lower = np.floor(rank).astype(np.intp)
    upper = np.minimum(lower + 1, np.maximum(counts - 1, 0))
    at = np.arange(len(ordered))
    low, high = ordered[at, lower], ordered[at, upper]
    return np.asarray(np.where(low == high, low, low + (high - low) * (rank - lower)), np.float64)


def ranked(matrix: Matrix, ranking: Ranking) -> Matrix:
    """The series with the greatest (or lowest) mean over the range, in that order; those without a value go."""
    counts = (~np.isnan(matrix.values)).sum(axis=1)
    means = np.nansum(matrix.values, axis=1) / np.maximum(counts, 1)
    order = np.argsort(means if ranking.lowest else -means, kind="stable")
    kept = order[counts[order] > 0][: ranking.count]
    return Matrix([matrix.labels[place] for place in kept], matrix.values[kept])


def calculated(left: Matrix | float, operator: Arithmetic, right: Matrix | float, steps: int) -> Matrix:
    """Series of both sides with equal labels (the name apart), at each step. Raises InvalidInput where one has two."""
    if not isinstance(left, Matrix) and not isinstance(right, Matrix):
        both = np.full((1, steps), float(left)), np.full((1, steps), float(right))
        return Matrix([{}], _operated(*both, operator))
    if not isinstance(left, Matrix) or not isinstance(right, Matrix):
        one = left if isinstance(left, Matrix) else right
        assert isinstance(one, Matrix)
        sides = [each.values if isinstance(each, Matrix) else np.float64(each) for each in (left, right)]
        return Matrix([_nameless(labels) for labels in one.labels], _operated(sides[0], sides[1], operator))
    if _single(right) and not _single(left):
        return Matrix([_nameless(labels) for labels in left.labels], _operated(left.values, right.values, operator))
    if _single(left) and not _single(right):
        return Matrix([_nameless(labels) for labels in right.labels], _operated(left.values, right.values, operator))
    ours, theirs = _by_labels(left), _by_labels(right)
    shared = [key for key in ours if key in theirs]
    values = _operated(left.values[[ours[k] for k in shared]], right.values[[theirs[k] for k in shared]], operator)
    return Matrix([dict(key) for key in shared], values)


def _single(matrix: Matrix) -> bool:
    return len(matrix.labels) == 1 and not _nameless(matrix.labels[0])


def _nameless(labels: Labels) -> Labels:
    return {name: value for name, value in labels.items() if name != NAME_LABEL}


def _by_labels(matrix: Matrix) -> dict[Key, int]:
    found = {tuple(sorted(_nameless(labels).items())): place for place, labels in enumerate(matrix.labels)}
    if len(found) < len(matrix.labels):
        raise InvalidInput.of(
            "query.expressions", "a side of a calculation has several series whose labels differ in the name only"
        )
    return found


def _operated(left: "Floats | np.float64", right: "Floats | np.float64", operator: Arithmetic) -> Floats:
    with np.errstate(all="ignore"):
        match operator:
            case "+":
                told = left + right
            case "-":
                told = left - right
            case "*":
                told = left * right
            case _:
                told = np.where(right == 0, np.nan, left / np.where(right == 0, 1.0, right))
    return np.asarray(told, np.float64)


def filled(values: Floats, fill: Fill) -> Floats:
    """Values with their gaps filled by a rule."""
    if fill in ("none", "null") or not np.isnan(values).any():
        return values
    if fill == "zero":
        return np.nan_to_num(values, nan=0.0, posinf=np.inf, neginf=-np.inf)
    known = ~np.isnan(values)
    places = np.arange(values.shape[1])
    before = np.maximum.accumulate(np.where(known, places, -1), axis=1)
    rows = np.arange(len(values))[:, None]
    previous = np.where(before < 0, np.nan, values[rows, np.maximum(before, 0)])
    if fill == "previous":
        return previous
    after = np.minimum.accumulate(np.where(known, places, len(places))[:, ::-1], axis=1)[:, ::-1]
    following = np.where(after == len(places), np.nan, values[rows, np.minimum(after, len(places) - 1)])
    share = (places - before) / np.maximum(after - before, 1)
    return np.where(known, values, previous + (following - previous) * share)
