"""What a page that watches everything begins with: answers of other services side by side."""

import asyncio
from dataclasses import dataclass
from typing import Any

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
from services.aggregator.convert.reports import at_second
from services.aggregator.service.business_service import BusinessServicer
from services.aggregator.service.integration_service import IntegrationServicer
from services.aggregator.service.machine_service import QUARTER, MachineServicer
from services.aggregator.service.service_catalog_service import ServiceCatalogServicer
from services.aggregator.service.session_service import SessionServicer
from services.core.clock import Clock
from services.core.errors import InvalidInput

USUAL, LONGEST = 3_600, 86_400
ENDPOINTS = 10


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
        start = end - (request.window_seconds or USUAL)
        within: dict[str, Timestamp] = {"start_time": at_second(start), "end_time": at_second(end)}
        api, endpoints, integrations, sessions, features, business, rules, machines = await asyncio.gather(
            self._ask.catalog.ListServices(service_catalog_service_pb2.ListServicesRequest(**within), context),
            self._ask.catalog.ListEndpoints(
                service_catalog_service_pb2.ListEndpointsRequest(**within, page_size=ENDPOINTS), context
            ),
            self._ask.integrations.ListIntegrations(integration_service_pb2.ListIntegrationsRequest(**within), context),
            self._ask.sessions.GetSessionFigures(session_service_pb2.GetSessionFiguresRequest(**within), context),
            self._ask.sessions.GetFeatureUsage(session_service_pb2.GetFeatureUsageRequest(**within), context),
            self._ask.business.GetBusiness(business_service_pb2.GetBusinessRequest(**within), context),
            self._ask.business.ListBusinessViolations(
                business_service_pb2.ListBusinessViolationsRequest(**within, page_size=1), context
            ),
            self._ask.machines.GetSystemFigures(
                machine_service_pb2.GetSystemFiguresRequest(window_seconds=QUARTER, step_seconds=QUARTER), context
            ),
        )
        return pb.GetMonitoringMetricsResponse(
            **within,
            api=api,
            endpoints=endpoints.endpoints,
            integrations=integrations.integrations,
            sessions=sessions.figures,
            features=features.features,
            business=business.figures,
            rules=rules.results,
            machines=machines.machines,
        )
