"""How reliable services were."""

import grpc

from binnacle.aggregator.v1 import reliability_service_pb2 as pb, reliability_service_pb2_grpc
from services.aggregator.convert import pages, reliability
from services.aggregator.convert.reports import asked_range
from services.aggregator.domain.ranges.ranges import Range
from services.aggregator.domain.reports.reliability import Reliabilities
from services.core.clock import Clock
from services.runtime import page_tokens
from services.runtime.calls import current_call

DAY = 86_400


class ReliabilityServicer(reliability_service_pb2_grpc.ReliabilityServiceServicer):
    """Answers from the store."""

    def __init__(self, found: Reliabilities, clock: Clock) -> None:
        self._reliabilities = found
        self._clock = clock

    async def GetReliability(
        self,
        request: pb.GetReliabilityRequest,
        context: grpc.aio.ServicerContext[pb.GetReliabilityRequest, pb.GetReliabilityResponse],
    ) -> pb.GetReliabilityResponse:
        asked = asked_range(request, self._clock.now(), DAY)
        target = reliability.target_from(request)
        return reliability.report(
            await self._reliabilities.report(current_call().tenant, asked, request.service, target)
        )

    async def ListOutages(
        self,
        request: pb.ListOutagesRequest,
        context: grpc.aio.ServicerContext[pb.ListOutagesRequest, pb.ListOutagesResponse],
    ) -> pb.ListOutagesResponse:
        tenant = current_call().tenant
        size = pages.limit_from("page_size", request.page_size or pages.DEFAULT_LIMIT)
        first, end, begin = page_tokens.state_of(tenant, request) or (0, 0, 0)
        asked = Range(first, end) if end else asked_range(request, self._clock.now(), DAY)
        found = await self._reliabilities.outages(tenant, asked, request.service)
        following = begin + size
        return pb.ListOutagesResponse(
            outages=[reliability.outage(one) for one in found[begin:following]],
            next_page_token=page_tokens.token_of(tenant, request, [asked.first, asked.end, following])
            if following < len(found)
            else "",
        )
