"""Puts together what says how long data is kept."""

from collections.abc import Mapping, Sequence

from binnacle.aggregator.v1 import retention_service_pb2_grpc
from services.aggregator.adapters.clickhouse.keeping.retention import ClickHouseRetention
from services.aggregator.adapters.clickhouse.slices.changes import Rows
from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.adapters.parquet_files import ParquetFiles
from services.aggregator.config import AggregatorConfig
from services.aggregator.domain.keeping.retention import Retentions
from services.aggregator.service.retention_service import RetentionServicer
from services.runtime.process import Process, Registration

_KINDS: Mapping[Rows, Sequence[str]] = {
    "events": ("events",),
    "logs": ("logs",),
    "spans": ("spans",),
    "errors": ("events", "logs", "spans"),
    "warnings": ("traffic",),
}
"""Which kinds of data rows are, or are made of."""


def retentions(store: ClickHouseStore, config: AggregatorConfig, process: Process) -> Retentions:
    """The policies of all tenants, followed and kept to from now on."""
    files = ParquetFiles(config.archive_folder)
    kept = ClickHouseRetention(
        store.ask, files, process.clock, process.log, lambda: store.shared, store.event_counts.forget_all
    )
    store.forgetting.append(lambda _tenant: kept.forget())
    made = Retentions(kept, process.clock)
    process.tasks.create_task(made.run(), name="retention")
    store.reader.slices.lasts = lambda tenant, rows: min(made.seconds(tenant, kind) for kind in _KINDS[rows])
    return made


def retention_service(retentions: Retentions) -> Registration:
    """The service that tells and sets them."""
    return Registration(
        retention_service_pb2_grpc.add_RetentionServiceServicer_to_server,
        RetentionServicer(retentions),
        "binnacle.aggregator.v1.RetentionService",
    )
