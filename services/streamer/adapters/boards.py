"""Reports that screens of a certain kind are made of: the same answers as over REST."""

from collections.abc import Awaitable, Callable, Mapping

import grpc

from binnacle.aggregator.v1 import (
    monitoring_service_pb2,
    monitoring_service_pb2_grpc,
    session_service_pb2,
    session_service_pb2_grpc,
)
from binnacle.streamer.v1 import connection_service_pb2, summary_service_pb2
from services.core.clock import Clock
from services.streamer.convert import summaries
from services.streamer.convert.connections import stats_message
from services.streamer.convert.readings import Readings
from services.streamer.convert.sockets import SOCKETS
from services.streamer.domain.presence import Presence

QUESTION_SECONDS = 10.0


class Boards:
    """Each method makes one report of a tenant. Raises BinnacleError or AioRpcError when there is none now."""

    def __init__(self, readings: Readings, presence: Presence, aggregator: grpc.aio.Channel, clock: Clock) -> None:
        self._readings = readings
        self._presence = presence
        self._clock = clock
        self._monitoring = monitoring_service_pb2_grpc.MonitoringServiceStub(aggregator)
        self._sessions = session_service_pb2_grpc.SessionServiceStub(aggregator)

    def by_name(self) -> Mapping[str, Callable[[str], Awaitable[object]]]:
        """Every report by its name."""
        return {
            "live_metrics": self._live_metrics,
            "insights": self._insights,
            "board": self._board,
            "monitoring_metrics": self._monitoring_metrics,
            "monitoring_health": self._monitoring_health,
            "active_sessions": self._active_sessions,
            "connections": self._connections,
            "sockets": self._sockets,
        }

    async def _live_metrics(self, tenant: str) -> summary_service_pb2.GetLiveMetricsResponse:
        return summaries.live_metrics(await self._readings.of(tenant, summaries.LIVE))

    async def _insights(self, _tenant: str) -> tuple[object, ...]:
        # Nobody draws conclusions from what is stored yet.
        return ()

    async def _board(self, tenant: str) -> summary_service_pb2.GetDashboardOverviewResponse:
        return summaries.dashboard_overview(await self._readings.of(tenant, summaries.BOARD, components=True))

    async def _monitoring_metrics(self, _tenant: str) -> monitoring_service_pb2.GetMonitoringMetricsResponse:
        asked = monitoring_service_pb2.GetMonitoringMetricsRequest()
        return await self._monitoring.GetMonitoringMetrics(asked, timeout=QUESTION_SECONDS)

    async def _monitoring_health(self, tenant: str) -> summary_service_pb2.GetMonitoringHealthResponse:
        return summaries.monitoring_health(await self._readings.of(tenant, summaries.MONITORING, components=True))

    async def _active_sessions(self, _tenant: str) -> session_service_pb2.ListActiveSessionsResponse:
        asked = session_service_pb2.ListActiveSessionsRequest()
        return await self._sessions.ListActiveSessions(asked, timeout=QUESTION_SECONDS)

    async def _connections(self, tenant: str) -> connection_service_pb2.GetConnectionStatsResponse:
        return stats_message(self._presence, tenant, self._clock)

    async def _sockets(self, _tenant: str) -> connection_service_pb2.GetSocketInfoResponse:
        return connection_service_pb2.GetSocketInfoResponse(sockets=SOCKETS)
