"""Services, their endpoints, and their traffic over time."""

import grpc

from binnacle.aggregator.v1 import service_catalog_service_pb2 as pb, service_catalog_service_pb2_grpc
from services.aggregator.convert import pages, service_catalog
from services.aggregator.convert.reports import asked_range, asked_steps, name_from
from services.aggregator.domain.ranges.ranges import Range
from services.aggregator.domain.reports.services import Services
from services.core.clock import Clock
from services.core.conventions import FIGURES_WINDOW
from services.runtime import page_tokens
from services.runtime.calls import current_call

MAX_SERVICE = 100
HOUR = 3_600


class ServiceCatalogServicer(service_catalog_service_pb2_grpc.ServiceCatalogServiceServicer):
    """Answers from the store."""

    def __init__(self, services: Services, clock: Clock) -> None:
        self._services = services
        self._clock = clock

    async def ListServices(
        self,
        request: pb.ListServicesRequest,
        context: grpc.aio.ServicerContext[pb.ListServicesRequest, pb.ListServicesResponse],
    ) -> pb.ListServicesResponse:
        asked = asked_range(request, self._clock.now(), FIGURES_WINDOW)
        return service_catalog.listed(await self._services.listed(current_call().tenant, asked), asked)

    async def GetService(
        self,
        request: pb.GetServiceRequest,
        context: grpc.aio.ServicerContext[pb.GetServiceRequest, pb.GetServiceResponse],
    ) -> pb.GetServiceResponse:
        name = name_from("service", request.service, MAX_SERVICE)
        asked = asked_range(request, self._clock.now(), FIGURES_WINDOW)
        service, endpoints = await self._services.get(current_call().tenant, asked, name)
        return pb.GetServiceResponse(
            service=service_catalog.service(service), endpoints=[service_catalog.endpoint(one) for one in endpoints]
        )

    async def ListEndpoints(
        self,
        request: pb.ListEndpointsRequest,
        context: grpc.aio.ServicerContext[pb.ListEndpointsRequest, pb.ListEndpointsResponse],
    ) -> pb.ListEndpointsResponse:
        tenant = current_call().tenant
        size = pages.limit_from("page_size", request.page_size or pages.DEFAULT_LIMIT)
        order = service_catalog.order_from(request)
        first, end, begin = page_tokens.state_of(tenant, request) or (0, 0, 0)
        asked = Range(first, end) if end else asked_range(request, self._clock.now(), FIGURES_WINDOW)
        found = await self._services.endpoints(tenant, asked, request.service, order)
        following = begin + size
        return pb.ListEndpointsResponse(
            endpoints=[service_catalog.endpoint(one) for one in found[begin:following]],
            next_page_token=page_tokens.token_of(tenant, request, [asked.first, asked.end, following])
            if following < len(found)
            else "",
        )

    async def QueryTraffic(
        self,
        request: pb.QueryTrafficRequest,
        context: grpc.aio.ServicerContext[pb.QueryTrafficRequest, pb.QueryTrafficResponse],
    ) -> pb.QueryTrafficResponse:
        steps = asked_steps(request, asked_range(request, self._clock.now(), HOUR))
        found = await self._services.over_time(
            current_call().tenant, steps, request.service, request.endpoint, by_service=request.by_service
        )
        return service_catalog.over_time(found, steps)
