"""Traffic of services: requests, errors and latency by second, service and endpoint."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from services.aggregator.ports.records import Floats, Longs


def _no_longs() -> Longs:
    return np.empty(0, np.int64)


def _no_floats() -> Floats:
    return np.empty(0, np.float64)


@dataclass(frozen=True, slots=True)
class SignalColumns:
    """Rows that add up: any two with the same second, service and endpoint may be summed.

    `seconds` since the Unix epoch. The latency histogram of row `i` is the slice
    `bucket_starts[i]:bucket_starts[i + 1]` of `buckets` (numbers, see domain/buckets.py) and `bucket_counts`.
    """

    seconds: Longs = field(default_factory=_no_longs)
    services: Sequence[str] = ()
    endpoints: Sequence[str] = ()
    requests: Floats = field(default_factory=_no_floats)
    errors: Floats = field(default_factory=_no_floats)
    latency_counts: Floats = field(default_factory=_no_floats)
    latency_sums_ms: Floats = field(default_factory=_no_floats)
    bucket_starts: Longs = field(default_factory=lambda: np.zeros(1, np.int64))
    buckets: npt.NDArray[np.uint16] = field(default_factory=lambda: np.empty(0, np.uint16))
    bucket_counts: Longs = field(default_factory=_no_longs)

    def __len__(self) -> int:
        return len(self.seconds)
