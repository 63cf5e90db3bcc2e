"""Usage as messages, and the days it is asked for."""

from binnacle.aggregator.v1 import usage_service_pb2 as pb
from services.aggregator.convert.reports import at_second
from services.aggregator.convert.time_ranges import DAY_US, range_from
from services.aggregator.domain.reports.usage import DAY, Usage, UsageReport
from services.core.errors import InvalidInput

LONGEST_DAYS = 400
USUAL_DAYS = 30


def days_from(asked: pb.GetUsageRequest, now: float) -> tuple[int, int]:
    """The first day of the range and the one after its last, since the Unix epoch. Raises InvalidInput."""
    start_us, end_us = range_from(asked, now, USUAL_DAYS * DAY_US)
    first, end = max(start_us // DAY_US, 0), max(-(-end_us // DAY_US), 0)
    if end - first > LONGEST_DAYS + 1:
        raise InvalidInput.of("start_time", f"must be at most {LONGEST_DAYS} days before end_time")
    return first, end


def report(tenant: str, found: UsageReport) -> pb.GetUsageResponse:
    """All of it."""
    days = [pb.DailyUsage(start_time=at_second(day * DAY), usage=_usage(usage)) for day, usage in found.days]
    return pb.GetUsageResponse(tenant_id=tenant, total=_usage(found.total), days=days)


def _usage(usage: Usage) -> pb.Usage:
    sent = usage.sent
    return pb.Usage(
        points=sent.points,
        events=sent.events,
        log_lines=sent.log_lines,
        spans=sent.spans,
        heartbeats=sent.heartbeats,
        requests=sent.requests,
        bytes=sent.bytes,
        refused=sent.refused,
        active_series=usage.series,
    )
