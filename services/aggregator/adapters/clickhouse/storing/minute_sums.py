"""What samples come to by series and minute, as columns: worked out of a segment, and of several together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.aggregator.adapters.clickhouse.storing.decimals import Counts
from services.aggregator.adapters.clickhouse.storing.layouts import OrderedSamples
from services.aggregator.ports.records import Flags, Floats, Ids, Longs
from services.aggregator.ports.rollups import MINUTE

MINUTE_MS = MINUTE * 1_000
Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class MinuteSums:
    """`rows[i]` rows of `series[i]`, by minute (its number since the Unix epoch); `last` is the value of the newest
    sample, of several at one time the largest. NaN is no value.
    """

    series: Ids
    rows: Counts
    minutes: Longs
    counts: Longs
    sums: Floats
    least: Floats
    greatest: Floats
    last_ms: Longs
    last: Floats

    def __len__(self) -> int:
        return len(self.minutes)

    @property
    def series_ids(self) -> Ids:
        """The series of each row."""
        return np.repeat(self.series, self.rows)

    def only(self, chosen: Flags) -> "MinuteSums":
        """Some of the rows."""
        rows = np.bincount(np.repeat(np.arange(len(self.series)), self.rows)[chosen], minlength=len(self.series))
        return MinuteSums(
            self.series,
            rows,
            self.minutes[chosen],
            self.counts[chosen],
            self.sums[chosen],
            self.least[chosen],
            self.greatest[chosen],
            self.last_ms[chosen],
            self.last[chosen],
        )


def minute_sums(samples: OrderedSamples) -> MinuteSums:
    """What the samples of a segment come to; they are at least one."""
    rows, times, values = samples.counts, samples.times_ms, samples.values
    real = ~np.isnan(values)
    if not real.all():
        rows = np.bincount(np.repeat(np.arange(len(rows)), rows)[real], minlength=len(rows))
        times, values = times[real], values[real]
    ends = np.cumsum(rows)
    minutes = times // MINUTE_MS
    at = _starts(minutes, (ends - rows)[rows > 0])
    of_series = np.diff(np.searchsorted(at, ends), prepend=0)
    if not len(at):
        return MinuteSums(samples.series, of_series, minutes, times, values, values, values, times, values)
    sizes = np.diff(at, append=len(values))
    newest = at + sizes - 1
    return MinuteSums(
        samples.series,
        of_series,
        minutes[at],
        sizes.astype(np.int64),
        np.add.reduceat(values, at),
        np.minimum.reduceat(values, at),
        np.maximum.reduceat(values, at),
        times[newest],
        _largest(at, sizes, times == np.repeat(times[newest], sizes), values),
    )


def together(parts: Sequence[MinuteSums]) -> MinuteSums:
    """What several, at least one, come to as one."""
    series = np.unique(np.concatenate([part.series for part in parts]))
    places = np.concatenate([np.repeat(np.searchsorted(series, part.series), part.rows) for part in parts])
    minutes = np.concatenate([part.minutes for part in parts])
    if not len(minutes):
        return parts[0]
    first = minutes.min()
    keys = places * (minutes.max() - first + 1) + (minutes - first)
    order = np.argsort(keys, kind="stable")
    at = _starts(keys[order], np.zeros(1, np.intp))
    places, last_ms = places[order], np.concatenate([part.last_ms for part in parts])[order]
    sizes = np.diff(at, append=len(order))
    newest = np.maximum.reduceat(last_ms, at)
    return MinuteSums(
        series,
        np.bincount(places[at], minlength=len(series)),
        minutes[order[at]],
        np.add.reduceat(np.concatenate([part.counts for part in parts])[order], at),
        np.add.reduceat(np.concatenate([part.sums for part in parts])[order], at),
        np.minimum.reduceat(np.concatenate([part.least for part in parts])[order], at),
        np.maximum.reduceat(np.concatenate([part.greatest for part in parts])[order], at),
        newest,
        _largest(at, sizes, last_ms == np.repeat(newest, sizes), np.concatenate([part.last for part in parts])[order]),
    )


def _starts(numbers: Longs, besides: Places) -> Places:
    """Where a number differs from the one before it, or something else begins."""
    starts = np.zeros(len(numbers), bool)
    np.not_equal(numbers[1:], numbers[:-1], out=starts[1:])
    starts[besides] = True
    return np.flatnonzero(starts)


def _largest(at: Places, sizes: Counts, chosen: Flags, values: Floats) -> Floats:
    """Of each group the largest value among those chosen, at least one."""
    if np.count_nonzero(chosen) == len(at):
        return values[chosen]
    largest: Floats = np.maximum.reduceat(np.where(chosen, values, -np.inf), at)
    return largest
