"""Integrations as messages."""

from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import integration_service_pb2 as pb
from binnacle.reports.v1 import reports_pb2
from services.aggregator.convert.dashboard import timestamp
from services.aggregator.convert.reports import at_second, latency
from services.aggregator.domain.ranges.zoned_steps import ZonedSteps
from services.aggregator.domain.reports.integrations import CallSums, Integration, IntegrationDetail


def summary(found: Integration) -> pb.IntegrationSummary:
    """One integration."""
    return pb.IntegrationSummary(
        integration=found.name,
        status=found.calls.status,
        calls=calls(found.calls),
        last_success_time=_last(found.calls.last_success_us),
        last_failure_time=_last(found.calls.last_failure_us),
        errors=[reports_pb2.ErrorKind(kind=kind, count=count) for kind, count in found.errors],
        from_events=found.calls.from_events,
        from_spans=found.calls.from_spans,
    )


def detail(found: IntegrationDetail, steps: ZonedSteps) -> pb.GetIntegrationResponse:
    """One integration in full."""
    return pb.GetIntegrationResponse(
        integration=summary(found.integration),
        endpoints=[
            pb.IntegrationEndpoint(
                endpoint=name,
                calls=calls(sums),
                last_success_time=_last(sums.last_success_us),
                last_failure_time=_last(sums.last_failure_us),
            )
            for name, sums in found.endpoints
        ],
        points=[
            pb.CallsPoint(start_time=at_second(first), end_time=at_second(end), calls=calls(sums))
            for first, end, sums in zip(steps.edges, steps.edges[1:], found.points, strict=False)
        ],
        step_seconds=steps.seconds,
    )


def calls(sums: CallSums) -> reports_pb2.Calls:
    """Calls over some time."""
    return reports_pb2.Calls(
        calls=sums.calls, failures=sums.failures, success_rate=sums.success_rate, latency=latency(sums.latency)
    )


def _last(time_us: int) -> Timestamp | None:
    return timestamp(time_us) if time_us else None
