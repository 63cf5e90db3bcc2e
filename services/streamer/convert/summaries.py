"""Answers that hold many figures, put together from what could be learnt."""

from collections.abc import Sequence
from typing import Final

from binnacle.figures.v1 import figures_pb2
from binnacle.reports.v1 import reports_pb2
from binnacle.streamer.v1 import summary_service_pb2 as pb
from services.core.conventions import DEGRADED, HEALTHY, UNHEALTHY
from services.streamer.convert.components import Suite
from services.streamer.convert.figures import Alerts, Overview, Reliability, moment
from services.streamer.convert.readings import Reading

UNKNOWN = "unknown"
STORED_BY_EVENTS = ("events", "samples")

# What each answer is made of.
LIVE: Final = ("agents", "revenue", "business", "uptime", "clients", "system")
GLOBAL: Final = ("stored", "traffic", "sessions", "agents", "integrations", "revenue", "business", "uptime")
BOARD: Final = ("business", "integrations", "alerts", "pipeline", "traffic", "system")
ANALYTICS: Final = ("traffic", "alerts", "logs", "sessions", "pipeline", "system", "uptime")
SUMMARY: Final = (
    *ANALYTICS,
    "timeseries",
    "integrations",
    "business",
    "revenue",
    "agents",
    "clients",
    "stored",
)
REALTIME: Final = ("traffic", "pipeline", "sessions")
MONITORING: Final = ("traffic", "integrations", "alerts", "uptime", "system", "pipeline")


def live_metrics(found: Reading) -> pb.GetLiveMetricsResponse:
    """The figures of a wallboard."""
    reliability, business = found.find("uptime", Reliability), found.find("business", figures_pb2.BusinessTotals)
    quality = reliability.quality if reliability else None
    return pb.GetLiveMetricsResponse(
        timestamp=moment(found.at),
        agents=found.find("agents", figures_pb2.AgentFigures),
        revenue=found.find("revenue", figures_pb2.RevenueFigures),
        campaigns=business.campaigns if business else None,
        uptime=reliability.uptime if reliability else None,
        success_rate=quality.success_rate if quality and quality.HasField("success_rate") else None,
        ai_optimization_score=quality.score if quality and quality.HasField("score") else None,
        quality=quality,
        clients=found.find("clients", figures_pb2.ClientFigures),
        system=found.find("system", figures_pb2.SystemFigures),
        connections=found.connections,
        missing=found.missing,
    )


def global_stats(found: Reading) -> pb.GetGlobalStatsResponse:
    """Totals over everything."""
    overview, reliability = found.find("traffic", Overview), found.find("uptime", Reliability)
    return pb.GetGlobalStatsResponse(
        timestamp=moment(found.at),
        stored=found.find("stored", figures_pb2.StoredTotals),
        traffic=overview.traffic if overview else None,
        services=overview.counts if overview else None,
        sessions=found.find("sessions", figures_pb2.SessionTotals),
        agents=found.find("agents", figures_pb2.AgentFigures),
        integrations=found.find("integrations", figures_pb2.IntegrationFigures),
        revenue=found.find("revenue", figures_pb2.RevenueFigures),
        business=found.find("business", figures_pb2.BusinessTotals),
        uptime=reliability.uptime if reliability else None,
        quality=reliability.quality if reliability else None,
        connections=found.connections,
        missing=found.missing,
    )


def dashboard_overview(found: Reading) -> pb.GetDashboardOverviewResponse:
    """Main figures of a messaging platform."""
    business, alerts = found.find("business", figures_pb2.BusinessTotals), found.find("alerts", Alerts)
    return pb.GetDashboardOverviewResponse(
        timestamp=moment(found.at),
        status=_status_of(found),
        metrics=_dashboard_metrics(found, business),
        campaigns=business.campaigns if business else None,
        integrations=found.find("integrations", figures_pb2.IntegrationFigures),
        ai_usage=business.ai if business else None,
        alerts=alerts.counts if alerts else None,
        components=found.components,
        missing=found.missing,
    )


def _dashboard_metrics(found: Reading, business: figures_pb2.BusinessTotals | None) -> pb.DashboardMetrics:
    overview, flow = found.find("traffic", Overview), found.find("pipeline", figures_pb2.FlowFigures)
    made = pb.DashboardMetrics(websocket_connections=found.connections.websocket)
    if business is not None:
        made.messages_sent = business.messages.sent
        made.messages_received = business.messages.received
        made.messages_failed = business.messages.failed
        made.active_conversations = business.active_conversations
        made.tickets_created = business.tickets
    if flow is not None:
        rates = flow.rows_per_second_last_minute
        made.message_throughput = sum(rates[kind] for kind in STORED_BY_EVENTS if kind in rates)
    if overview is not None:
        made.error_rate = overview.traffic.error_rate
    _add_system(made, found.find("system", figures_pb2.SystemFigures))
    return made


