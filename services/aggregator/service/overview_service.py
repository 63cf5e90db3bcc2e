"""The live overview."""

from collections.abc import AsyncIterator

import grpc

from binnacle.aggregator.v1 import overview_service_pb2 as pb, overview_service_pb2_grpc
from services.aggregator.convert.dashboard import dashboard_state, watch_response
from services.aggregator.domain.live.live import Live
from services.aggregator.ports.store import Store
from services.runtime.calls import current_call

WatchContext = grpc.aio.ServicerContext[pb.WatchOverviewRequest, pb.WatchOverviewResponse]


class OverviewServicer(overview_service_pb2_grpc.OverviewServiceServicer):
    """Answers what is happening now."""

    def __init__(self, live: Live, store: Store) -> None:
        self._live = live
        self._store = store

    async def GetOverview(
        self,
        request: pb.GetOverviewRequest,
        context: grpc.aio.ServicerContext[pb.GetOverviewRequest, pb.GetOverviewResponse],
    ) -> pb.GetOverviewResponse:
        tenant = current_call().tenant
        await self._live.up_to_date(tenant)
        seconds = request.history_seconds if request.HasField("history_seconds") else None
        state = self._live.state(tenant, seconds)
        return pb.GetOverviewResponse(state=dashboard_state(state))

    async def WatchOverview(
        self, request: pb.WatchOverviewRequest, context: WatchContext
    ) -> AsyncIterator[pb.WatchOverviewResponse]:
        tenant = current_call().tenant
        await self._live.up_to_date(tenant)
        with self._live.reading(tenant) as reader:
            while True:
                yield watch_response(await reader.next())

    async def GetIntakeStats(
        self,
        request: pb.GetIntakeStatsRequest,
        context: grpc.aio.ServicerContext[pb.GetIntakeStatsRequest, pb.GetIntakeStatsResponse],
    ) -> pb.GetIntakeStatsResponse:
        tenant = current_call().tenant
        await self._live.up_to_date(tenant)
        services = self._live.services_today(tenant)
        counts = await self._store.intake_counts(tenant)
        return pb.GetIntakeStatsResponse(
            events=counts.events,
            samples=counts.samples,
            logs=counts.logs,
            heartbeats=counts.heartbeats,
            series=counts.series,
            services=services,
            events_by_type=counts.events_by_type,
        )
