"""The last five minutes of a tenant's traffic, by second, service and endpoint; of fixed size."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.aggregator.domain.intake.buckets import percentiles
from services.aggregator.domain.intake.signals import Key, subset
from services.aggregator.ports.records import Floats
from services.aggregator.ports.signals import SignalColumns
from services.core.conventions import FIGURES_WINDOW

MAX_KEYS = 1_000
MAX_SERVICES = 200
OTHER = "other"
"""Stands for the services or endpoints of a tenant that has more than these."""
MAX_ROWS_AHEAD = 20_000
SHARES = (0.5, 0.95, 0.99)
_REQUESTS, _ERRORS, _LATENCIES, _LATENCY_MS = range(4)

Histogram = dict[int, int]


@dataclass(frozen=True, slots=True)
class Traffic:
    """Sums over some time; latency in milliseconds, over `latencies` observations."""

    requests: float = 0.0
    errors: float = 0.0
    latencies: float = 0.0
    latency_ms: float = 0.0

    @property
    def average_ms(self) -> float:
        """Average latency; 0 without an observation."""
        return self.latency_ms / self.latencies if self.latencies else 0.0

    def __add__(self, other: "Traffic") -> "Traffic":
        return Traffic(
            self.requests + other.requests,
            self.errors + other.errors,
            self.latencies + other.latencies,
            self.latency_ms + other.latency_ms,
        )


@dataclass(frozen=True, slots=True)
class SecondOfTraffic:
    """One second over all services; percentiles (50, 95, 99) in milliseconds, none without an observation."""

    second: int
    traffic: Traffic
    percentiles: tuple[float, ...]


class TrafficWindow:
    """Seconds `(now - 300, now]`. What lies before is passed over; what lies ahead waits for its time."""

    def __init__(self, now: int) -> None:
        self._now = now
        self._keys: dict[Key, int] = {}
        self._cells: npt.NDArray[np.float64] = np.zeros((4, 16, FIGURES_WINDOW))
        self._histograms: list[dict[str, Histogram]] = [{} for _slot in range(FIGURES_WINDOW)]
        self._ahead: list[SignalColumns] = []
        self._compacted_at = now
        self._changed: set[int] = set()

    def advance(self, now: int) -> None:
        """Move to second `now`, forgetting what falls out.

        A clock that goes back a little is waited for; one that goes back by the whole window begins it anew.
        """
        if now <= self._now - FIGURES_WINDOW:
            self._now = now - FIGURES_WINDOW
        for second in range(max(self._now, now - FIGURES_WINDOW) + 1, now + 1):
            slot = second % FIGURES_WINDOW
            self._cells[:, :, slot] = 0.0
            self._histograms[slot] = {}
            self._changed.add(second)
        self._now = max(self._now, now)
        if len(self._changed) > 2 * FIGURES_WINDOW:
            self._changed = {second for second in self._changed if second > self._now - FIGURES_WINDOW}
        if any(int(columns.seconds.min()) <= self._now for columns in self._ahead):
            waiting, self._ahead = self._ahead, []
            for columns in waiting:
                self.add(columns)

    def add(self, columns: SignalColumns) -> None:
        """Count signals in their own seconds."""
        ahead = columns.seconds > self._now
        if ahead.any():
            self._wait(subset(columns, np.flatnonzero(ahead)))
        inside = np.flatnonzero(~ahead & (columns.seconds > self._now - FIGURES_WINDOW))
        if len(inside):
            self._count(columns if len(inside) == len(columns) else subset(columns, inside))

    def take_changed(self) -> list[int]:
        """Seconds of the window that are new or changed since the last call, in order."""
        changed = sorted(second for second in self._changed if second > self._now - FIGURES_WINDOW)
        self._changed.clear()
        return changed

    def seconds(self) -> range:
        """The seconds of the window, in order."""
        return range(self._now - FIGURES_WINDOW + 1, self._now + 1)

    def by_key(self, seconds: int = FIGURES_WINDOW) -> dict[Key, Traffic]:
        """Sums over the newest `seconds`, for each service and endpoint."""
        slots = (self._now - np.arange(seconds)) % FIGURES_WINDOW
        sums = self._cells[:, : len(self._keys), :][:, :, slots].sum(axis=2).T.tolist()
        return {key: Traffic(*sums[place]) for key, place in self._keys.items() if any(sums[place])}

    def points(self, seconds: Iterable[int]) -> list[SecondOfTraffic]:
        """Sums of single seconds of the window over all services."""
        return [self._point(second) for second in seconds]

    def service_percentiles(self, service: str) -> tuple[float, ...]:
        """Latency percentiles (50, 95, 99) of a service over the window; none without an observation."""
        return _percentiles(slot[service] for slot in self._histograms if service in slot)

    def _point(self, second: int) -> SecondOfTraffic:
        slot = second % FIGURES_WINDOW
        sums = self._cells[:, : len(self._keys), slot].sum(axis=1).tolist()
        return SecondOfTraffic(second, Traffic(*sums), _percentiles(self._histograms[slot].values()))

    def _wait(self, columns: SignalColumns) -> None:
        waiting = sum(len(each) for each in self._ahead)
        if waiting + len(columns) <= MAX_ROWS_AHEAD:
            self._ahead.append(columns)

    def _count(self, columns: SignalColumns) -> None:
        if len(self._keys) + len(columns) > MAX_KEYS:
            self._compact()
        keys = np.array([self._key(*key) for key in zip(columns.services, columns.endpoints, strict=True)], np.intp)
        slots = columns.seconds % FIGURES_WINDOW
        parts: Sequence[Floats] = (columns.requests, columns.errors, columns.latency_counts, columns.latency_sums_ms)
        for sums, values in zip(self._cells, parts, strict=True):
            np.add.at(sums, (keys, slots), values)
        self._changed.update(columns.seconds.tolist())
        self._count_buckets(columns, slots.tolist())

    def _count_buckets(self, columns: SignalColumns, slots: list[int]) -> None:
        starts, numbers, counts = (
            columns.bucket_starts.tolist(),
            columns.buckets.tolist(),
            columns.bucket_counts.tolist(),
        )
        for row, slot in enumerate(slots):
            if starts[row] == starts[row + 1]:
                continue
            services = self._histograms[slot]
            name = columns.services[row]
            if name not in services and len(services) >= MAX_SERVICES:
                name = OTHER
            histogram = services.setdefault(name, {})
            for place in range(starts[row], starts[row + 1]):
                histogram[numbers[place]] = histogram.get(numbers[place], 0) + counts[place]

    def _key(self, service: str, endpoint: str) -> int:
        """Place of a key in the cells; once they are full, of the one that stands for it."""
        place = self._keys.get((service, endpoint))
        if place is None and len(self._keys) >= MAX_KEYS:
            endpoint = OTHER
            if (service, endpoint) not in self._keys and len(self._keys) >= MAX_KEYS + MAX_SERVICES:
                service = OTHER
            place = self._keys.get((service, endpoint))
        return self._new_key((service, endpoint)) if place is None else place

    def _new_key(self, key: Key) -> int:
        place = self._keys[key] = len(self._keys)
        if place >= self._cells.shape[1]:
            self._cells = np.concatenate((self._cells, np.zeros_like(self._cells)), axis=1)
        return place

    def _compact(self) -> None:
        """Give up the places of keys without traffic; at most once a second, as it looks at every cell."""
        if self._compacted_at == self._now:
            return
        self._compacted_at = self._now
        used = self._cells.sum(axis=(0, 2))
        kept = [(key, place) for key, place in self._keys.items() if used[place]]
        self._cells = self._cells[:, [place for _key, place in kept] or [0], :].copy()
        if not kept:
            self._cells[:] = 0.0
        self._keys = {key: place for place, (key, _former) in enumerate(kept)}


def _percentiles(histograms: Iterable[Histogram]) -> tuple[float, ...]:
    merged: Histogram = {}
    for histogram in histograms:
        for number, count in histogram.items():
            merged[number] = merged.get(number, 0) + count
    return tuple(percentiles(merged, SHARES)) if merged else ()
