"""Ranges of time as questions name them."""

from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from services.core.errors import InvalidInput

MINUTE_US = 60_000_000
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
# The store counts some times in nanoseconds, and some in seconds of 32 bits.
_LIMIT_US = 4_102_444_800_000_000


def range_from(asked: Any, now: float, otherwise_us: int = DAY_US, prefix: str = "") -> tuple[int, int]:
    """`start_time` and `end_time` of a message, in microseconds since the Unix epoch; the end is not within.

    Without an end it is `now` (Unix seconds), without a start it begins `otherwise_us` before its end, at a whole
    minute where that is an hour or more; `prefix` comes before the names of fields in errors. Raises InvalidInput for
    an empty range, and out of 1970 to 2099.
    """
    end = micros(f"{prefix}end_time", asked.end_time) if asked.HasField("end_time") else int(now * 1e6) + 1
    start = micros(f"{prefix}start_time", asked.start_time) if asked.HasField("start_time") else end - otherwise_us
    if otherwise_us >= HOUR_US and not asked.HasField("start_time"):
        start -= start % MINUTE_US
    if start >= end:
        raise InvalidInput.of(f"{prefix}start_time", "must be before end_time")
    return start, end


def micros(field: str, time: Timestamp) -> int:
    """A time in microseconds since the Unix epoch. Raises InvalidInput out of range."""
    found = time.seconds * 1_000_000 + time.nanos // 1_000
    if not 0 <= found < _LIMIT_US:
        raise InvalidInput.of(field, "must be a time from 1970 to 2099")
    return found
