"""What the aggregator and alerting answer, as the figures that dashboards show."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import (
    agent_service_pb2,
    business_service_pb2,
    client_service_pb2,
    integration_service_pb2,
    log_service_pb2,
    machine_service_pb2,
    overview_service_pb2,
    pipeline_service_pb2,
    reliability_service_pb2,
    session_service_pb2,
)
from binnacle.alerting.v1 import alert_service_pb2
from binnacle.alerts.v1 import alerts_pb2
from binnacle.dashboard.v1 import dashboard_pb2
from binnacle.figures.v1 import figures_pb2 as pb
from binnacle.query.v1 import query_pb2
from services.core import conventions

SECONDS_SHOWN = 60


def moment(at: float) -> Timestamp:
    """Unix seconds as a message."""
    made = Timestamp()
    made.FromMilliseconds(int(at * 1000))
    return made


@dataclass(frozen=True, slots=True)
class Overview:
    """What the live overview says: figures, services, the last minutes, the last seconds."""

    traffic: pb.TrafficFigures
    counts: pb.ServiceCounts
    services: Mapping[str, dashboard_pb2.ServiceState]
    realtime: dashboard_pb2.RealtimeStats
    seconds: Sequence[dashboard_pb2.SignalPoint]


@dataclass(frozen=True, slots=True)
class Reliability:
    """Uptime and quality, which are asked for together."""

    uptime: pb.UptimeFigures
    quality: pb.QualityFigures


@dataclass(frozen=True, slots=True)
class Alerts:
    """Alerts, counted and the newest."""

    counts: pb.AlertCounts
    newest: Sequence[alerts_pb2.Alert]


def overview(told: overview_service_pb2.GetOverviewResponse) -> Overview:
    """The live overview."""
    snapshot = told.state.snapshot
    figures, stats, at = snapshot.overview, snapshot.realtime_stats, snapshot.updated_at
    traffic = pb.TrafficFigures(
        as_of=at,
        total_requests=figures.total_requests,
        requests_per_second=figures.requests_per_second,
        requests_last_1min=stats.requests_last_1min,
        errors_last_1min=stats.errors_last_1min,
        error_rate=figures.error_rate,
        average_latency_ms=figures.average_latency_ms,
        active_users=figures.active_users,
    )
    counts = _service_counts(at, snapshot.services.values())
    return Overview(traffic, counts, snapshot.services, stats, told.state.history[-SECONDS_SHOWN:])


def _service_counts(at: Timestamp, services: Iterable[dashboard_pb2.ServiceState]) -> pb.ServiceCounts:
    words = Counter(service.status for service in services)
    known = (conventions.HEALTHY, conventions.DEGRADED, conventions.UNHEALTHY, conventions.STALE)
    return pb.ServiceCounts(
        as_of=at,
        total=words.total(),
        healthy=words[conventions.HEALTHY],
        degraded=words[conventions.DEGRADED],
        unhealthy=words[conventions.UNHEALTHY],
        stale=words[conventions.STALE],
        other=sum(count for word, count in words.items() if word not in known),
    )


def agents(told: agent_service_pb2.ListAgentsResponse, at: float) -> pb.AgentFigures:
    """Agents at work."""
    kinds = [pb.AgentCount(kind=kind.kind, active=kind.active) for kind in told.kinds]
    return pb.AgentFigures(as_of=moment(at), active=told.active, kinds=kinds, heard_of=len(told.agents))


def clients(told: client_service_pb2.GetClientFiguresResponse, at: float) -> pb.ClientFigures:
    """Browsers."""
    return pb.ClientFigures(
        as_of=moment(at),
        active=told.active_clients,
        page_views=told.page_views,
        load_time=told.load_time if told.HasField("load_time") else None,
        errors=told.errors,
    )


def revenue(told: business_service_pb2.GetBusinessResponse, at: float) -> pb.RevenueFigures:
    """Revenue of the month; the last of its days is today."""
    today = told.points[-1] if told.points else business_service_pb2.BusinessPoint()
    month = [query_pb2.Money(currency=one.currency, amount=one.amount) for one in told.figures.revenue]
    return pb.RevenueFigures(
        as_of=moment(at),
        month=month,
        today=today.revenue,
        month_purchases=told.figures.purchases,
        today_purchases=today.purchases,
    )


def business(told: business_service_pb2.GetBusinessResponse, at: float) -> pb.BusinessTotals:
    """What a business did."""
    figures = told.figures
    ai = figures.ai
    return pb.BusinessTotals(
        as_of=moment(at),
        campaigns=_campaigns(figures.campaigns),
        messages=pb.MessageTotals(
            sent=figures.messages.sent,
            received=figures.messages.received,
            failed=figures.messages.failed,
            failure_rate=figures.messages.failure_rate,
        ),
        active_conversations=figures.conversations.active,
        conversations_started=figures.conversations.started,
        tickets=figures.tickets.created,
        ai=pb.AiTotals(
            calls=ai.calls,
            failed=ai.failed,
            tokens=ai.tokens,
            cost=ai.cost,
            average_latency_ms=ai.average_latency_ms,
        ),
        conversions=figures.conversions.count,
        credits_purchased=figures.credits.purchased,
        credits_used=figures.credits.used,
        searches=figures.searches.count,
    )


def _campaigns(told: business_service_pb2.Campaigns) -> pb.CampaignTotals:
    return pb.CampaignTotals(
        active=told.active,
        sent=told.sent,
        opened=told.opened,
        clicked=told.clicked,
        open_rate=told.open_rate,
        click_rate=told.click_rate,
    )


def reliability(told: reliability_service_pb2.GetReliabilityResponse, at: float) -> Reliability:
    """Uptime and quality."""
    overall, score = told.overall, told.optimization_score
    uptime = pb.UptimeFigures(
        as_of=moment(at),
        percent=overall.uptime_percent if overall.HasField("uptime_percent") else None,
        observed_seconds=overall.observed_seconds,
        down_seconds=overall.down_seconds,
        services_down=sum(service.down for service in told.services),
        target_percent=overall.budget.target_percent,
        budget_left_percent=overall.budget.left_percent,
    )
    quality = pb.QualityFigures(
        as_of=moment(at),
        success_rate=told.success_rate if told.HasField("success_rate") else None,
        requests=told.requests,
        errors=told.errors,
        score=score.score if told.HasField("optimization_score") else None,
        score_parts=[
            pb.ScorePart(
                name=part.name, value=part.value, weight=part.weight, measured=part.measured, baseline=part.baseline
            )
            for part in score.parts
        ],
    )
    return Reliability(uptime, quality)


def system(told: machine_service_pb2.GetSystemFiguresResponse, at: float) -> pb.SystemFigures:
    """Machines that are there, and databases."""
    machines = [machine for machine in told.machines if machine.present]

    def values(name: str) -> list[float]:
        return [getattr(machine, name) for machine in machines if machine.HasField(name)]  # type: ignore[arg-type]

    def average(name: str) -> float | None:
        found = values(name)
        return sum(found) / len(found) if found else None

    def total(name: str) -> float | None:
        found = values(name)
        return sum(found) if found else None

    return pb.SystemFigures(
        as_of=moment(at),
        machines=len(machines),
        cpu_percent=average("cpu_percent"),
        memory_percent=average("memory_percent"),
        disk_percent=max(values("disk_percent"), default=None),
        network_receive_bytes_per_second=total("network_receive_bytes_per_second"),
        network_transmit_bytes_per_second=total("network_transmit_bytes_per_second"),
        database_connections=told.database_connections if told.HasField("database_connections") else None,
    )


def sessions(told: session_service_pb2.GetSessionFiguresResponse, at: float) -> pb.SessionTotals:
    """Sessions."""
    return pb.SessionTotals(
        as_of=moment(at),
        sessions=told.figures.sessions,
        active=told.figures.active_sessions,
        users=told.figures.users,
        average_duration_seconds=told.figures.average_duration_seconds,
    )


def integrations(told: integration_service_pb2.ListIntegrationsResponse, at: float) -> pb.IntegrationFigures:
    """Integrations, together and one by one."""
    calls = sum(one.calls.calls for one in told.integrations)
    failures = sum(one.calls.failures for one in told.integrations)
    return pb.IntegrationFigures(
        as_of=moment(at),
        total=len(told.integrations),
        healthy=sum(one.status == conventions.HEALTHY for one in told.integrations),
        calls=calls,
        failures=failures,
        success_rate=100.0 - 100.0 * failures / calls if calls else 100.0,
        integrations=[_integration(one) for one in told.integrations],
    )


def _integration(told: integration_service_pb2.IntegrationSummary) -> pb.IntegrationState:
    return pb.IntegrationState(
        integration=told.integration,
        status=told.status,
        calls=told.calls.calls,
        success_rate=told.calls.success_rate,
        average_ms=told.calls.latency.average_ms if told.calls.HasField("latency") else None,
    )


def alerts(told: alert_service_pb2.ListAlertsResponse) -> Alerts:
    """Alerts, counted and the newest."""
    return Alerts(told.counts, told.alerts)


def logs(
    counted: log_service_pb2.GetLogHistogramResponse, listed: log_service_pb2.ListLogsResponse, at: float
) -> pb.LogFigures:
    """Log lines by level, and the newest."""
    by_level = {series.name: series.total for series in counted.histogram.series}
    recent = [
        pb.LogEntry(time=line.time, level=line.level, service=line.service, message=line.message)
        for line in listed.lines
    ]
    return pb.LogFigures(as_of=moment(at), total=sum(by_level.values()), by_level=by_level, recent=recent)


def stored(told: overview_service_pb2.GetIntakeStatsResponse, at: float) -> pb.StoredTotals:
    """What is stored in all."""
    return pb.StoredTotals(
        as_of=moment(at),
        events=told.events,
        metrics=told.samples,
        logs=told.logs,
        heartbeats=told.heartbeats,
        series=told.series,
    )


def flow(told: pipeline_service_pb2.GetPipelineResponse, at: float) -> pb.FlowFigures:
    """The way into the store."""
    return pb.FlowFigures(
        as_of=moment(at),
        rows_per_second={one.kind: one.rows_per_second for one in told.flows},
        rows_per_second_last_minute={one.kind: one.rows_per_second_last_minute for one in told.flows},
        lag_p95_seconds=told.lag.p95_seconds if told.HasField("lag") else None,
        refused=sum(refusal.count for refusal in told.refusals),
        journals_connected=sum(journal.connected for journal in told.journals),
    )
