"""What a page that watches everything begins with: answers of other services side by side."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import (
    business_service_pb2,
    integration_service_pb2,
    machine_service_pb2,
    monitoring_service_pb2 as pb,
    monitoring_service_pb2_grpc,
    service_catalog_service_pb2,
    session_service_pb2,
)
from services.aggregator.convert.reports import MICRO, at_second
from services.aggregator.service.business_service import BusinessServicer
from services.aggregator.service.integration_service import IntegrationServicer
from services.aggregator.service.machine_service import QUARTER, MachineServicer
from services.aggregator.service.service_catalog_service import ServiceCatalogServicer
from services.aggregator.service.session_service import SessionServicer
from services.core.clock import Clock
from services.core.errors import InvalidInput

MINUTE, USUAL, LONGEST = 60, 3_600, 86_400
ENDPOINTS = 10
BUSINESS_PARTS = (
    business_service_pb2.BUSINESS_PART_REVENUE,
    business_service_pb2.BUSINESS_PART_CREDITS,
    business_service_pb2.BUSINESS_PART_CONVERSIONS,
)


class Within(TypedDict):
    """The range that all are asked for."""

    start_time: Timestamp
    end_time: Timestamp


@dataclass(frozen=True, slots=True)
class Answering:
    """The services whose answers are put together."""

    catalog: ServiceCatalogServicer
    integrations: IntegrationServicer
    sessions: SessionServicer
    business: BusinessServicer
    machines: MachineServicer


class MonitoringServicer(monitoring_service_pb2_grpc.MonitoringServiceServicer):
    """Asks each for its part."""

    def __init__(self, answering: Answering, clock: Clock) -> None:
        self._ask = answering
        self._clock = clock

    async def GetMonitoringMetrics(
        self, request: pb.GetMonitoringMetricsRequest, context: Any
    ) -> pb.GetMonitoringMetricsResponse:
        if request.window_seconds > LONGEST:
            raise InvalidInput.of("window_seconds", f"must be between 1 and {LONGEST:,}")
        end = int(self._clock.now()) + 1
        start = (end - (request.window_seconds or USUAL)) // MINUTE * MINUTE
        within: Within = {"start_time": at_second(start), "end_time": at_second(end)}
        (api, endpoints, integrations, machines), (sessions, features, business, rules) = await asyncio.gather(
            self._services(within, context), self._people(within, context)
        )
        return pb.GetMonitoringMetricsResponse(
            **within,
            api=api,
            endpoints=endpoints.endpoints,
            integrations=integrations.integrations,
            sessions=sessions.figures,
            features=features.features,
            business=business.figures,
            rules=rules,
            machines=machines.machines,
        )

    async def _services(
        self, within: Within, context: Any
    ) -> tuple[
        service_catalog_service_pb2.ListServicesResponse,
        service_catalog_service_pb2.ListEndpointsResponse,
        integration_service_pb2.ListIntegrationsResponse,
        machine_service_pb2.GetSystemFiguresResponse,
    ]:
        ask = self._ask
        return await asyncio.gather(
            ask.catalog.ListServices(service_catalog_service_pb2.ListServicesRequest(**within), context),
            ask.catalog.ListEndpoints(
                service_catalog_service_pb2.ListEndpointsRequest(**within, page_size=ENDPOINTS), context
            ),
            ask.integrations.ListIntegrations(integration_service_pb2.ListIntegrationsRequest(**within), context),
            ask.machines.GetSystemFigures(
                machine_service_pb2.GetSystemFiguresRequest(window_seconds=QUARTER, step_seconds=QUARTER), context
            ),
        )

    async def _people(
        self, within: Within, context: Any
    ) -> tuple[
        session_service_pb2.GetSessionFiguresResponse,
        session_service_pb2.GetFeatureUsageResponse,
        business_service_pb2.GetBusinessResponse,
        Sequence[business_service_pb2.RuleResult],
    ]:
        ask = self._ask
        return await asyncio.gather(
            ask.sessions.GetSessionFigures(session_service_pb2.GetSessionFiguresRequest(**within), context),
            ask.sessions.GetFeatureUsage(session_service_pb2.GetFeatureUsageRequest(**within), context),
            ask.business.GetBusiness(business_service_pb2.GetBusinessRequest(**within, parts=BUSINESS_PARTS), context),
            ask.business.results((within["start_time"].seconds * MICRO, within["end_time"].seconds * MICRO)),
        )
