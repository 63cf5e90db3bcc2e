"""Times and spans of time <-> messages: seconds, since the Unix epoch where they are times."""

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp


def timestamp(seconds: float) -> Timestamp:
    """A time as a message, to the microsecond."""
    message = Timestamp()
    message.FromMicroseconds(round(seconds * 1e6))
    return message


def optional_timestamp(seconds: float | None) -> Timestamp | None:
    """The same; None where there is none."""
    return None if seconds is None else timestamp(seconds)


def seconds_of(message: Timestamp | Duration) -> float:
    """A time, or a span of time, in seconds."""
    return message.seconds + message.nanos / 1e9


def duration(seconds: float) -> Duration:
    """A span of time as a message, to the microsecond."""
    message = Duration()
    message.FromMicroseconds(round(seconds * 1e6))
    return message
