"""What the reports share: ranges with a window, steps, latencies and traffic as messages."""

from collections.abc import Iterable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.reports.v1 import reports_pb2 as pb
from services.aggregator.convert.time_ranges import range_from
from services.aggregator.domain.ranges.ranges import Range
from services.aggregator.domain.ranges.zoned_steps import ZonedSteps, zoned_steps
from services.aggregator.domain.reports.traffic import Latency, TrafficFigures
from services.core.errors import InvalidInput

MICRO = 1_000_000
LONGEST_SECONDS = 30 * 86_400
MAX_NAME = 200
# A year may be asked for as a whole while it lasts.
AHEAD_SECONDS = 400 * 86_400


def asked_range(asked: Any, now: float, otherwise: int, longest: int = LONGEST_SECONDS) -> Range:
    """The whole seconds of `start_time`, `end_time` and `window_seconds`; `otherwise` is the window when none is given.

    Raises InvalidInput for an empty range, for one of more than `longest` seconds, and for one that ends far ahead.
    """
    if asked.window_seconds and asked.HasField("start_time"):
        raise InvalidInput.of("window_seconds", "must be left out where start_time is given")
    if asked.window_seconds > longest:
        raise InvalidInput.of("window_seconds", f"must be at most {longest:,}")
    found = Range.around(*range_from(asked, now, (asked.window_seconds or otherwise) * MICRO))
    if found.end > now + AHEAD_SECONDS:
        raise InvalidInput.of("end_time", f"must be at most {AHEAD_SECONDS // 86_400} days ahead")
    if found.end - found.first > longest + 2:
        raise InvalidInput.of("start_time", f"must be at most {longest:,} seconds before end_time")
    return found


def asked_steps(asked: Any, within: Range) -> ZonedSteps:
    """The steps that `step_seconds` and `time_zone` name. Raises InvalidInput."""
    return zoned_steps(within.first, within.end, asked.step_seconds, zone_from(asked.time_zone))


def zone_from(name: str) -> ZoneInfo:
    """A time zone by its IANA name; UTC for an empty one. Raises InvalidInput for an unknown one."""
    try:
        return ZoneInfo(name or "UTC")
    except (ValueError, OSError, LookupError):
        raise InvalidInput.of("time_zone", "must be an IANA name such as Europe/Berlin") from None


def name_from(field: str, given: str, longest: int = MAX_NAME) -> str:
    """A name that has to be there. Raises InvalidInput."""
    if not 1 <= len(given) <= longest:
        raise InvalidInput.of(field, f"must have 1 to {longest} characters")
    return given


def at_second(second: int) -> Timestamp:
    """A whole second since the Unix epoch as a message."""
    return Timestamp(seconds=second)


def latency(found: Latency | None) -> pb.Latency | None:
    """How long something took."""
    if found is None:
        return None
    return pb.Latency(
        count=found.count,
        average_ms=found.average_ms,
        p50_ms=found.p50_ms,
        p95_ms=found.p95_ms,
        p99_ms=found.p99_ms,
    )


def traffic(figures: TrafficFigures) -> pb.Traffic:
    """Traffic over some time."""
    return pb.Traffic(
        requests=figures.requests,
        errors=figures.errors,
        error_rate=figures.error_rate,
        requests_per_second=figures.requests_per_second,
        latency=latency(figures.latency),
    )


def traffic_points(steps: ZonedSteps, points: Iterable[TrafficFigures]) -> Iterator[pb.TrafficPoint]:
    """Traffic of each step."""
    for place, figures in enumerate(points):
        yield pb.TrafficPoint(
            start_time=at_second(steps.edges[place]),
            end_time=at_second(steps.edges[place + 1]),
            traffic=traffic(figures),
        )
