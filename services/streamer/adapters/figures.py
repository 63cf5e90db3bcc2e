"""Figures that the aggregator and alerting know, asked for by gRPC."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import grpc

from binnacle.aggregator.v1 import (
    agent_service_pb2 as agent,
    agent_service_pb2_grpc,
    business_service_pb2 as business,
    business_service_pb2_grpc,
    client_service_pb2 as client,
    client_service_pb2_grpc,
    integration_service_pb2 as integration,
    integration_service_pb2_grpc,
    log_service_pb2 as log,
    log_service_pb2_grpc,
    machine_service_pb2 as machine,
    machine_service_pb2_grpc,
    overview_service_pb2 as overview,
    overview_service_pb2_grpc,
    pipeline_service_pb2 as pipeline,
    pipeline_service_pb2_grpc,
    reliability_service_pb2 as reliability,
    reliability_service_pb2_grpc,
    service_catalog_service_pb2 as catalog,
    service_catalog_service_pb2_grpc,
    session_service_pb2 as session,
    session_service_pb2_grpc,
)
from binnacle.alerting.v1 import alert_service_pb2, alert_service_pb2_grpc
from binnacle.query.v1 import filters_pb2
from binnacle.reports.v1 import reports_pb2
from services.core.clock import Clock
from services.core.conventions import FIGURES_WINDOW
from services.runtime.calls import acting_for
from services.runtime.statuses import translated_errors
from services.streamer.convert import figures
from services.streamer.convert.figures import moment

# Nobody waits for it but those who look first.
ANSWER_SECONDS = 8.0
HOUR, DAY = 3600, 86_400
NEWEST_LOGS = 20
NEWEST_ALERTS = 20
DAILY = (
    business.BUSINESS_PART_CAMPAIGNS,
    business.BUSINESS_PART_MESSAGES,
    business.BUSINESS_PART_CONVERSATIONS,
    business.BUSINESS_PART_TICKETS,
    business.BUSINESS_PART_AI,
    business.BUSINESS_PART_CONVERSIONS,
    business.BUSINESS_PART_CREDITS,
    business.BUSINESS_PART_SEARCHES,
)


@dataclass(frozen=True, slots=True)
class Question:
    """One question to a peer, asked for a tenant; a source of figures."""

    peer: str
    interval: float
    call: Callable[[], Awaitable[object]]

    async def ask(self, tenant: str) -> object:
        """The answer as figures. Raises what the peer told, or Unavailable."""
        with acting_for(tenant), translated_errors(self.peer):
            return await self.call()


def questions(aggregator: grpc.aio.Channel, alerting: grpc.aio.Channel, clock: Clock) -> Mapping[str, Question]:
    """Every figure by the name it is told under."""
    ask = AggregatorFigures(aggregator, clock)
    known: dict[str, tuple[float, Callable[[], Awaitable[object]]]] = {
        "traffic": (1.0, ask.overview),
        "timeseries": (10.0, ask.timeseries),
        "system": (2.0, ask.system),
        "agents": (3.0, ask.agents),
        "clients": (5.0, ask.clients),
        "revenue": (3.0, ask.revenue),
        "business": (5.0, ask.business),
        "uptime": (5.0, ask.reliability),
        "sessions": (5.0, ask.sessions),
        "integrations": (5.0, ask.integrations),
        "logs": (5.0, ask.logs),
        "stored": (5.0, ask.stored),
        "pipeline": (3.0, ask.flow),
    }
    found = {name: Question("aggregator", interval, call) for name, (interval, call) in known.items()}
    return {**found, "alerts": Question("alerting", 1.0, AlertFigures(alerting).alerts)}


class AggregatorFigures:
    """Asks the aggregator; every method raises AioRpcError when it does not answer in time."""

    def __init__(self, channel: grpc.aio.Channel, clock: Clock) -> None:
        self._clock = clock
        self._overview = overview_service_pb2_grpc.OverviewServiceStub(channel)
        self._catalog = service_catalog_service_pb2_grpc.ServiceCatalogServiceStub(channel)
        self._machines = machine_service_pb2_grpc.MachineServiceStub(channel)
        self._agents = agent_service_pb2_grpc.AgentServiceStub(channel)
        self._clients = client_service_pb2_grpc.ClientServiceStub(channel)
        self._business = business_service_pb2_grpc.BusinessServiceStub(channel)
        self._reliability = reliability_service_pb2_grpc.ReliabilityServiceStub(channel)
        self._sessions = session_service_pb2_grpc.SessionServiceStub(channel)
        self._integrations = integration_service_pb2_grpc.IntegrationServiceStub(channel)
        self._logs = log_service_pb2_grpc.LogServiceStub(channel)
        self._pipeline = pipeline_service_pb2_grpc.PipelineServiceStub(channel)

    async def overview(self) -> object:
        """The live overview."""
        asked = overview.GetOverviewRequest(history_seconds=figures.SECONDS_SHOWN)
        return figures.overview(await self._overview.GetOverview(asked, timeout=ANSWER_SECONDS))

    async def timeseries(self) -> list[reports_pb2.TrafficPoint]:
        """Traffic of the last hour by minute."""
        asked = catalog.QueryTrafficRequest(window_seconds=HOUR, step_seconds=60)
        told = await self._catalog.QueryTraffic(asked, timeout=ANSWER_SECONDS)
        return [point for series in told.series for point in series.points]

    async def system(self) -> object:
        """Machines and databases."""
        asked = machine.GetSystemFiguresRequest(window_seconds=FIGURES_WINDOW, step_seconds=FIGURES_WINDOW)
        return figures.system(await self._machines.GetSystemFigures(asked, timeout=ANSWER_SECONDS), self._clock.now())

    async def agents(self) -> object:
        """Agents at work."""
        asked = agent.ListAgentsRequest(window_seconds=FIGURES_WINDOW)
        return figures.agents(await self._agents.ListAgents(asked, timeout=ANSWER_SECONDS), self._clock.now())

    async def clients(self) -> object:
        """Browsers."""
        asked = client.GetClientFiguresRequest(window_seconds=FIGURES_WINDOW, step_seconds=FIGURES_WINDOW)
        return figures.clients(await self._clients.GetClientFigures(asked, timeout=ANSWER_SECONDS), self._clock.now())

    async def revenue(self) -> object:
        """Revenue of the month by days."""
        now = self._clock.now()
        first = datetime.fromtimestamp(now, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()
        asked = business.GetBusinessRequest(
            start_time=moment(first),
            # At midnight of the first there is no range yet.
            end_time=moment(max(now, first + 1)),
            step_seconds=DAY,
            parts=[business.BUSINESS_PART_REVENUE],
        )
        return figures.revenue(await self._business.GetBusiness(asked, timeout=ANSWER_SECONDS), now)

    async def business(self) -> object:
        """What a business did in a day."""
        asked = business.GetBusinessRequest(parts=DAILY, top=1)
        return figures.business(await self._business.GetBusiness(asked, timeout=ANSWER_SECONDS), self._clock.now())

    async def reliability(self) -> object:
        """Uptime and quality of a day."""
        asked = reliability.GetReliabilityRequest(window_seconds=DAY)
        told = await self._reliability.GetReliability(asked, timeout=ANSWER_SECONDS)
        return figures.reliability(told, self._clock.now())

    async def sessions(self) -> object:
        """Sessions of an hour."""
        now = self._clock.now()
        asked = session.GetSessionFiguresRequest(start_time=moment(now - HOUR))
        return figures.sessions(await self._sessions.GetSessionFigures(asked, timeout=ANSWER_SECONDS), now)

    async def integrations(self) -> object:
        """Integrations of an hour."""
        asked = integration.ListIntegrationsRequest(window_seconds=HOUR)
        told = await self._integrations.ListIntegrations(asked, timeout=ANSWER_SECONDS)
        return figures.integrations(told, self._clock.now())

    async def logs(self) -> object:
        """Log lines of an hour."""
        now = self._clock.now()
        within = filters_pb2.LogFilter(start_time=moment(now - HOUR))
        counted = await self._logs.GetLogHistogram(
            log.GetLogHistogramRequest(filter=within, step_seconds=HOUR), timeout=ANSWER_SECONDS
        )
        listed = await self._logs.ListLogs(
            log.ListLogsRequest(filter=within, page_size=NEWEST_LOGS), timeout=ANSWER_SECONDS
        )
        return figures.logs(counted, listed, now)

    async def stored(self) -> object:
        """What is stored in all."""
        asked = overview.GetIntakeStatsRequest()
        return figures.stored(await self._overview.GetIntakeStats(asked, timeout=ANSWER_SECONDS), self._clock.now())

    async def flow(self) -> object:
        """The way into the store."""
        asked = pipeline.GetPipelineRequest()
        return figures.flow(await self._pipeline.GetPipeline(asked, timeout=ANSWER_SECONDS), self._clock.now())


class AlertFigures:
    """Asks alerting; raises AioRpcError when it does not answer in time."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._alerts = alert_service_pb2_grpc.AlertServiceStub(channel)

    async def alerts(self) -> object:
        """Alerts as they stand."""
        asked = alert_service_pb2.ListAlertsRequest(page_size=NEWEST_ALERTS)
        return figures.alerts(await self._alerts.ListAlerts(asked, timeout=ANSWER_SECONDS))
