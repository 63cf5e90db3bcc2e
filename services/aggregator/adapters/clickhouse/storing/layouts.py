"""Samples in the order of the store: by series, then by time, then as they came.

Senders repeat the same column of series ids. What a column takes to put in order is worked out once and remembered,
and recognised by comparing memory. Beside it stand the decimals of each series (see decimals.py), as seen so far.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from services.aggregator.adapters.clickhouse.storing.decimals import Counts, Exponents, decompose
from services.aggregator.ports.records import Floats, Ids, Longs, SampleColumns

REMEMBERED_ROWS = 2_000_000
ALIKE = 4
REMEMBERED_UNIONS = 16
# A radix sort is there for 16 bits; above it costs ten times as much.
FEW = 1 << 16

Places = npt.NDArray[np.integer]


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """One column of ids: the distinct ones in order, and the place of each row among them.

    Where every series has equally many rows, `order` holds the rows of each, series by series.
    """

    ids: Ids
    distinct: Ids
    places: Places
    order: npt.NDArray[np.intp] | None


@dataclass(frozen=True, slots=True)
class _Union:
    """The series of several layouts together, in order; for each layout the places of its rows among them."""

    series: Ids
    places: dict[_Layout, Places]
    exponents: Exponents


@dataclass(frozen=True, slots=True)
class OrderedSamples:
    """Samples by series and time: `counts` rows of each of `series`, their times, their values, these as integers."""

    series: Ids
    counts: Counts
    times_ms: Longs
    values: Floats
    mantissas: Longs
    exponents: Exponents

    @property
    def series_ids(self) -> Ids:
        """The series of each row."""
        return np.repeat(self.series, self.counts)


@dataclass(slots=True)
class Layouts:
    """What is remembered. May be used by several threads."""

    _layouts: OrderedDict[tuple[int, int, int], list[_Layout]] = field(default_factory=OrderedDict)
    _unions: OrderedDict[frozenset[_Layout], _Union] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _rows: int = 0

    def ordered(self, blocks: Sequence[SampleColumns]) -> OrderedSamples:
        """The rows of all blocks (at least one, none empty) in order."""
        with self._lock:
            layouts = [self._layout(block.series_ids) for block in blocks]
            union = self._union(layouts)
            # Others may let it grow meanwhile.
            exponents = union.exponents.copy()
        order, counts = _arranged(layouts, union)
        values = np.concatenate([block.values for block in blocks]).take(order)
        times = np.concatenate([block.times_ms for block in blocks]).take(order)
        if (by_time := _by_time(counts, times)) is not None:
            values, times = values.take(by_time), times.take(by_time)
        mantissas, per_row = decompose(counts, exponents, values)
        union.exponents[:] = exponents
        return OrderedSamples(union.series, counts, times, values, mantissas, per_row)

    def _layout(self, ids: Ids) -> _Layout:
        key = (len(ids), int(ids[0]), int(ids[-1]))
        alike = self._layouts.setdefault(key, [])
        self._layouts.move_to_end(key)
        for known in alike:
            if np.array_equal(known.ids, ids):
                return known
        distinct, places = np.unique(ids, return_inverse=True)
        made = _layout_of(ids.copy(), distinct, _narrow(places, len(distinct)))
        alike.insert(0, made)
        self._rows += len(ids)
        self._forget(alike)
        return made

    def _forget(self, alike: list[_Layout]) -> None:
        if len(alike) > ALIKE:
            self._rows -= len(alike.pop().ids)
        while self._rows > REMEMBERED_ROWS and len(self._layouts) > 1:
            _key, gone = self._layouts.popitem(last=False)
            self._rows -= sum(len(layout.ids) for layout in gone)

    def _union(self, layouts: Sequence[_Layout]) -> _Union:
        key = frozenset(layouts)
        union = self._unions.get(key)
        if union is None:
            series = np.unique(np.concatenate([layout.distinct for layout in key]))
            places = {
                layout: _narrow(np.searchsorted(series, layout.distinct), len(series)).take(layout.places)
                for layout in key
            }
            union = self._unions[key] = _Union(series, places, np.zeros(len(series), np.int8))
            if len(self._unions) > REMEMBERED_UNIONS:
                self._unions.popitem(last=False)
        else:
            self._unions.move_to_end(key)
        return union


def _narrow(places: npt.NDArray[np.intp], size: int) -> Places:
    return places.astype(np.uint16 if size <= FEW else np.uint32)


def _layout_of(ids: Ids, distinct: Ids, places: Places) -> _Layout:
    counts = np.bincount(places)
    even = bool((counts == counts[0]).all())
    return _Layout(ids, distinct, places, _order(places).reshape(len(distinct), 1, -1) if even else None)


def _arranged(layouts: Sequence[_Layout], union: _Union) -> tuple[npt.NDArray[np.intp], Counts]:
    """The order of all rows by series, and how many each series has."""
    first = layouts[0]
    if first.order is not None and all(layout is first for layout in layouts):
        # The same sender again and again: no sort is needed.
        starts = np.arange(len(layouts)) * len(first.ids)
        order = (first.order + starts[:, np.newaxis]).reshape(-1)
        return order, np.full(len(union.series), len(layouts) * first.order.shape[2])
    places = np.concatenate([union.places[layout] for layout in layouts])
    return _order(places), np.bincount(places, minlength=len(union.series))


def _by_time(counts: Counts, times_ms: Longs) -> npt.NDArray[np.intp] | None:
    """The order of rows by series and time; None where they are in it, as those of one sender are."""
    earlier = np.flatnonzero(times_ms[1:] < times_ms[:-1]) + 1
    if np.isin(earlier, np.cumsum(counts), assume_unique=False).all():
        return None
    first = times_ms.min()
    return np.argsort(
        np.repeat(np.arange(len(counts)), counts) * (times_ms.max() - first + 1) + (times_ms - first), kind="stable"
    )


def _order(places: Places) -> npt.NDArray[np.intp]:
    """The stable order of places."""
    if places.dtype == np.uint16:
        return np.argsort(places, kind="stable")
    low = np.argsort((places & (FEW - 1)).astype(np.uint16), kind="stable")
    high = np.argsort((places >> 16).astype(np.uint16).take(low), kind="stable")
    return low.take(high)
