"""Puts the services together that tell what data there is, give it away and delete it."""

from collections.abc import Callable

from binnacle.aggregator.v1 import catalog_service_pb2_grpc, deletion_service_pb2_grpc, export_service_pb2_grpc
from services.aggregator.adapters.answer_files import AnswerFiles
from services.aggregator.adapters.archived_rows import ArchivedRows
from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.keeping.deletions import ClickHouseDeletions
from services.aggregator.adapters.clickhouse.keeping.exports import ClickHouseExports
from services.aggregator.adapters.clickhouse.series.catalog import ClickHouseCatalog
from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.adapters.parquet_files import ParquetFiles
from services.aggregator.config import AggregatorConfig
from services.aggregator.domain.intake.aggregator import Aggregator
from services.aggregator.domain.keeping.deletions import Deletions
from services.aggregator.domain.series.answering import Answers
from services.aggregator.domain.series.time_series import TimeSeriesReader
from services.aggregator.service.catalog_service import CatalogServicer
from services.aggregator.service.deletion_service import DeletionServicer
from services.aggregator.service.export_service import ExportServicer
from services.core.clock import Clock
from services.runtime.process import Process, Registration


def data(reader: Reader, clock: Clock, measured: TimeSeriesReader) -> list[Registration]:
    """Every service about the data itself."""
    return [
        Registration(
            catalog_service_pb2_grpc.add_CatalogServiceServicer_to_server,
            CatalogServicer(ClickHouseCatalog(reader, clock), clock),
            "binnacle.aggregator.v1.CatalogService",
        ),
        Registration(
            export_service_pb2_grpc.add_ExportServiceServicer_to_server,
            ExportServicer(ClickHouseExports(reader), AnswerFiles(Answers(measured)).open, clock),
            "binnacle.aggregator.v1.ExportService",
        ),
    ]


def deletion(
    store: ClickHouseStore,
    aggregator: Aggregator,
    config: AggregatorConfig,
    process: Process,
    forget: Callable[[str], None],
) -> list[Registration]:
    """The service that deletes, and its work; `forget` is told of tenants that memory must not know any more."""
    deletions = Deletions(
        ClickHouseDeletions(store),
        ArchivedRows(ParquetFiles(config.archive_folder)),
        aggregator.intake,
        aggregator.rollups,
        aggregator.forgotten,
        process.clock,
        forget,
    )
    aggregator.before_intake.append(deletions.resume)
    process.tasks.create_task(deletions.run(), name="deletions")
    return [
        Registration(
            deletion_service_pb2_grpc.add_DeletionServiceServicer_to_server,
            DeletionServicer(deletions),
            "binnacle.aggregator.v1.DeletionService",
        )
    ]
