"""Figures of traffic: sums of rows, and what they come to."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from services.aggregator.domain.intake.buckets import percentiles
from services.aggregator.ports.traffic import TrafficRow

SHARES = (0.5, 0.95, 0.99)
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Latency:
    """How long something took, of at least one observation; milliseconds."""

    count: float
    average_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class TrafficFigures:
    """Requests over some time; `error_rate` in percent, `latency` None without an observation."""

    requests: float
    errors: float
    error_rate: float
    requests_per_second: float
    latency: Latency | None


@dataclass(slots=True)
class Observed:
    """Latencies by bucket, with their exact sum in milliseconds."""

    count: float = 0.0
    sum_ms: float = 0.0
    histogram: dict[int, int] = field(default_factory=dict)

    def add(self, count: float, sum_ms: float, buckets: Sequence[int], counts: Sequence[int]) -> None:
        """Take in more."""
        self.count += count
        self.sum_ms += sum_ms
        for number, more in zip(buckets, counts, strict=True):
            self.histogram[number] = self.histogram.get(number, 0) + more

    def latency(self) -> Latency | None:
        """What was observed."""
        if not self.count or not self.histogram:
            return None
        return Latency(self.count, self.sum_ms / self.count, *percentiles(self.histogram, SHARES))


@dataclass(slots=True)
class TrafficSums:
    """Sums of rows."""

    requests: float = 0.0
    errors: float = 0.0
    last_second: int = 0
    observed: Observed = field(default_factory=Observed)

    def add(self, row: TrafficRow) -> None:
        """Take in a row."""
        self.requests += row.requests
        self.errors += row.errors
        self.last_second = max(self.last_second, row.last_second)
        self.observed.add(row.latencies, row.latency_ms, row.buckets, row.counts)

    def figures(self, seconds: float, *, calls: bool = False) -> TrafficFigures:
        """What they come to over so many seconds; with `calls` an observed latency is a request where none was told."""
        requests = self.requests or (self.observed.count if calls else 0.0)
        return TrafficFigures(
            requests,
            self.errors,
            percent(self.errors, requests),
            requests / seconds if seconds > 0 else 0.0,
            self.observed.latency(),
        )


def percent(part: float, whole: float) -> float:
    """A part in percent of a whole, 0 to 100; 0 of nothing."""
    return min(100.0, 100.0 * part / whole) if whole else 0.0


def summed(rows: Iterable[TrafficRow], key: Callable[[TrafficRow], Key]) -> dict[Key, TrafficSums]:
    """The sums of rows of the same key."""
    sums: dict[Key, TrafficSums] = {}
    for row in rows:
        sums.setdefault(key(row), TrafficSums()).add(row)
    return sums
