"""Puts the reports together: services, integrations, reliability, pipeline, machines, agents, clients, changes."""

from binnacle.aggregator.v1 import (
    agent_service_pb2_grpc,
    change_service_pb2_grpc,
    client_service_pb2_grpc,
    integration_service_pb2_grpc,
    machine_service_pb2_grpc,
    pipeline_service_pb2_grpc,
    reliability_service_pb2_grpc,
    service_catalog_service_pb2_grpc,
    usage_service_pb2_grpc,
)
from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.reports.agents import ClickHouseAgents
from services.aggregator.adapters.clickhouse.reports.changes import ClickHouseChanges
from services.aggregator.adapters.clickhouse.reports.clients import ClickHouseClients
from services.aggregator.adapters.clickhouse.reports.gauges import ClickHouseGauges
from services.aggregator.adapters.clickhouse.reports.integrations import ClickHouseIntegrations
from services.aggregator.adapters.clickhouse.reports.pipeline import ClickHousePipeline
from services.aggregator.adapters.clickhouse.reports.reliability import ClickHouseReliability
from services.aggregator.adapters.clickhouse.reports.services import ClickHouseServices
from services.aggregator.adapters.clickhouse.reports.traffic import ClickHouseTraffic
from services.aggregator.adapters.clickhouse.reports.usage import ClickHouseUsage
from services.aggregator.domain.access.edge_rates import EdgeRates
from services.aggregator.domain.figures.kept_answers import KeptAnswers
from services.aggregator.domain.intake.aggregator import Aggregator
from services.aggregator.domain.reports.agents import Agents
from services.aggregator.domain.reports.clients import Clients
from services.aggregator.domain.reports.integrations import Integrations
from services.aggregator.domain.reports.machine_reports import Machines
from services.aggregator.domain.reports.pipeline import Pipeline
from services.aggregator.domain.reports.reliability import Reliabilities
from services.aggregator.domain.reports.services import Services
from services.aggregator.domain.reports.usage import UsageReports
from services.aggregator.service.agent_service import AgentServicer
from services.aggregator.service.change_service import ChangeServicer
from services.aggregator.service.client_service import ClientServicer
from services.aggregator.service.integration_service import IntegrationServicer
from services.aggregator.service.machine_service import MachineServicer
from services.aggregator.service.pipeline_service import PipelineServicer
from services.aggregator.service.reliability_service import ReliabilityServicer
from services.aggregator.service.service_catalog_service import ServiceCatalogServicer
from services.aggregator.service.usage_service import UsageServicer
from services.core.clock import Clock
from services.runtime.process import Process, Registration


def reports(reader: Reader, clock: Clock) -> list[Registration]:
    """Every report that the store alone answers."""
    traffic, gauges = ClickHouseTraffic(reader), ClickHouseGauges(reader)
    return [
        Registration(
            service_catalog_service_pb2_grpc.add_ServiceCatalogServiceServicer_to_server,
            catalog_servicer(reader, clock),
            "binnacle.aggregator.v1.ServiceCatalogService",
        ),
        Registration(
            integration_service_pb2_grpc.add_IntegrationServiceServicer_to_server,
            integration_servicer(reader, clock),
            "binnacle.aggregator.v1.IntegrationService",
        ),
        Registration(
            reliability_service_pb2_grpc.add_ReliabilityServiceServicer_to_server,
            ReliabilityServicer(Reliabilities(ClickHouseReliability(reader), traffic, clock), clock),
            "binnacle.aggregator.v1.ReliabilityService",
        ),
        Registration(
            machine_service_pb2_grpc.add_MachineServiceServicer_to_server,
            machine_servicer(reader, clock),
            "binnacle.aggregator.v1.MachineService",
        ),
        Registration(
            agent_service_pb2_grpc.add_AgentServiceServicer_to_server,
            AgentServicer(Agents(ClickHouseAgents(reader), gauges), clock),
            "binnacle.aggregator.v1.AgentService",
        ),
        Registration(
            client_service_pb2_grpc.add_ClientServiceServicer_to_server,
            ClientServicer(Clients(ClickHouseClients(reader), gauges), clock),
            "binnacle.aggregator.v1.ClientService",
        ),
        Registration(
            change_service_pb2_grpc.add_ChangeServiceServicer_to_server,
            ChangeServicer(ClickHouseChanges(reader), clock),
            "binnacle.aggregator.v1.ChangeService",
        ),
    ]


def catalog_servicer(reader: Reader, clock: Clock) -> ServiceCatalogServicer:
    """Answers about services, endpoints and traffic."""
    return ServiceCatalogServicer(Services(ClickHouseTraffic(reader), ClickHouseServices(reader), clock), clock)


def integration_servicer(reader: Reader, clock: Clock) -> IntegrationServicer:
    """Answers about integrations."""
    return IntegrationServicer(Integrations(ClickHouseIntegrations(reader)), clock)


def machine_servicer(reader: Reader, clock: Clock) -> MachineServicer:
    """Answers about machines."""
    return MachineServicer(Machines(ClickHouseGauges(reader), clock), clock)


def flow(reader: Reader, aggregator: Aggregator, rates: EdgeRates | None) -> list[Registration]:
    """The report of what an aggregator does itself."""
    uncounted_at = (lambda: rates.unjudged_at) if rates else (lambda: 0.0)
    pipeline = Pipeline(
        aggregator.flow, aggregator.intake, ClickHousePipeline(reader), ClickHouseGauges(reader), uncounted_at
    )
    return [
        Registration(
            pipeline_service_pb2_grpc.add_PipelineServiceServicer_to_server,
            PipelineServicer(pipeline),
            "binnacle.aggregator.v1.PipelineService",
        ),
    ]


def usage(reader: Reader, kept: KeptAnswers, process: Process) -> Registration:
    """The report of what tenants use."""
    return Registration(
        usage_service_pb2_grpc.add_UsageServiceServicer_to_server,
        UsageServicer(UsageReports(ClickHouseUsage(reader), process.clock), kept, process.clock, process.access),
        "binnacle.aggregator.v1.UsageService",
    )