def _add_system(made: pb.DashboardMetrics, system: figures_pb2.SystemFigures | None) -> None:
    if system is None:
        return
    if system.HasField("cpu_percent"):
        made.system_cpu_usage = system.cpu_percent
    if system.HasField("memory_percent"):
        made.system_memory_usage = system.memory_percent
    if system.HasField("database_connections"):
        made.database_connections = system.database_connections


def analytics_overview(found: Reading) -> pb.GetAnalyticsOverviewResponse:
    """Main figures of running services."""
    overview, alerts = found.find("traffic", Overview), found.find("alerts", Alerts)
    reliability = found.find("uptime", Reliability)
    return pb.GetAnalyticsOverviewResponse(
        timestamp=moment(found.at),
        status=_status_of(found),
        traffic=overview.traffic if overview else None,
        services=overview.counts if overview else None,
        alerts=alerts.counts if alerts else None,
        logs=found.find("logs", figures_pb2.LogFigures),
        sessions=found.find("sessions", figures_pb2.SessionTotals),
        pipeline=found.find("pipeline", figures_pb2.FlowFigures),
        system=found.find("system", figures_pb2.SystemFigures),
        uptime=reliability.uptime if reliability else None,
        connections=found.connections,
        missing=found.missing,
    )


def analytics_summary(found: Reading) -> pb.GetAnalyticsSummaryResponse:
    """All that a dashboard needs to start."""
    overview, alerts = found.find("traffic", Overview), found.find("alerts", Alerts)
    reliability = found.find("uptime", Reliability)
    points: Sequence[reports_pb2.TrafficPoint] = found.find("timeseries", list[reports_pb2.TrafficPoint]) or []
    return pb.GetAnalyticsSummaryResponse(
        overview=analytics_overview(found),
        services=overview.services if overview else None,
        realtime=found.realtime,
        timeseries=points,
        recent_alerts=alerts.newest if alerts else [],
        integrations=found.find("integrations", figures_pb2.IntegrationFigures),
        business=found.find("business", figures_pb2.BusinessTotals),
        revenue=found.find("revenue", figures_pb2.RevenueFigures),
        agents=found.find("agents", figures_pb2.AgentFigures),
        clients=found.find("clients", figures_pb2.ClientFigures),
        quality=reliability.quality if reliability else None,
        stored=found.find("stored", figures_pb2.StoredTotals),
        components=found.components,
        missing=found.missing,
    )


def realtime_stats(found: Reading) -> pb.GetRealtimeStatsResponse:
    """What goes on at this moment."""
    overview = found.find("traffic", Overview)
    return pb.GetRealtimeStatsResponse(
        timestamp=moment(found.at),
        traffic=overview.traffic if overview else None,
        realtime=found.realtime,
        seconds=overview.seconds if overview else [],
        pipeline=found.find("pipeline", figures_pb2.FlowFigures),
        sessions=found.find("sessions", figures_pb2.SessionTotals),
        connections=found.connections,
        missing=found.missing,
    )


def monitoring_health(found: Reading) -> pb.GetMonitoringHealthResponse:
    """The health of integrations and services."""
    overview, alerts = found.find("traffic", Overview), found.find("alerts", Alerts)
    reliability = found.find("uptime", Reliability)
    integrations = found.find("integrations", figures_pb2.IntegrationFigures)
    return pb.GetMonitoringHealthResponse(
        status=_worst(overview.counts if overview else None, integrations),
        timestamp=moment(found.at),
        components=found.components,
        integrations=integrations,
        services=overview.counts if overview else None,
        alerts=alerts.counts if alerts else None,
        uptime=reliability.uptime if reliability else None,
        system=found.find("system", figures_pb2.SystemFigures),
        missing=found.missing,
    )


def _status_of(found: Reading) -> str:
    if found.find("components", Suite) is None:
        return UNKNOWN
    return HEALTHY if all(one.status == HEALTHY for one in found.components) else UNHEALTHY


def _worst(services: figures_pb2.ServiceCounts | None, integrations: figures_pb2.IntegrationFigures | None) -> str:
    if services is None or integrations is None:
        return UNKNOWN
    states = {one.status for one in integrations.integrations}
    if UNHEALTHY in states or services.unhealthy + services.stale:
        return UNHEALTHY
    return DEGRADED if DEGRADED in states or services.degraded else HEALTHY
