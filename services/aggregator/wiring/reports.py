"""Puts the reports together: services, integrations, reliability, machines, agents, clients, changes."""

from binnacle.aggregator.v1 import service_catalog_service_pb2_grpc
from services.aggregator.adapters.clickhouse.reader import Reader
from services.aggregator.adapters.clickhouse.services import ClickHouseServices
from services.aggregator.adapters.clickhouse.traffic import ClickHouseTraffic
from services.aggregator.domain.services import Services
from services.aggregator.service.service_catalog_service import ServiceCatalogServicer
from services.core.clock import Clock
from services.runtime.process import Registration


def reports(reader: Reader, clock: Clock) -> list[Registration]:
    """Every report that the store alone answers."""
    traffic = ClickHouseTraffic(reader)
    services = Services(traffic, ClickHouseServices(reader), clock)
    return [
        Registration(
            service_catalog_service_pb2_grpc.add_ServiceCatalogServiceServicer_to_server,
            ServiceCatalogServicer(services, clock),
            "binnacle.aggregator.v1.ServiceCatalogService",
        ),
    ]
