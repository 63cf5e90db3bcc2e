"""What the roll-ups of each series come to within windows that are whole buckets."""

from collections.abc import Mapping

import numpy as np

from services.aggregator.ports.records import Floats
from services.aggregator.ports.time_series import CellField, Function

Cells = Mapping[CellField, Floats]
"""For each field a value per series and bucket, NaN where there is none."""

FIELDS: Mapping[Function, tuple[CellField, ...]] = {
    "average": ("sum", "count"),
    "sum": ("sum",),
    "count": ("count",),
    "minimum": ("min",),
    "maximum": ("max",),
    "last": ("last",),
}
"""The functions for which roll-ups are exact, and what they need."""
OF_FIELD: Mapping[CellField, Function] = {
    "count": "count",
    "sum": "sum",
    "min": "minimum",
    "max": "maximum",
    "last": "last",
}
"""What makes a field of the samples of a bucket."""


def fold_cells(cells: Cells, function: Function, steps: int, every: int, window: int) -> Floats:
    """One value per series and step: step `j` is made of buckets `[j * every, j * every + window)`."""
    match function:
        case "average":
            return _added(cells["sum"], steps, every, window) / _added(cells["count"], steps, every, window)
        case "sum":
            return _added(cells["sum"], steps, every, window)
        case "count":
            return _added(cells["count"], steps, every, window)
        case "minimum":
            return _each(np.fmin, cells["min"], steps, every, window)
        case "maximum":
            return _each(np.fmax, cells["max"], steps, every, window)
        case _:
            return _newest(cells["last"], steps, every, window)


def _column(values: Floats, at: int, steps: int, every: int) -> Floats:
    return values[:, at : at + every * (steps - 1) + 1 : every]


def _added(values: Floats, steps: int, every: int, window: int) -> Floats:
    if window == 1:
        return _column(values, 0, steps, every)
    told = np.zeros((len(values), steps))
    some = np.zeros((len(values), steps), bool)
    for at in range(window):
        part = _column(values, at, steps, every)
        known = ~np.isnan(part)
        np.add(told, part, out=told, where=known)
        some |= known
    told[~some] = np.nan
    return told


def _each(operation: np.ufunc, values: Floats, steps: int, every: int, window: int) -> Floats:
    told = _column(values, 0, steps, every)
    for at in range(1, window):
        told = operation(told, _column(values, at, steps, every))
    return told


def _newest(values: Floats, steps: int, every: int, window: int) -> Floats:
    told = _column(values, window - 1, steps, every)
    for at in range(window - 2, -1, -1):
        missing = np.isnan(told)
        if not missing.any():
            break
        told = np.where(missing, _column(values, at, steps, every), told)
    return told
