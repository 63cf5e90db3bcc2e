"""Puts together what answers questions about time series."""

from binnacle.aggregator.v1 import time_series_service_pb2_grpc
from services.aggregator.adapters.clickhouse.series.time_series import ClickHouseTimeSeries
from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.adapters.regular_expressions import matches
from services.aggregator.domain.keeping.retention import Retentions
from services.aggregator.domain.series.answering import Answers
from services.aggregator.domain.series.tier_choice import NAMES
from services.aggregator.domain.series.time_series import TimeSeriesReader
from services.aggregator.service.time_series_service import TimeSeriesServicer
from services.runtime.process import Process, Registration


def time_series_reader(store: ClickHouseStore, process: Process, retentions: Retentions) -> TimeSeriesReader:
    """What reads series of a store and hears of its commits; to be made before the store is opened."""

    def kept(tenant: str, tier: int) -> float:
        return retentions.seconds(tenant, NAMES[tier])

    reader = TimeSeriesReader(
        ClickHouseTimeSeries(store.reader), process.clock, matches, kept, process.tasks.create_task
    )
    store.listeners.extend(reader.listeners)
    return reader


def time_series(reader: TimeSeriesReader) -> list[Registration]:
    """The service of time series."""
    return [
        Registration(
            time_series_service_pb2_grpc.add_TimeSeriesServiceServicer_to_server,
            TimeSeriesServicer(Answers(reader)),
            "binnacle.aggregator.v1.TimeSeriesService",
        )
    ]
