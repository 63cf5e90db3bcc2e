"""Traffic of services as the store answers it: sums over stretches of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from services.aggregator.ports.records import Floats, Longs

Group = Literal["service", "endpoint"]


@dataclass(frozen=True, slots=True)
class TrafficQuestion:
    """Traffic of the seconds `[from_second, to_second)` since the Unix epoch; an empty word matches all.

    Rows are told apart by `groups`, and by stretches of `bucket_seconds` (counted from the epoch) where given.
    """

    from_second: int
    to_second: int
    groups: tuple[Group, ...] = ()
    bucket_seconds: int | None = None
    service: str = ""
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class TrafficRow:
    """Sums of one group and stretch; several rows of the same may be added up.

    `start` is the first second of the stretch, 0 without stretches; `last_second` the newest with traffic. `buckets`,
    `counts` are a histogram of latencies (numbers, see domain/buckets.py). Words rows are not told apart by are
    empty.
    """

    service: str
    endpoint: str
    start: int
    requests: float
    errors: float
    latencies: float
    latency_ms: float
    last_second: int
    buckets: Sequence[int] = ()
    counts: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class TrafficCounts:
    """Requests and errors alone, as columns: services and endpoints, and of each row its place among these.

    `starts` are those of TrafficRow; several rows of the same may be added up.
    """

    names: Sequence[tuple[str, str]]
    places: npt.NDArray[np.intp]
    starts: Longs
    requests: Floats
    errors: Floats


class TrafficStore(Protocol):
    """Answers traffic. Raises what Reader raises."""

    async def traffic(self, tenant: str, question: TrafficQuestion) -> Sequence[TrafficRow]:
        """The rows, in no order."""
        ...

    async def counts(self, tenant: str, question: TrafficQuestion) -> TrafficCounts:
        """What the rows would count, in a fraction of the time: latencies are not read."""
        ...
