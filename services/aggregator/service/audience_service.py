"""How many people there are, when they come, and whether they come back."""

from dataclasses import replace

import grpc

from binnacle.aggregator.v1 import audience_service_pb2 as pb, audience_service_pb2_grpc
from services.aggregator.convert import audience
from services.aggregator.domain.business.cohorts import cohorts
from services.aggregator.domain.business.peak_hours import peak_hours
from services.aggregator.ports.audience import AudienceReader
from services.core.clock import Clock
from services.core.conventions import FIGURES_WINDOW
from services.core.errors import InvalidInput
from services.runtime.calls import current_call


class AudienceServicer(audience_service_pb2_grpc.AudienceServiceServicer):
    """Answers from the store."""

    def __init__(self, reader: AudienceReader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock

    async def GetUniques(
        self,
        request: pb.GetUniquesRequest,
        context: grpc.aio.ServicerContext[pb.GetUniquesRequest, pb.GetUniquesResponse],
    ) -> pb.GetUniquesResponse:
        tenant, now = current_call().tenant, self._clock.now()
        asked = audience.uniques_from(request, now)
        shift = request.earlier_seconds * 1_000_000
        if shift > asked.from_us:
            raise InvalidInput.of("earlier_seconds", "must not lead before 1970")
        before = replace(asked, from_us=asked.from_us - shift, to_us=asked.to_us - shift)
        end = min(asked.to_us, int(now * 1e6) + 1)
        lately = replace(asked, from_us=end - FIGURES_WINDOW * 1_000_000, to_us=end)
        return audience.uniques(
            asked,
            await self._reader.users(tenant, lately),
            await self._reader.users(tenant, asked),
            await self._reader.users(tenant, before) if shift else 0,
            await self._reader.users_over_time(tenant, asked),
        )

    async def GetPeakHours(
        self,
        request: pb.GetPeakHoursRequest,
        context: grpc.aio.ServicerContext[pb.GetPeakHoursRequest, pb.GetPeakHoursResponse],
    ) -> pb.GetPeakHoursResponse:
        asked, zone = audience.hours_from(request, self._clock.now())
        found = await self._reader.hours(current_call().tenant, asked)
        return audience.peak_hours(peak_hours(asked.starts, found, zone))

    async def GetUserRetention(
        self,
        request: pb.GetUserRetentionRequest,
        context: grpc.aio.ServicerContext[pb.GetUserRetentionRequest, pb.GetUserRetentionResponse],
    ) -> pb.GetUserRetentionResponse:
        question = audience.cohorts_from(request, self._clock.now())
        found = await self._reader.returns(current_call().tenant, question)
        return audience.retention(cohorts(question.starts, found))
