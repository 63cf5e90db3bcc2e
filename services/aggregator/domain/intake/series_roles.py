"""Which series the live overview looks at: traffic of services, and gauges of machines.

Only these are kept, so that memory does not grow with the series of a tenant.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from services.aggregator.ports.records import Ids, Series
from services.core import conventions

# MetricKind: a running total does not add up; its values are no increments.
COUNTER_KIND = 2
# MetricKind: histograms of either sort.
DISTRIBUTION_KINDS = (4, 5)
MAX_SERIES = 200_000


class Role(IntEnum):
    """What the values of a series feed."""

    REQUESTS = 0
    ERRORS = 1
    LATENCY = 2
    MACHINE = 3
    DURATION = 4


_TRAFFIC = {
    conventions.REQUESTS: Role.REQUESTS,
    conventions.ERRORS: Role.ERRORS,
    conventions.LATENCY: Role.LATENCY,
}
LIVE_NAMES: tuple[str, ...] = (
    *conventions.TRAFFIC_METRICS,
    *conventions.MACHINE_METRICS,
    *conventions.DURATION_METRICS,
)


@dataclass(frozen=True, slots=True)
class RoleColumns:
    """Rows of a block that have a role: their places in the block, what they feed, and the entry of their series."""

    rows: npt.NDArray[np.intp]
    roles: npt.NDArray[np.int8]
    entries: npt.NDArray[np.intp]


class SeriesRoles:
    """The series of one tenant that have a role; at most MAX_SERIES, later ones have none.

    One thread learns; others may select meanwhile and see each series from some moment on.
    """

    def __init__(self) -> None:
        self._entries: dict[int, int] = {}
        self._known: list[Series] = []
        self._roles: list[Role] = []
        # Services that tell the duration of every request: their spans are the same requests once more.
        self.timed_services: set[str] = set()
        self._version = 0
        self._sorted: tuple[int, _Index] = (0, _index_of([], []))

    def learn(self, series: Iterable[Series]) -> None:
        """Take in definitions; one seen before is replaced."""
        for one in series:
            role = _role(one)
            entry = self._entries.get(one.id)
            if role is None or (entry is None and len(self._known) >= MAX_SERIES):
                continue
            if entry is None:
                self._entries[one.id] = len(self._known)
                # The role last: a thread that selects takes as many series as there are roles.
                self._known.append(one)
                self._roles.append(role)
            else:
                self._known[entry] = one
                self._roles[entry] = role
            if role is Role.DURATION:
                self.timed_services.add(one.labels.get(conventions.SERVICE_LABEL, ""))
            self._version += 1

    def series(self, entry: int) -> Series:
        """The definition of an entry of RoleColumns."""
        return self._known[entry]

    def by_id(self, series_id: int) -> Series | None:
        """The definition of a series with a role."""
        entry = self._entries.get(series_id)
        return None if entry is None else self._known[entry]

    def select(self, series_ids: Ids) -> RoleColumns:
        """The rows that have a role."""
        ids, roles, entries = self._index()
        if not len(ids):
            nothing = np.empty(0, np.intp)
            return RoleColumns(nothing, np.empty(0, np.int8), nothing)
        places = np.minimum(np.searchsorted(ids, series_ids), len(ids) - 1)
        rows = np.flatnonzero(ids[places] == series_ids)
        found = places[rows]
        return RoleColumns(rows, roles[found], entries[found])

    def _index(self) -> "_Index":
        version, index = self._sorted
        if version != self._version:
            version = self._version
            index = _index_of(self._known, list(self._roles))
            self._sorted = (version, index)
        return index


_Index = tuple[Ids, npt.NDArray[np.int8], npt.NDArray[np.intp]]


def _index_of(known: Sequence[Series], roles: Sequence[Role]) -> _Index:
    """Ids in rising order, with role and entry of each."""
    ids = np.array([series.id for series in known[: len(roles)]], np.uint64)
    order = np.argsort(ids)
    return ids[order], np.array(roles, np.int8)[order], order


def _role(series: Series) -> Role | None:
    role = _TRAFFIC.get(series.name)
    if role is not None:
        return None if series.kind == COUNTER_KIND and role is not Role.LATENCY else role
    if series.name in conventions.DURATION_METRICS:
        return Role.DURATION if series.kind in DISTRIBUTION_KINDS else None
    return Role.MACHINE if series.name in conventions.MACHINE_METRICS else None
