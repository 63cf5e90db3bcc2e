"""Workload W1: 1,000 series over the 24 hours that end now, in batches of 10,000 samples.

Series i is host i//10, service i//50, metric i%10; even ones are gauges that walk at random with three decimals, odd
ones counters that never reset. A batch is ten timestamps of every series, series by series (grouped) or timestamp by
timestamp (flat). 10 M samples are 10,000 timestamps of every series, 100 M are 100,000.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from binnacle.metrics.v1.metrics_pb2 import MetricKind, SeriesDefinition

SEED = 20261120
SERIES = 1_000
TIMESTAMPS_A_BATCH = 10
BATCH = SERIES * TIMESTAMPS_A_BATCH
DAY_MS = 86_400_000

Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def labels_of(series: int) -> dict[str, str]:
    """Labels of a series, its name apart."""
    return {"env": "prod", "host": f"host-{series // 10:03d}", "service": f"service-{series // 50:02d}"}


def name_of(series: int) -> str:
    """Name of a series."""
    metric = series % 10
    return f"app_counter_{metric // 2}_total" if metric % 2 else f"app_gauge_{metric // 2}"


def definitions() -> list[SeriesDefinition]:
    """The series as they are registered."""
    kinds = (MetricKind.METRIC_KIND_GAUGE, MetricKind.METRIC_KIND_COUNTER)
    return [SeriesDefinition(name=name_of(i), labels=labels_of(i), kind=kinds[i % 2]) for i in range(SERIES)]


def values_of(series: int, timestamps: int) -> Floats:
    """The values of one series."""
    rng = np.random.default_rng([SEED, series])
    if series % 2:
        return np.cumsum(rng.poisson(5 + series % 50, timestamps)).astype(np.float64)
    return np.round(np.abs(50.0 + np.cumsum(rng.standard_normal(timestamps))), 3).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one message; `places` is the number of each row's series."""

    places: Longs
    times_ms: Longs
    values: Floats


class W1:
    """The workload with `samples` samples, a multiple of 10,000, the last of which is at `end_ms`."""

    def __init__(self, samples: int, end_ms: int) -> None:
        self.timestamps = samples // SERIES
        self.samples = self.timestamps * SERIES
        self.end_ms = end_ms
        self._values = np.stack([values_of(series, self.timestamps) for series in range(SERIES)])
        step = DAY_MS / self.timestamps
        self._times = np.round(end_ms - step * np.arange(self.timestamps - 1, -1, -1)).astype(np.int64)

    def total(self) -> float:
        """Sum of all values."""
        return float(self._values.sum())

    def grouped(self) -> Iterator[Batch]:
        """Batches series by series: ten samples of one, then ten of the next."""
        places = np.repeat(np.arange(SERIES), TIMESTAMPS_A_BATCH)
        for times, values in self._parts():
            yield Batch(places, np.tile(times, SERIES), np.ascontiguousarray(values).ravel())

    def flat(self) -> Iterator[Batch]:
        """Batches timestamp by timestamp: neighbours are different series."""
        places = np.tile(np.arange(SERIES), TIMESTAMPS_A_BATCH)
        for times, values in self._parts():
            yield Batch(places, np.repeat(times, SERIES), np.ascontiguousarray(values.T).ravel())

    def scrapes(self) -> Iterator[Batch]:
        """One timestamp of every series a batch: 1,000 samples."""
        places = np.arange(SERIES)
        for at in range(self.timestamps):
            yield Batch(places, np.full(SERIES, self._times[at]), np.ascontiguousarray(self._values[:, at]))

    def _parts(self) -> Iterator[tuple[Longs, Floats]]:
        for at in range(0, self.timestamps, TIMESTAMPS_A_BATCH):
            part = slice(at, at + TIMESTAMPS_A_BATCH)
            yield self._times[part], self._values[:, part]
