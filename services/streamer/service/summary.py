"""SummaryService: many figures in one answer."""

from collections.abc import Collection
from typing import Any

import grpc

from binnacle.streamer.v1 import summary_service_pb2 as pb, summary_service_pb2_grpc
from services.runtime.calls import current_call
from services.runtime.process import Registration
from services.streamer.convert import summaries
from services.streamer.convert.readings import Reading, Readings

SERVICE = "binnacle.streamer.v1.SummaryService"

Context = grpc.aio.ServicerContext[Any, Any]


class SummaryServicer(summary_service_pb2_grpc.SummaryServiceServicer):
    """Makes its answers of what is known of the caller's tenant."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings

    async def GetLiveMetrics(self, request: pb.GetLiveMetricsRequest, context: Context) -> pb.GetLiveMetricsResponse:
        return summaries.live_metrics(await self._read(summaries.LIVE))

    async def GetGlobalStats(self, request: pb.GetGlobalStatsRequest, context: Context) -> pb.GetGlobalStatsResponse:
        return summaries.global_stats(await self._read(summaries.GLOBAL))

    async def GetDashboardOverview(
        self, request: pb.GetDashboardOverviewRequest, context: Context
    ) -> pb.GetDashboardOverviewResponse:
        return summaries.dashboard_overview(await self._read(summaries.BOARD, components=True))

    async def GetAnalyticsOverview(
        self, request: pb.GetAnalyticsOverviewRequest, context: Context
    ) -> pb.GetAnalyticsOverviewResponse:
        return summaries.analytics_overview(await self._read(summaries.ANALYTICS, components=True))

    async def GetAnalyticsSummary(
        self, request: pb.GetAnalyticsSummaryRequest, context: Context
    ) -> pb.GetAnalyticsSummaryResponse:
        return summaries.analytics_summary(await self._read(summaries.SUMMARY, components=True))

    async def GetRealtimeStats(
        self, request: pb.GetRealtimeStatsRequest, context: Context
    ) -> pb.GetRealtimeStatsResponse:
        return summaries.realtime_stats(await self._read(summaries.REALTIME))

    async def GetMonitoringHealth(
        self, request: pb.GetMonitoringHealthRequest, context: Context
    ) -> pb.GetMonitoringHealthResponse:
        found = await self._read(summaries.MONITORING, components=True)
        found.require_ready()
        return summaries.monitoring_health(found)

    async def _read(self, names: Collection[str], *, components: bool = False) -> Reading:
        return await self._readings.of(current_call().tenant, names, components=components)


def registration(servicer: SummaryServicer) -> Registration:
    """The service as it is added to a server."""
    return Registration(summary_service_pb2_grpc.add_SummaryServiceServicer_to_server, servicer, SERVICE)
