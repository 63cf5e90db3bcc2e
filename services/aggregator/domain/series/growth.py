"""What counters did within stretches of time: a rate over millions of samples is made of some thousands of them.

A stretch is what came of a series within one second: its first and its last sample, how many there are, and what
restarts between them took away. Stretches one after the other come to exactly what their samples do. Of those that
overlap, since samples came in another order than that of their times, nobody knows: they stay apart, and are found.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.aggregator.domain.series.folding import (
    Places,
    Rows,
    extrapolated,
    order_of,
    ordered,
    places_of,
    windows_of,
)
from services.aggregator.domain.series.grid import Grid
from services.aggregator.ports.records import Flags, Floats, Ids, Longs, SampleColumns

STRETCH_MS = 1_000


@dataclass(frozen=True, slots=True)
class Stretches:
    """One row each; times in milliseconds. `restarts` is the sum of the values that series fell from."""

    series_ids: Ids
    first_ms: Longs
    firsts: Floats
    last_ms: Longs
    lasts: Floats
    counts: Longs
    restarts: Floats

    def __len__(self) -> int:
        return len(self.series_ids)

    def chosen(self, rows: Flags | Places) -> "Stretches":
        """Some of them."""
        return Stretches(
            self.series_ids[rows],
            self.first_ms[rows],
            self.firsts[rows],
            self.last_ms[rows],
            self.lasts[rows],
            self.counts[rows],
            self.restarts[rows],
        )


def stretches_of(samples: SampleColumns) -> Stretches:
    """What samples come to, in order of series and time; the marks that end a series are none."""
    ids = np.unique(samples.series_ids)
    rows = ordered(places_of(ids, samples.series_ids), samples.times_ms, samples.values)
    single = singles(SampleColumns(ids[rows.places], rows.times_ms, rows.values))
    return _put_together(single, _begins(single))


def singles(samples: SampleColumns) -> Stretches:
    """Each sample as a stretch of its own."""
    ids, times, values = samples.series_ids, samples.times_ms, samples.values
    return Stretches(ids, times, values, times, values, np.ones(len(values), np.int64), np.zeros(len(values)))


def joined(parts: Sequence[Stretches]) -> Stretches:
    """One after the other. There is at least one part."""
    return Stretches(
        np.concatenate([each.series_ids for each in parts]),
        np.concatenate([each.first_ms for each in parts]),
        np.concatenate([each.firsts for each in parts]),
        np.concatenate([each.last_ms for each in parts]),
        np.concatenate([each.lasts for each in parts]),
        np.concatenate([each.counts for each in parts]),
        np.concatenate([each.restarts for each in parts]),
    )


def together(parts: Sequence[Stretches]) -> Stretches:
    """In order of series and time; what came of a second in several parts is one, unless it overlaps."""
    rows = in_order(joined(parts))
    return _put_together(rows, _begins(rows) | overlapping(rows))


def in_order(rows: Stretches) -> Stretches:
    """In order of series and time."""
    if not len(rows):
        return rows
    ids = np.unique(rows.series_ids)
    return rows.chosen(order_of(places_of(ids, rows.series_ids), rows.first_ms, rows.firsts))


def overlapping(rows: Stretches) -> Flags:
    """Which begin before the one ended that precedes them; of those in order."""
    same = rows.series_ids[1:] == rows.series_ids[:-1]
    return _after_first(same & (rows.first_ms[1:] <= rows.last_ms[:-1]), len(rows))


def increase(rows: Stretches, places: Places, series: int, grid: Grid, window_ms: int) -> Floats:
    """As `fold` has it of the samples; of rows in order, none of which reaches over the end of a window."""
    if not len(rows):
        return np.full((series, grid.count), np.nan)
    windows = windows_of(Rows(places, rows.first_ms, rows.firsts), series, grid, window_ms)
    low, last = np.minimum(windows.low, len(rows) - 1), np.maximum(windows.high - 1, 0)
    grown = rows.lasts[last] - rows.firsts[low] + np.nan_to_num(windows.reduced(np.add, rows.restarts))
    grown += np.nan_to_num(windows.reduced(np.add, _lost(rows), shift=1))
    gaps = np.nan_to_num(windows.reduced(np.add, rows.counts.astype(np.float64))) - 1
    ends = (rows.first_ms[low], rows.last_ms[last])
    return extrapolated(grown, rows.firsts[low], *ends, gaps, windows)


def _begins(rows: Stretches) -> Flags:
    """Which are of another series or second than the one that precedes them."""
    seconds = rows.first_ms // STRETCH_MS
    other = (rows.series_ids[1:] != rows.series_ids[:-1]) | (seconds[1:] != seconds[:-1])
    return np.concatenate((np.ones(min(len(rows), 1), bool), other))


def _put_together(rows: Stretches, begins: Flags) -> Stretches:
    if begins.all():
        return rows
    starts = np.flatnonzero(begins)
    ends = np.append(starts[1:], len(rows)) - 1
    return Stretches(
        rows.series_ids[starts],
        rows.first_ms[starts],
        rows.firsts[starts],
        rows.last_ms[ends],
        rows.lasts[ends],
        np.add.reduceat(rows.counts, starts),
        np.add.reduceat(rows.restarts + np.where(begins, 0.0, _lost(rows)), starts),
    )


def _lost(rows: Stretches) -> Floats:
    """What each row's series fell from since the row before."""
    fell = rows.firsts[1:] < rows.lasts[:-1]
    return np.concatenate((np.zeros(min(len(rows), 1)), np.where(fell, rows.lasts[:-1], 0.0)))


def _after_first(rest: Flags, length: int) -> Flags:
    return np.concatenate((np.zeros(min(length, 1), bool), rest))
