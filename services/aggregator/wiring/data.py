"""Puts the services together that tell what data there is, give it away and delete it."""

from binnacle.aggregator.v1 import catalog_service_pb2_grpc, export_service_pb2_grpc
from services.aggregator.adapters.clickhouse.catalog import ClickHouseCatalog
from services.aggregator.adapters.clickhouse.exports import ClickHouseExports
from services.aggregator.adapters.clickhouse.reader import Reader
from services.aggregator.service.catalog_service import CatalogServicer
from services.aggregator.service.export_service import ExportServicer
from services.core.clock import Clock
from services.runtime.process import Registration


def data(reader: Reader, clock: Clock) -> list[Registration]:
    """Every service about the data itself."""
    return [
        Registration(
            catalog_service_pb2_grpc.add_CatalogServiceServicer_to_server,
            CatalogServicer(ClickHouseCatalog(reader, clock), clock),
            "binnacle.aggregator.v1.CatalogService",
        ),
        Registration(
            export_service_pb2_grpc.add_ExportServiceServicer_to_server,
            ExportServicer(ClickHouseExports(reader), clock),
            "binnacle.aggregator.v1.ExportService",
        ),
    ]
