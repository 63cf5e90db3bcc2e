"""Puts together what answers questions about time series."""

from binnacle.aggregator.v1 import sample_service_pb2_grpc, time_series_service_pb2_grpc
from services.aggregator.adapters.clickhouse.findings.event_counts import ClickHouseEventCounts
from services.aggregator.adapters.clickhouse.reports.services import ClickHouseServices
from services.aggregator.adapters.clickhouse.reports.traffic import ClickHouseTraffic
from services.aggregator.adapters.clickhouse.series.time_series import ClickHouseTimeSeries
from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.domain.intake.aggregator import Aggregator
from services.aggregator.domain.keeping.retention import Retentions
from services.aggregator.domain.series.answering import Answers
from services.aggregator.domain.series.raw_samples import RawSamples
from services.aggregator.domain.series.tier_choice import NAMES
from services.aggregator.domain.series.time_series import TimeSeriesReader
from services.aggregator.domain.series.traffic_series import TrafficSeries
from services.aggregator.service.sample_service import SampleServicer
from services.aggregator.service.time_series_service import TimeSeriesServicer
from services.runtime.process import Process, Registration
from services.runtime.regular_expressions import matches


def time_series_reader(store: ClickHouseStore, process: Process, retentions: Retentions) -> TimeSeriesReader:
    """What reads series of a store and hears of its commits; to be made before the store is opened."""

    def kept(tenant: str, tier: int) -> float:
        return retentions.seconds(tenant, NAMES[tier])

    reader = TimeSeriesReader(
        ClickHouseTimeSeries(store.reader, store.summed_minutes),
        process.clock,
        matches,
        kept,
        process.tasks.create_task,
    )
    store.listeners.extend(reader.listeners)
    return reader


def time_series(store: ClickHouseStore, reader: TimeSeriesReader) -> list[Registration]:
    """The service of time series."""
    traffic = TrafficSeries(ClickHouseTraffic(store.reader), reader.clock, matches)
    return [
        Registration(
            time_series_service_pb2_grpc.add_TimeSeriesServiceServicer_to_server,
            TimeSeriesServicer(Answers(reader, traffic)),
            "binnacle.aggregator.v1.TimeSeriesService",
        )
    ]


def raw_samples(store: ClickHouseStore, reader: TimeSeriesReader, aggregator: Aggregator) -> Registration:
    """The service of raw samples and counts of events."""
    tails = aggregator.tails
    samples = RawSamples(reader, ClickHouseServices(store.reader), aggregator.live, tails, matches)
    return Registration(
        sample_service_pb2_grpc.add_SampleServiceServicer_to_server,
        SampleServicer(samples, tails, ClickHouseEventCounts(store.reader), store),
        "binnacle.aggregator.v1.SampleService",
    )
