"""Latency histograms with logarithmic buckets: any percentile within 1 percent of the value.

Bucket `n` holds latencies in (GAMMA^(n-1), GAMMA^n] microseconds; bucket 0 holds all up to one microsecond and is told
as 0, so that any latency in milliseconds keeps its two leading digits.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from services.aggregator.ports.records import Floats

# (GAMMA - 1) / (GAMMA + 1) is the relative error: 0.99 %.
GAMMA = 1.02
LAST_BUCKET = 1_500
_LOG = math.log(GAMMA)
_PER_MS = 1_000.0


def bucket_numbers(latencies_ms: Floats) -> npt.NDArray[np.uint16]:
    """The bucket of each latency (finite, not negative)."""
    micros = np.maximum(latencies_ms * _PER_MS, 1.0)
    return np.clip(np.ceil(np.log(micros) / _LOG - 1e-9), 0, LAST_BUCKET).astype(np.uint16)


def bucket_value(number: int) -> float:
    """The latency, in milliseconds, that stands for a bucket."""
    return 0.0 if number <= 0 else 2.0 * GAMMA**number / (GAMMA + 1.0) / _PER_MS


def percentiles(histogram: Mapping[int, int], shares: Sequence[float]) -> list[float]:
    """Latencies in milliseconds below which each share (0 to 1) lies; between two observations linearly.

    The histogram (bucket to count) must not be empty.
    """
    numbers = sorted(histogram)
    ends = np.cumsum([histogram[number] for number in numbers])
    last = float(ends[-1]) - 1.0
    return [_at(numbers, ends, share * last) for share in shares]


def _at(numbers: Sequence[int], ends: npt.NDArray[np.int64], rank: float) -> float:
    lower, upper = math.floor(rank), math.ceil(rank)
    low = bucket_value(numbers[int(np.searchsorted(ends, lower, "right"))])
    if lower == upper:
        return low
    high = bucket_value(numbers[int(np.searchsorted(ends, upper, "right"))])
    return low + (high - low) * (rank - lower)
