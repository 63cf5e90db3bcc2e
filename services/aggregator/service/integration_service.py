"""How the services of others do."""

import grpc

from binnacle.aggregator.v1 import integration_service_pb2 as pb, integration_service_pb2_grpc
from services.aggregator.convert import integrations
from services.aggregator.convert.reports import asked_range, asked_steps, name_from
from services.aggregator.domain.reports.integrations import Integrations
from services.core.clock import Clock
from services.runtime.calls import current_call

HOUR = 3_600


class IntegrationServicer(integration_service_pb2_grpc.IntegrationServiceServicer):
    """Answers from the store."""

    def __init__(self, found: Integrations, clock: Clock) -> None:
        self._integrations = found
        self._clock = clock

    async def ListIntegrations(
        self,
        request: pb.ListIntegrationsRequest,
        context: grpc.aio.ServicerContext[pb.ListIntegrationsRequest, pb.ListIntegrationsResponse],
    ) -> pb.ListIntegrationsResponse:
        asked = asked_range(request, self._clock.now(), HOUR)
        found = await self._integrations.listed(current_call().tenant, asked)
        return pb.ListIntegrationsResponse(integrations=[integrations.summary(one) for one in found])

    async def GetIntegration(
        self,
        request: pb.GetIntegrationRequest,
        context: grpc.aio.ServicerContext[pb.GetIntegrationRequest, pb.GetIntegrationResponse],
    ) -> pb.GetIntegrationResponse:
        name = name_from("integration", request.integration)
        asked = asked_range(request, self._clock.now(), HOUR)
        steps = asked_steps(request, asked)
        found = await self._integrations.get(current_call().tenant, asked, steps, name)
        return integrations.detail(found, steps)
