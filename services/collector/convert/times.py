"""Times as senders write them, in microseconds since the Unix epoch."""

from datetime import UTC, datetime

import msgspec
from google.protobuf.timestamp_pb2 import Timestamp

# Numbers below this are seconds (until the year 5138), above it milliseconds (from 1973 on).
SECONDS_BELOW = 1e11
LIMIT_US = 2**62
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BadTime(Exception):
    """No time in any accepted form; the text says what would be."""


def from_json(timestamp: str | float) -> int:
    """RFC 3339 text with a zone, or Unix seconds or milliseconds as a number. Raises BadTime."""
    if isinstance(timestamp, str):
        return _from_text(timestamp)
    micros = timestamp * (1_000_000 if abs(timestamp) < SECONDS_BELOW else 1_000)
    if not abs(micros) < LIMIT_US:
        raise BadTime("must be Unix seconds or milliseconds")
    return round(micros)


def _from_text(text: str) -> int:
    try:
        moment = msgspec.convert(text, datetime)
    except msgspec.ValidationError as error:
        raise BadTime("must be an RFC 3339 time such as `2026-01-15T10:30:00Z`, or Unix seconds") from error
    if moment.tzinfo is None:
        raise BadTime("must name its zone, such as the `Z` of `2026-01-15T10:30:00Z`")
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_proto(time: Timestamp) -> int:
    """A protobuf time. Raises BadTime."""
    micros = time.seconds * 1_000_000 + time.nanos // 1_000
    if not 0 <= time.nanos < 1_000_000_000 or abs(micros) >= LIMIT_US:
        raise BadTime("is no valid time")
    return micros
