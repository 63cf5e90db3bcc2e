"""SummaryService: many figures in one answer."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import grpc

from binnacle.streamer.v1 import summary_service_pb2 as pb, summary_service_pb2_grpc
from services.core.clock import Clock
from services.core.errors import Unavailable
from services.runtime.calls import current_call
from services.runtime.process import Registration
from services.streamer.convert import summaries
from services.streamer.convert.summaries import Reading
from services.streamer.domain.kept import Kept, Untold
from services.streamer.domain.presence import Presence

SERVICE = "binnacle.streamer.v1.SummaryService"

LIVE = ("agents", "revenue", "business", "uptime", "clients", "system")
GLOBAL = (
    "stored",
    "traffic",
    "sessions",
    "agents",
    "integrations",
    "revenue",
    "business",
    "uptime",
)
BOARD = ("business", "integrations", "alerts", "pipeline", "traffic", "system")
ANALYTICS = ("traffic", "alerts", "logs", "sessions", "pipeline", "system", "uptime")
SUMMARY = (*ANALYTICS, "timeseries", "integrations", "business", "revenue", "agents", "clients", "stored")
REALTIME = ("traffic", "pipeline", "sessions")
MONITORING = ("traffic", "integrations", "alerts", "uptime", "system", "pipeline")

Context = grpc.aio.ServicerContext[Any, Any]


class SummaryServicer(summary_service_pb2_grpc.SummaryServiceServicer):
    """Reads figures that are kept: `figures` of the tenant, `suite` of the suite as a whole."""

    def __init__(self, figures: Kept, suite: Kept, presence: Presence, clock: Clock) -> None:
        self._figures = figures
        self._suite = suite
        self._presence = presence
        self._clock = clock

    async def GetLiveMetrics(self, request: pb.GetLiveMetricsRequest, context: Context) -> pb.GetLiveMetricsResponse:
        return summaries.live_metrics(await self._read(LIVE))

    async def GetGlobalStats(self, request: pb.GetGlobalStatsRequest, context: Context) -> pb.GetGlobalStatsResponse:
        return summaries.global_stats(await self._read(GLOBAL))

    async def GetDashboardOverview(
        self, request: pb.GetDashboardOverviewRequest, context: Context
    ) -> pb.GetDashboardOverviewResponse:
        return summaries.dashboard_overview(await self._read(BOARD, components=True))

    async def GetAnalyticsOverview(
        self, request: pb.GetAnalyticsOverviewRequest, context: Context
    ) -> pb.GetAnalyticsOverviewResponse:
        return summaries.analytics_overview(await self._read(ANALYTICS, components=True))

    async def GetAnalyticsSummary(
        self, request: pb.GetAnalyticsSummaryRequest, context: Context
    ) -> pb.GetAnalyticsSummaryResponse:
        return summaries.analytics_summary(await self._read(SUMMARY, components=True))

    async def GetRealtimeStats(
        self, request: pb.GetRealtimeStatsRequest, context: Context
    ) -> pb.GetRealtimeStatsResponse:
        return summaries.realtime_stats(await self._read(REALTIME))

    async def GetMonitoringHealth(
        self, request: pb.GetMonitoringHealthRequest, context: Context
    ) -> pb.GetMonitoringHealthResponse:
        found = await self._read(MONITORING, components=True)
        found.require_ready()
        return summaries.monitoring_health(found)

    async def _read(self, names: Sequence[str], *, components: bool = False) -> Reading:
        """What is known under these names. Raises Unavailable where that is nothing."""
        tenant = current_call().tenant
        told = await self._figures.tell(tenant, names)
        if all(isinstance(one, Untold) for one in told.values()):
            raise Unavailable("; ".join(sorted({one.reason for one in told.values() if isinstance(one, Untold)})))
        if components:
            told |= await self._suite.tell("", ["components"])
        connected = Counter(connection.kind for connection in self._presence.of(tenant))
        return Reading(self._clock.now(), told, connected)


def registration(servicer: SummaryServicer) -> Registration:
    """The service as it is added to a server."""
    return Registration(summary_service_pb2_grpc.add_SummaryServiceServicer_to_server, servicer, SERVICE)
