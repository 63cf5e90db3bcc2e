"""Services and endpoints as messages."""

from collections.abc import Sequence

from binnacle.aggregator.v1 import service_catalog_service_pb2 as pb
from services.aggregator.convert.dashboard import timestamp
from services.aggregator.convert.reports import at_second, traffic, traffic_points
from services.aggregator.domain.ranges.ranges import Range
from services.aggregator.domain.ranges.zoned_steps import ZonedSteps
from services.aggregator.domain.reports.services import (
    EndpointSummary,
    Order,
    ServiceList,
    ServiceSummary,
    TrafficSeries,
)
from services.core.errors import InvalidInput

_ORDERS = {
    pb.ListEndpointsRequest.ORDER_UNSPECIFIED: Order.BUSIEST,
    pb.ListEndpointsRequest.ORDER_BUSIEST: Order.BUSIEST,
    pb.ListEndpointsRequest.ORDER_SLOWEST: Order.SLOWEST,
    pb.ListEndpointsRequest.ORDER_MOST_ERRORS: Order.MOST_ERRORS,
    pb.ListEndpointsRequest.ORDER_HIGHEST_ERROR_RATE: Order.HIGHEST_ERROR_RATE,
}


def order_from(asked: pb.ListEndpointsRequest) -> Order:
    """The order asked for. Raises InvalidInput for one that is not known."""
    found = _ORDERS.get(asked.order)
    if found is None:
        raise InvalidInput.of("order", "must be one of the orders of the contract")
    return found


def listed(found: ServiceList, asked: Range) -> pb.ListServicesResponse:
    """All services."""
    return pb.ListServicesResponse(
        services=[service(one) for one in found.services],
        total=traffic(found.total),
        start_time=at_second(asked.first),
        end_time=at_second(asked.end),
    )


def service(found: ServiceSummary) -> pb.ServiceSummary:
    """One service."""
    beat, deploy = found.beat, found.deploy
    return pb.ServiceSummary(
        service=found.service,
        status=found.status,
        inferred=beat is None,
        traffic=traffic(found.traffic),
        uptime_hours=beat.uptime_hours if beat else None,
        version=deploy.version if deploy else "",
        deployed_time=timestamp(deploy.time_us) if deploy else None,
        last_seen_time=timestamp(found.last_seen_us),
        last_heartbeat_time=timestamp(beat.seen_us) if beat else None,
        reported_requests=beat.requests if beat else None,
        reported_errors=beat.errors if beat else None,
        reported_average_latency_ms=beat.average_latency_ms if beat else None,
    )


def endpoint(found: EndpointSummary) -> pb.EndpointSummary:
    """One endpoint."""
    return pb.EndpointSummary(service=found.service, endpoint=found.endpoint, traffic=traffic(found.traffic))


def over_time(found: Sequence[TrafficSeries], steps: ZonedSteps) -> pb.QueryTrafficResponse:
    """Traffic of each step."""
    return pb.QueryTrafficResponse(
        series=[pb.TrafficSeries(service=one.service, points=traffic_points(steps, one.points)) for one in found],
        step_seconds=steps.seconds,
    )
