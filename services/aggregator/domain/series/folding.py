"""What the samples of each series come to within windows of time, whatever their number: no step costs a loop."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.aggregator.domain.series.grid import Grid
from services.aggregator.ports.records import Floats, Ids, Longs, SampleColumns
from services.aggregator.ports.time_series import Fold

Places = npt.NDArray[np.intp]
_NEAR = 1.1


@dataclass(frozen=True, slots=True)
class Rows:
    """Samples in order of series (by its place among those asked for) and time, none of them NaN."""

    places: Places
    times_ms: Longs
    values: Floats


def ordered(places: Places, times_ms: Longs, values: Floats) -> Rows:
    """Samples in order, of several at one time by value; those that mark the end of a series are left out."""
    kept = ~np.isnan(values)
    if not kept.all():
        places, times_ms, values = places[kept], times_ms[kept], values[kept]
    if not len(values):
        return Rows(places, times_ms, values)
    order = order_of(places, times_ms, values)
    return Rows(places[order], times_ms[order], values[order])


def order_of(places: Places, times_ms: Longs, values: Floats) -> Places:
    """Which row is the first, the second and so on by place, time and value. There is at least one."""
    first = int(times_ms.min())
    keys = places * (int(times_ms.max()) - first + 1) + (times_ms - first)
    # They come in a few stretches that are in order, which a stable sort makes use of.
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    if (keys[1:] == keys[:-1]).any():
        order = order[np.lexsort((values[order], keys))]
    return order


def places_of(ids: Ids, told: Ids) -> Places:
    """The place in `ids` of each that is told, -1 where it is none of them."""
    if not len(ids) or not len(told):
        return np.full(len(told), -1, np.intp)
    # Neighbours are mostly of one series: only where it changes is it looked up.
    starts = np.flatnonzero(np.concatenate(([True], told[1:] != told[:-1])))
    order = np.argsort(ids)
    found = order[np.minimum(np.searchsorted(ids, told[starts], sorter=order), len(ids) - 1)]
    places = np.where(ids[found] == told[starts], found, -1)
    return np.repeat(places, np.diff(np.append(starts, len(told))))


def in_order(samples: SampleColumns, ids: Ids, from_ms: int, to_ms: int, *, newest: bool) -> SampleColumns:
    """Samples of series within a range in order of series and time; or the newest of each."""
    places = places_of(ids, samples.series_ids)
    kept = (places >= 0) & (samples.times_ms >= from_ms) & (samples.times_ms < to_ms)
    rows = ordered(places[kept], samples.times_ms[kept], samples.values[kept])
    if newest and len(rows.places):
        last = np.append(rows.places[1:] != rows.places[:-1], True)
        rows = Rows(rows.places[last], rows.times_ms[last], rows.values[last])
    return SampleColumns(ids[rows.places], rows.times_ms, rows.values)


@dataclass(frozen=True, slots=True)
class Windows:
    """Of each series and step: rows `[low, high)`; and where the windows begin and end."""

    low: Places
    high: Places
    starts_ms: Longs
    ends_ms: Longs

    @property
    def empty(self) -> npt.NDArray[np.bool_]:
        """Which have no row."""
        return self.high <= self.low

    def reduced(self, operation: np.ufunc, values: Floats, shift: int = 0) -> Floats:
        """`operation` over each window, from `shift` rows after its first on; NaN where it is empty."""
        # Each pair is a slice; one more row, so that a slice may end behind the last.
        pairs = np.stack([np.minimum(self.low + shift, len(values)), self.high], axis=-1).ravel()
        padded = np.append(values, 0.0)
        result: Floats = operation.reduceat(padded, pairs)[::2].reshape(self.low.shape)
        return np.where(self.high <= self.low + shift, np.nan, result)


def fold(rows: Rows, series: int, grid: Grid, window_ms: int, what: Fold) -> Floats:
    """One value per series and step, NaN where there is none."""
    if not len(rows.values):
        return np.full((series, grid.count), np.nan)
    windows = windows_of(rows, series, grid, window_ms)
    counts = (windows.high - windows.low).astype(np.float64)
    nothing = windows.empty
    match what.function:
        case "count":
            return np.where(nothing, np.nan, counts)
        case "last":
            return np.where(nothing, np.nan, rows.values[np.maximum(windows.high - 1, 0)])
        case "sum":
            return windows.reduced(np.add, rows.values)
        case "average":
            return windows.reduced(np.add, rows.values) / np.where(nothing, np.nan, counts)
        case "minimum":
            return windows.reduced(np.minimum, rows.values)
        case "maximum":
            return windows.reduced(np.maximum, rows.values)
        case "increase" | "rate":
            grown = _increase(rows, windows)
            return grown / (window_ms / 1e3) if what.function == "rate" else grown
        case "quantile":
            return _sorted(rows, windows).quantile(what.quantile)
        case "distinct":
            return _sorted(rows, windows).distinct()


def windows_of(rows: Rows, series: int, grid: Grid, window_ms: int) -> Windows:
    """The windows that end with the steps of a grid, over rows in order."""
    ends = grid.ends_ms
    starts = ends - window_ms
    base = min(int(rows.times_ms.min()), int(starts[0]))
    span = max(int(rows.times_ms.max()), int(ends[-1])) - base + 2
    keys = rows.places * span + (rows.times_ms - base)
    first = np.arange(series, dtype=np.int64)[:, None] * span
    low = np.searchsorted(keys, (first + (starts - base)).ravel()).reshape(series, grid.count)
    high = np.searchsorted(keys, (first + (ends - base)).ravel()).reshape(series, grid.count)
    return Windows(low, high, starts, ends)


def _increase(rows: Rows, windows: Windows) -> Floats:
    """As Prometheus has it: see FUNCTION_INCREASE in query.proto."""
    values, times = rows.values, rows.times_ms
    low = np.minimum(windows.low, len(values) - 1)
    last = np.maximum(windows.high - 1, 0)
    restarts = np.zeros(len(values))
    fell = values[1:] < values[:-1]
    restarts[1:][fell] = values[:-1][fell]
    grown = values[last] - values[low] + np.nan_to_num(windows.reduced(np.add, restarts, shift=1))
    gaps = windows.high - windows.low - 1
    return extrapolated(grown, values[low], times[low], times[last], gaps, windows)


def extrapolated(
    grown: Floats, firsts: Floats, first_ms: Longs, last_ms: Longs, gaps: Floats | Places, windows: Windows
) -> Floats:
    """What counters grew by in each window: `grown` from the first sample on until the last, over so many gaps."""
    between = (last_ms - first_ms).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = between / gaps
        to_start = (first_ms - windows.starts_ms).astype(np.float64)
        to_zero = between * (firsts / grown)
        to_start = np.where((grown > 0) & (firsts >= 0) & (to_zero < to_start), to_zero, to_start)
        to_end = (windows.ends_ms - last_ms).astype(np.float64)
        covered = between + sum(np.where(one < mean * _NEAR, one, mean / 2) for one in (to_start, to_end))
        told = grown * (covered / between)
    return np.where((gaps < 1) | (between <= 0), np.nan, told)


@dataclass(frozen=True, slots=True)
class _Sorted:
    """The values of each window in rising order, window after window."""

    values: Floats
    starts: Places
    counts: Places
    shape: tuple[int, int]

    def quantile(self, share: float) -> Floats:
        rank = share * np.maximum(self.counts - 1, 0)
        lower = np.floor(rank).astype(np.intp)
        upper = np.minimum(lower + 1, np.maximum(self.counts - 1, 0))
        padded = np.append(self.values, np.nan)
        ends = len(self.values)
        low = padded[np.minimum(self.starts + lower, ends)]
        high = padded[np.minimum(self.starts + upper, ends)]
        # Between equal neighbours nothing is calculated, so that nothing is lost to rounding.
        told = np.where(low == high, low, low + (high - low) * (rank - lower))
        return np.where(self.counts > 0, told, np.nan).reshape(self.shape)

    def distinct(self) -> Floats:
        fresh = np.ones(len(self.values) + 1)
        fresh[1:-1] = self.values[1:] != self.values[:-1]
        fresh[np.minimum(self.starts, len(self.values))] = 1.0
        sums = np.concatenate(([0.0], np.cumsum(fresh)))
        told = sums[self.starts + self.counts] - sums[self.starts]
        return np.where(self.counts > 0, told, np.nan).reshape(self.shape)


def _sorted(rows: Rows, windows: Windows) -> _Sorted:
    low, counts = windows.low.ravel(), np.maximum(windows.high - windows.low, 0).ravel()
    starts = np.concatenate(([0], np.cumsum(counts)[:-1])).astype(np.intp)
    of = np.repeat(np.arange(len(counts)), counts)
    values = rows.values[low[of] + np.arange(len(of)) - starts[of]]
    return _Sorted(values[np.lexsort((values, of))], starts, counts, (windows.low.shape[0], windows.low.shape[1]))
