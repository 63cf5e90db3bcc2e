"""What browsers see, as messages."""

from binnacle.aggregator.v1 import client_service_pb2 as pb
from binnacle.reports.v1 import reports_pb2
from services.aggregator.convert.reports import at_second, latency
from services.aggregator.domain.ranges.zoned_steps import ZonedSteps
from services.aggregator.domain.reports.clients import ClientReport


def report(found: ClientReport, steps: ZonedSteps) -> pb.GetClientFiguresResponse:
    """All figures."""
    total = found.total
    return pb.GetClientFiguresResponse(
        page_views=total.views,
        active_clients=found.active,
        load_time=latency(total.loads.latency()),
        errors=total.errors,
        error_rate=total.error_rate,
        pages=[
            pb.PageFigures(
                page=page, page_views=sums.views, load_time=latency(sums.loads.latency()), errors=sums.errors
            )
            for page, sums in found.pages
        ],
        frequent_errors=[reports_pb2.ErrorKind(kind=message, count=count) for message, count in found.messages],
        points=[
            pb.ClientPoint(
                start_time=at_second(first),
                page_views=sums.views,
                errors=sums.errors,
                load_time=latency(sums.loads.latency()),
            )
            for first, sums in zip(steps.edges, found.points, strict=False)
        ],
        step_seconds=steps.seconds,
    )
