"""What browsers see."""

import grpc

from binnacle.aggregator.v1 import client_service_pb2 as pb, client_service_pb2_grpc
from services.aggregator.convert import clients
from services.aggregator.convert.reports import asked_range, asked_steps
from services.aggregator.domain.reports.clients import Clients
from services.core.clock import Clock
from services.runtime.calls import current_call

HOUR = 3_600


class ClientServicer(client_service_pb2_grpc.ClientServiceServicer):
    """Answers from the store."""

    def __init__(self, found: Clients, clock: Clock) -> None:
        self._clients = found
        self._clock = clock

    async def GetClientFigures(
        self,
        request: pb.GetClientFiguresRequest,
        context: grpc.aio.ServicerContext[pb.GetClientFiguresRequest, pb.GetClientFiguresResponse],
    ) -> pb.GetClientFiguresResponse:
        asked = asked_range(request, self._clock.now(), HOUR)
        steps = asked_steps(request, asked)
        return clients.report(await self._clients.report(current_call().tenant, asked, steps), steps)
