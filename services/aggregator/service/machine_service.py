"""How busy machines are."""

import grpc

from binnacle.aggregator.v1 import machine_service_pb2 as pb, machine_service_pb2_grpc
from services.aggregator.convert import machines
from services.aggregator.convert.reports import asked_range, zone_from
from services.aggregator.domain.reports.machine_reports import Machines
from services.core.clock import Clock
from services.runtime.calls import current_call

QUARTER = 900
# For so long roll-ups by the hour are kept.
LONGEST = 400 * 86_400


class MachineServicer(machine_service_pb2_grpc.MachineServiceServicer):
    """Answers from the store."""

    def __init__(self, found: Machines, clock: Clock) -> None:
        self._machines = found
        self._clock = clock

    async def GetSystemFigures(
        self,
        request: pb.GetSystemFiguresRequest,
        context: grpc.aio.ServicerContext[pb.GetSystemFiguresRequest, pb.GetSystemFiguresResponse],
    ) -> pb.GetSystemFiguresResponse:
        asked = asked_range(request, self._clock.now(), QUARTER, LONGEST)
        zone = zone_from(request.time_zone)
        found = await self._machines.report(current_call().tenant, asked, request.step_seconds, zone, request.host)
        return machines.report(found)
