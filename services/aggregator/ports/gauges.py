"""Metrics of which values are read, not added up: the newest of each series, and averages over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Gauge:
    """The newest value of one series; `time_ms` since the Unix epoch."""

    name: str
    labels: Mapping[str, str]
    time_ms: int
    value: float


@dataclass(frozen=True, slots=True)
class GaugeStretch:
    """The values of one series within a stretch that begins with second `start`: how many, their sum, the highest."""

    name: str
    labels: Mapping[str, str]
    start: int
    count: float
    sum: float
    max: float


@dataclass(frozen=True, slots=True)
class ObservedStretch:
    """The values of one series within a stretch as a histogram (numbers, see domain/buckets.py)."""

    labels: Mapping[str, str]
    start: int
    count: float
    sum: float
    buckets: Sequence[int]
    counts: Sequence[int]


class GaugeStore(Protocol):
    """Ranges are seconds `[first, end)` since the Unix epoch. Raises what Reader raises."""

    async def newest(self, tenant: str, names: Sequence[str], first: int, end: int) -> Sequence[Gauge]:
        """The newest value of each series of these names within a range."""
        ...

    async def over_time(
        self, tenant: str, names: Sequence[str], first: int, end: int, stretch: int, tier: int
    ) -> Sequence[GaugeStretch]:
        """Values by stretches of so many seconds, counted from the epoch; a multiple of `tier`.

        `tier` says what they are read from: 1 the samples, else the roll-ups of so many seconds.
        """
        ...

    async def observed(self, tenant: str, name: str, first: int, end: int, stretch: int) -> Sequence[ObservedStretch]:
        """Values, taken for milliseconds, by stretches of so many seconds."""
        ...
