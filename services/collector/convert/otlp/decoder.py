"""The number points of a metrics request as columns, by the compiled walk of number_points.c.

Where it was not compiled (`make setup` says so) there is none, and convert/otlp/walk.py reads the request in Python.
"""

import ctypes
import secrets
import sys
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

LIBRARY = Path(__file__).with_name("number_points.so")
MAX_POINTS = 100_000
METRIC_WORDS = 11
KNOWN, NO_RECORD, NO_VALUE, EXEMPLARS = 1, 2, 4, 8
TOO_MANY = -2
# A table of one tenant: 24 bytes an entry, at most half of them used. The least recently used tenant goes first.
FIRST_ENTRIES = 1 << 12
MOST_ENTRIES = 1 << 20
TENANTS = 64

Words = npt.NDArray[np.uint64]


class TooManyPoints(Exception):
    """A request holds more points than one may."""


class _Scan(ctypes.Structure):
    """`Scan` of number_points.c."""

    _fields_ = (
        ("message", ctypes.c_char_p),
        ("length", ctypes.c_uint64),
        ("table", ctypes.c_void_p),
        ("table_mask", ctypes.c_uint64),
        ("seed_high", ctypes.c_uint64),
        ("seed_low", ctypes.c_uint64),
        ("point_capacity", ctypes.c_uint64),
        ("metric_capacity", ctypes.c_uint64),
        *((name, ctypes.c_void_p) for name in (
            "keys", "ids", "times", "values", "point_metrics", "point_slices", "point_flags", "metrics"
        )),
        ("points", ctypes.c_uint64),
        ("metric_count", ctypes.c_uint64),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Points:
    """Columns of one request. `metrics` holds a row per metric: offset and length of resource, scope, metric, name and
    unit in the message, then its kind (0: no number points).
    """

    keys: Words
    ids: npt.NDArray[np.uint64]
    times_ns: npt.NDArray[np.uint64]
    values: npt.NDArray[np.float64]
    point_metrics: npt.NDArray[np.uint32]
    slices: npt.NDArray[np.uint32]
    flags: npt.NDArray[np.uint8]
    metrics: npt.NDArray[np.uint32]


@cache
def _library() -> Any | None:
    if sys.byteorder != "little":
        return None
    try:
        library = ctypes.CDLL(str(LIBRARY))
    except OSError:
        return None
    library.binnacle_scan.restype = library.binnacle_learn.restype = ctypes.c_int64
    library.binnacle_scan.argtypes = [ctypes.POINTER(_Scan)]
    library.binnacle_learn.argtypes = [ctypes.c_void_p, ctypes.c_uint64, *[ctypes.c_void_p] * 2, ctypes.c_uint64]
    return library


def available() -> bool:
    """Whether the walk was compiled for this machine."""
    return _library() is not None


class _Table:
    """Identities by key, for one tenant."""

    def __init__(self) -> None:
        self.entries: Words = np.zeros((FIRST_ENTRIES, 3), np.uint64)
        self._used = 0

    def learn(self, library: Any, keys: Words, ids: Words) -> None:
        if 2 * (self._used + len(ids)) > len(self.entries):
            self._make_room(library, len(ids))
        if 2 * (self._used + len(ids)) <= len(self.entries):
            self._used += _enter(library, self.entries, keys, ids)

    def _make_room(self, library: Any, wanted: int) -> None:
        former = self.entries[self.entries[:, 0] != 0]
        size = len(self.entries)
        while size < MOST_ENTRIES and 2 * (len(former) + wanted) > size:
            size *= 2
        if 2 * (len(former) + wanted) > size:
            former = former[:0]  # Full: who is still there is learnt again.
        self.entries = np.zeros((size, 3), np.uint64)
        keys, ids = np.ascontiguousarray(former[:, :2]), np.ascontiguousarray(former[:, 2])
        self._used = _enter(library, self.entries, keys, ids)


def _enter(library: Any, entries: Words, keys: Words, ids: Words) -> int:
    fresh: int = library.binnacle_learn(
        entries.ctypes.data, len(entries) - 1, keys.ctypes.data, ids.ctypes.data, len(ids)
    )
    return fresh


class Decoder:
    """Reads requests of any tenant, and remembers the identities of their series. For one thread."""

    def __init__(self, compiled: bool = True) -> None:
        self._library = _library() if compiled else None
        self._tables: OrderedDict[str, _Table] = OrderedDict()
        # Nobody can make two series of one key without knowing it.
        self._seed = (secrets.randbits(64), secrets.randbits(64))
        self._columns = _buffers() if self._library else {}

    def scan(self, tenant: str, message: bytes) -> Points | None:
        """The points of a request; None when it has to be read in Python. Raises TooManyPoints."""
        library = self._library
        if library is None:
            return None
        entries = self._table(tenant).entries
        scan = _Scan(
            message=message, length=len(message), table=entries.ctypes.data, table_mask=len(entries) - 1,
            seed_high=self._seed[0], seed_low=self._seed[1], point_capacity=MAX_POINTS, metric_capacity=MAX_POINTS,
            **{name: column.ctypes.data for name, column in self._columns.items()},
        )  # fmt: skip
        told = library.binnacle_scan(ctypes.byref(scan))
        if told == TOO_MANY:
            raise TooManyPoints
        return self._points(scan.points, scan.metric_count) if told == 0 else None

    def learn(self, tenant: str, keys: Words, ids: Words) -> None:
        """Remember identities; only of series that are durable."""
        if self._library is not None and len(ids):
            columns = (np.ascontiguousarray(keys, np.uint64), np.ascontiguousarray(ids, np.uint64))
            self._table(tenant).learn(self._library, *columns)

    def _points(self, points: int, metrics: int) -> Points:
        of = self._columns
        return Points(
            of["keys"][:points].copy(),
            of["ids"][:points].copy(),
            of["times"][:points].copy(),
            of["values"][:points].copy(),
            of["point_metrics"][:points].copy(),
            of["point_slices"][:points].copy(),
            of["point_flags"][:points].copy(),
            of["metrics"][:metrics].copy(),
        )

    def _table(self, tenant: str) -> _Table:
        table = self._tables.get(tenant)
        if table is None:
            table = self._tables[tenant] = _Table()
            if len(self._tables) > TENANTS:
                self._tables.popitem(last=False)
        self._tables.move_to_end(tenant)
        return table


def _buffers() -> dict[str, npt.NDArray[Any]]:
    """The longest columns a request may need; pages that no request used cost nothing."""
    return {
        "keys": np.empty((MAX_POINTS, 2), np.uint64),
        "ids": np.empty(MAX_POINTS, np.uint64),
        "times": np.empty(MAX_POINTS, np.uint64),
        "values": np.empty(MAX_POINTS, np.float64),
        "point_metrics": np.empty(MAX_POINTS, np.uint32),
        "point_slices": np.empty((MAX_POINTS, 2), np.uint32),
        "point_flags": np.empty(MAX_POINTS, np.uint8),
        "metrics": np.empty((MAX_POINTS, METRIC_WORDS), np.uint32),
    }
