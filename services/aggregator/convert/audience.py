"""People and times as messages, and what they are asked for with."""

from collections.abc import Callable, Mapping, Sequence
from zoneinfo import ZoneInfo

from binnacle.aggregator.v1 import audience_service_pb2 as pb
from services.aggregator.convert.reports import at_second, zone_from
from services.aggregator.convert.time_ranges import DAY_US, range_from
from services.aggregator.domain.business.cohorts import Cohort
from services.aggregator.domain.business.peak_hours import PeakHour
from services.aggregator.domain.ranges.ranges import Range
from services.aggregator.domain.ranges.zoned_steps import zoned_steps
from services.aggregator.ports.audience import Audience, CohortQuestion
from services.core.errors import InvalidInput

HOUR, DAY = 3_600, 86_400
MOST_DAYS, MOST_PERIODS = 60, 100


def uniques_from(asked: pb.GetUniquesRequest, now: float) -> Audience:
    """Whom to count. Raises InvalidInput."""
    from_us, to_us = range_from(asked, now)
    starts = _starts(from_us, to_us, asked.step_seconds or HOUR, zone_from(asked.time_zone))
    return Audience(from_us, to_us, asked.service, starts)


def hours_from(asked: pb.GetPeakHoursRequest, now: float) -> tuple[Audience, ZoneInfo]:
    """Which hours to look at, and where. Raises InvalidInput."""
    from_us, to_us = range_from(asked, now, 7 * DAY_US)
    if to_us - from_us > MOST_DAYS * DAY_US:
        raise InvalidInput.of("start_time", f"must be at most {MOST_DAYS} days before end_time")
    zone = zone_from(asked.time_zone)
    return Audience(from_us, to_us, asked.service, _starts(from_us, to_us, HOUR, zone)), zone


def cohorts_from(asked: pb.GetUserRetentionRequest, now: float) -> CohortQuestion:
    """Whom to follow. Raises InvalidInput."""
    from_us, to_us = range_from(asked, now, 14 * DAY_US)
    seconds = asked.period_seconds or DAY
    if seconds % DAY:
        raise InvalidInput.of("period_seconds", "must be a multiple of 86,400")
    starts = _starts(from_us, to_us, seconds, zone_from(asked.time_zone))
    if len(starts) > MOST_PERIODS:
        raise InvalidInput.of("period_seconds", f"must give at most {MOST_PERIODS} periods: ask for longer ones")
    return CohortQuestion(from_us, to_us, starts, asked.first_type, asked.return_type)


def _starts(from_us: int, to_us: int, seconds: int, zone: ZoneInfo) -> Sequence[int]:
    within = Range.around(from_us, to_us)
    return zoned_steps(within.first, within.end, seconds, zone).edges[:-1]


def uniques(
    audience: Audience, active: int, users: int, earlier: int, over_time: Mapping[int, int]
) -> pb.GetUniquesResponse:
    """Different people."""
    return pb.GetUniquesResponse(
        active_users=active,
        users=users,
        earlier_users=earlier,
        points=[pb.UniquesPoint(time=at_second(start), users=over_time.get(start, 0)) for start in audience.starts],
    )


def peak_hours(week: Sequence[PeakHour]) -> pb.GetPeakHoursResponse:
    """The week, and its busiest hours."""
    return pb.GetPeakHoursResponse(
        hours=[_hour(one) for one in week],
        busiest_by_requests=_busiest(week, lambda one: one.average(one.requests)),
        busiest_by_events=_busiest(week, lambda one: one.average(one.events)),
        busiest_by_users=_busiest(week, lambda one: one.average(one.users)),
    )


def _busiest(week: Sequence[PeakHour], figure: Callable[[PeakHour], float]) -> pb.PeakHour | None:
    most = max(week, key=figure)
    return _hour(most) if figure(most) else None


def _hour(one: PeakHour) -> pb.PeakHour:
    return pb.PeakHour(
        weekday=one.weekday,
        hour=one.hour,
        occurrences=one.occurrences,
        requests=one.requests,
        events=one.events,
        average_requests=one.average(one.requests),
        average_events=one.average(one.events),
        average_users=one.average(one.users),
    )


def retention(found: Sequence[Cohort]) -> pb.GetUserRetentionResponse:
    """The cohorts."""
    return pb.GetUserRetentionResponse(
        cohorts=[pb.Cohort(time=at_second(one.start), users=one.users, returned=one.returned) for one in found]
    )
