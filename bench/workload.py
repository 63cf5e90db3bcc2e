"""What is sent: samples like workload W1's, and request events.

100 hosts with 10 metrics each are 1,000 series, half gauges with three decimals that walk at random, half counters. A
message holds 10 timestamps of every series: 10,000 points, series by series. They go from 23 hours ago towards now.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from binnacle.events.v1.events_pb2 import Event
from binnacle.metrics.v1.metrics_pb2 import MetricKind, SampleColumns, SeriesDefinition
from binnacle_client import sample_columns

SEED = 20261120
SERIES = 1_000
TIMESTAMPS = 10
POINTS_A_MESSAGE = SERIES * TIMESTAMPS
STEP_MS = 4_000
SPAN_MS = 23 * 3_600_000
MESSAGES = SPAN_MS // STEP_MS // TIMESTAMPS
"""As many messages as fit into the span without a point sent twice."""
_POOL = 2_000
"""Timestamps worked out beforehand; a counter goes on from its end, a gauge begins again."""


def definitions() -> list[SeriesDefinition]:
    """The 1,000 series."""
    return [_definition(number) for number in range(SERIES)]


def _definition(number: int) -> SeriesDefinition:
    metric, host = number % 10, number // 10
    counter = metric % 2 == 1
    name = f"app_counter_{metric // 2}_total" if counter else f"app_gauge_{metric // 2}"
    labels = {"env": "bench", "host": f"host-{host:03d}", "service": f"service-{number // 50:02d}"}
    kind = MetricKind.METRIC_KIND_COUNTER if counter else MetricKind.METRIC_KIND_GAUGE
    return SeriesDefinition(name=name, labels=labels, kind=kind)


@dataclass(frozen=True, slots=True)
class Samples:
    """Makes messages of samples; `end_ms` is the time of the youngest there may be."""

    series_ids: npt.NDArray[np.uint64]
    end_ms: int

    def messages(self) -> Iterator[SampleColumns]:
        """At most MESSAGES of them, none holding a point of another."""
        ids = np.repeat(self.series_ids, TIMESTAMPS)
        gauges, counters = _values()
        offsets = np.arange(TIMESTAMPS, dtype=np.int64) * STEP_MS
        is_counter = np.arange(SERIES) % 2 == 1
        for number in range(MESSAGES):
            first = number * TIMESTAMPS
            start, rounds = first % _POOL, first // _POOL
            values = np.where(
                is_counter[:, None],
                counters[:, start : start + TIMESTAMPS] + rounds * counters[:, -1:],
                gauges[:, start : start + TIMESTAMPS],
            )
            times = np.tile(self.end_ms - SPAN_MS + first * STEP_MS + offsets, SERIES)
            yield sample_columns(ids, times, np.ascontiguousarray(values))


def _values() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    rng = np.random.default_rng(SEED)
    walks: npt.NDArray[np.float64] = np.cumsum(rng.standard_normal((SERIES, _POOL)), axis=1)
    gauges = np.round(np.abs(50.0 + walks), 3).astype(np.float64)
    counters = np.cumsum(rng.poisson(5.0, (SERIES, _POOL)), axis=1).astype(np.float64)
    return gauges, counters


def events(count: int) -> list[Event]:
    """Request events of now, of 20 services and 100 people; none fails, so that no alert adds events of its own."""
    rng = np.random.default_rng(SEED)
    latencies = np.round(rng.lognormal(3.5, 0.6, count), 2).tolist()
    now = int(time.time())
    return [_event(number, now, latency) for number, latency in enumerate(latencies)]


def _event(number: int, now: int, latency: float) -> Event:
    event = Event(
        type="request",
        service=f"service-{number % 20:02d}",
        user_id=f"user-{number % 100:03d}",
        session_id=f"session-{number % 200:03d}",
    )
    event.time.FromSeconds(now)
    event.data.update({"endpoint": f"/things/{number % 7}", "status_code": 200, "latency_ms": latency})
    return event
