"""Histograms over time: what was observed within windows, from buckets as they were sent.

Histograms that count since a start are taken apart into what each added to the one before it; after a restart all
counts. A histogram belongs to the window that its time falls into. Buckets of equal bounds are added as they are, and
of different bounds side by side, each spread evenly over its bucket.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.aggregator.domain.series.across import Groups, Matrix, aggregate, grouped_by
from services.aggregator.domain.series.apart import apart
from services.aggregator.domain.series.folding import Rows, fold, ordered
from services.aggregator.domain.series.grid import Grid, joined
from services.aggregator.domain.series.question import Labels
from services.aggregator.domain.series.tier_choice import LOOK_BACK_MS, SUMMARY_KIND, Plan
from services.aggregator.ports.records import Floats, Longs, SampleColumns
from services.aggregator.ports.time_series import DistributionRows, Fold, TimeSeriesStore
from services.core.errors import InvalidInput

_EXPONENTIAL = 5
MAX_QUANTILES = 20_000


@dataclass(frozen=True, slots=True)
class _Observed:
    """What each row adds: when, how many, their sum, and its buckets `[starts[i], starts[i + 1])`."""

    places: npt.NDArray[np.intp]
    times_ms: Longs
    counts: Floats
    sums: Floats
    starts: Longs
    lowers: Floats
    uppers: Floats
    buckets: Floats


async def distribution_matrix(store: TimeSeriesStore, tenant: str, plan: Plan, parts: Sequence[Grid]) -> Matrix:
    """The values of a selection of histograms or summaries at the steps of all parts."""
    parts = [part.earlier(plan.selection.offset_ms) for part in parts]
    from_ms = min(int(part.ends_ms[0]) for part in parts) - plan.window_ms
    to_ms = max(int(part.ends_ms[-1]) for part in parts)
    if SUMMARY_KIND in plan.found.kinds:
        samples, quantiles = await store.summaries(tenant, plan.found.ids, from_ms, to_ms)
        return await apart(len(quantiles), lambda: _of_summaries(samples, quantiles, plan, parts))
    read = []
    for exponential in (False, True):
        ids = plan.found.ids[(plan.found.kinds == _EXPONENTIAL) == exponential]
        if len(ids):
            # The one before the first window says what the first within it added.
            read.append(await store.distributions(tenant, ids, exponential, from_ms - LOOK_BACK_MS, to_ms))
    buckets = sum(len(rows.buckets) for rows in read)
    # Each quantile is as much work as a hundred values.
    work = 100 * sum(part.count for part in parts) if plan.fold.function == "quantile" else 0
    return await apart(buckets + work, lambda: _of_histograms(read, plan, parts))


def _of_histograms(read: Sequence[DistributionRows], plan: Plan, parts: Sequence[Grid]) -> Matrix:
    observed = [_added(rows, plan) for rows in read]
    if plan.fold.function == "quantile":
        return _quantiles(observed, plan, parts)
    values = joined([sum_of([_figures(each, plan, part) for each in observed]) for part in parts])
    grouping = plan.selection.grouping
    if grouping is None:
        return Matrix(plan.found.labels, values)
    groups = plan.found.grouped(grouping)
    return Matrix(groups.labels, aggregate(values, groups, grouping))


def sum_of(parts: Sequence[Floats]) -> Floats:
    """Values of series that lie in one part or another."""
    told = parts[0]
    for part in parts[1:]:
        told = np.where(np.isnan(told), part, told)
    return told


def _added(rows: DistributionRows, plan: Plan) -> _Observed:
    order = np.argsort(plan.found.ids)
    places = order[np.searchsorted(plan.found.ids, rows.series_ids, sorter=order)]
    lengths = np.diff(rows.starts)
    counts, sums, buckets = rows.counts.copy(), rows.sums.copy(), rows.buckets.copy()
    # Of a row that counts since a start, the one shortly before it goes off: same series, start and buckets, no fall.
    near = np.zeros(len(places), bool)
    near[1:] = (places[1:] == places[:-1]) & (np.diff(rows.times_ms) <= LOOK_BACK_MS)
    follows = near & rows.cumulative
    follows[1:] &= (
        (rows.start_times_ms[1:] == rows.start_times_ms[:-1])
        & (lengths[1:] == lengths[:-1])
        & (rows.counts[1:] >= rows.counts[:-1])
    )
    before = np.flatnonzero(follows)
    counts[before] -= rows.counts[before - 1]
    sums[before] -= rows.sums[before - 1]
    of_bucket = np.repeat(follows, lengths)
    back = np.repeat(np.concatenate(([0], lengths[:-1])), lengths) if len(lengths) else lengths
    at = np.flatnonzero(of_bucket)
    buckets[at] -= rows.buckets[at - back[at]]
    # One with none shortly before it says nothing about when it grew, unless it began since.
    unknown = ~near & rows.cumulative & (rows.start_times_ms < rows.times_ms - LOOK_BACK_MS)
    counts[unknown] = np.nan
    buckets[np.repeat(unknown, lengths)] = 0.0
    return _Observed(
        places, rows.times_ms, counts, sums, rows.starts, rows.lowers, rows.uppers, np.maximum(buckets, 0.0)
    )


def _figures(observed: _Observed, plan: Plan, grid: Grid) -> Floats:
    """Count, sum, mean or rate of observations of each series."""
    known = ~np.isnan(observed.counts)

    def summed(values: Floats) -> Floats:
        rows = ordered(observed.places[known], observed.times_ms[known], values[known])
        return fold(rows, len(plan.found.ids), grid, plan.window_ms, Fold("sum"))

    match plan.fold.function:
        case "sum":
            return summed(observed.sums)
        case "average":
            counts = summed(observed.counts)
            return summed(observed.sums) / np.where(counts == 0, np.nan, counts)
        case "rate":
            return summed(observed.counts) / (plan.window_ms / 1e3)
        case _:
            return summed(observed.counts)


def _quantiles(observed: Sequence[_Observed], plan: Plan, parts: Sequence[Grid]) -> Matrix:
    grouping = plan.selection.grouping
    size = len(plan.found.ids)
    groups = plan.found.grouped(grouping) if grouping else Groups(plan.found.labels, np.arange(size))
    values = np.full((len(groups.labels), sum(part.count for part in parts)), np.nan)
    if values.size > MAX_QUANTILES:
        raise InvalidInput.of("query.step", f"at most {MAX_QUANTILES:,} quantiles of histograms may be asked for")
    buckets = _in_time(observed, groups)
    first = 0
    for part in parts:
        for step, end in enumerate(part.ends_ms.tolist()):
            for group, within in buckets.within(end - plan.window_ms, end):
                values[group, first + step] = quantile(*within, plan.fold.quantile)
        first += part.count
    return Matrix(groups.labels, values)


@dataclass(frozen=True, slots=True)
class _Buckets:
    """What all histograms added to their buckets, in order of time, with the group of each."""

    times_ms: Longs
    of: npt.NDArray[np.intp]
    lowers: Floats
    uppers: Floats
    counts: Floats

    def within(self, from_ms: int, to_ms: int) -> Iterator[tuple[int, tuple[Floats, Floats, Floats]]]:
        """Each group that has any within a window: bounds and counts."""
        low, high = np.searchsorted(self.times_ms, (from_ms, to_ms)).tolist()
        of, lowers, uppers, counts = (each[low:high] for each in (self.of, self.lowers, self.uppers, self.counts))
        for group in np.unique(of).tolist():
            mine = of == group
            yield group, (lowers[mine], uppers[mine], counts[mine])


def _in_time(observed: Sequence[_Observed], groups: Groups) -> _Buckets:
    columns = []
    for one in observed:
        lengths, some = np.diff(one.starts), one.buckets > 0
        times, of = (np.repeat(each, lengths)[some] for each in (one.times_ms, groups.of[one.places]))
        columns.append((times, of, one.lowers[some], one.uppers[some], one.buckets[some]))
    times, of, lowers, uppers, counts = (np.concatenate(each) for each in zip(*columns, strict=True))
    order = np.argsort(times, kind="stable")
    return _Buckets(times[order], of[order], lowers[order], uppers[order], counts[order])


def quantile(lowers: Floats, uppers: Floats, counts: Floats, share: float) -> float:
    """The value below which a share of what is in buckets lies, evenly spread within each; NaN of nothing.

    A bucket without an end is told as the bound it has.
    """
    if not len(counts):
        return float("nan")
    bounds = np.unique(np.concatenate((lowers[np.isfinite(lowers)], uppers[np.isfinite(uppers)])))
    if not len(bounds):
        return float("nan")
    wanted = share * counts.sum()
    # What lies below each bound: of a bucket around it a part, as it is evenly spread.
    kinds, of = np.unique(np.stack([lowers, uppers], axis=1), axis=0, return_inverse=True)
    number = np.bincount(of.ravel(), weights=counts)
    low, high = kinds[:, 0], kinds[:, 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = np.clip((bounds[:, None] - low) / (high - low), 0.0, 1.0)
    parts = np.where(np.isneginf(low) | (high == low), bounds[:, None] >= high, parts)
    totals = np.where(np.isposinf(high), 0.0, parts) @ number
    place = int(np.searchsorted(totals, wanted * (1 - 1e-12)))
    if place == 0:
        return float(bounds[0])
    if place == len(bounds):
        return float(bounds[-1])
    before, after = totals[place - 1], totals[place]
    share_within = (wanted - before) / (after - before)
    return float(bounds[place - 1] + (bounds[place] - bounds[place - 1]) * share_within)


def _of_summaries(samples: SampleColumns, quantiles: Floats, plan: Plan, parts: Sequence[Grid]) -> Matrix:
    """Each quantile that a summary tells as a series of its own, with the label `quantile`."""
    order = np.argsort(plan.found.ids)
    places = order[np.searchsorted(plan.found.ids, samples.series_ids, sorter=order)]
    told = np.unique(quantiles)
    numbers = places * len(told) + np.searchsorted(told, quantiles)
    known, rows_of = np.unique(numbers, return_inverse=True)
    labels: list[Labels] = [
        {**plan.found.labels[int(each) // len(told)], "quantile": f"{told[int(each) % len(told)]:g}"} for each in known
    ]
    rows: Rows = ordered(rows_of.astype(np.intp), samples.times_ms, samples.values)
    values = joined([fold(rows, len(known), part, plan.window_ms, plan.fold) for part in parts])
    grouping = plan.selection.grouping
    if grouping is None:
        return Matrix(labels, values)
    groups = grouped_by(labels, grouping)
    return Matrix(groups.labels, aggregate(values, groups, grouping))
