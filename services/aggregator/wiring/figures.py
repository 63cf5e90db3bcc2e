"""Puts the service together that gives single figures over time."""

from binnacle.aggregator.v1 import figure_service_pb2_grpc
from services.aggregator.adapters.clickhouse.business.audience import ClickHouseAudience
from services.aggregator.adapters.clickhouse.business.business import ClickHouseBusiness
from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.findings.events import ClickHouseEvents
from services.aggregator.adapters.clickhouse.findings.logs import ClickHouseLogs
from services.aggregator.adapters.clickhouse.reports.gauges import ClickHouseGauges
from services.aggregator.adapters.clickhouse.reports.integrations import ClickHouseIntegrations
from services.aggregator.adapters.clickhouse.reports.traffic import ClickHouseTraffic
from services.aggregator.adapters.clickhouse.series.catalog import ClickHouseCatalog
from services.aggregator.adapters.figure_files import figure_file
from services.aggregator.domain.business.business import Business
from services.aggregator.domain.business.business_course import BusinessSource
from services.aggregator.domain.figures.event_figures import EventFigures
from services.aggregator.domain.figures.figure_sources import (
    IntegrationSource,
    LogSource,
    MachineSource,
    PeopleSource,
    TrafficSource,
)
from services.aggregator.domain.figures.figures import Figures
from services.aggregator.domain.figures.sent_metrics import SentMetrics
from services.aggregator.domain.reports.machine_reports import Machines
from services.aggregator.domain.series.answering import Answers
from services.aggregator.domain.series.time_series import TimeSeriesReader
from services.aggregator.service.figure_service import FigureServicer
from services.core.clock import Clock
from services.runtime.process import Registration


def figures(reader: Reader, clock: Clock, measured: TimeSeriesReader) -> Registration:
    """The service over all that figures come from."""
    known = Figures(
        [
            TrafficSource(ClickHouseTraffic(reader), clock),
            BusinessSource(Business(ClickHouseBusiness(reader), clock)),
            IntegrationSource(ClickHouseIntegrations(reader)),
            PeopleSource(ClickHouseAudience(reader)),
            LogSource(ClickHouseLogs(reader)),
            MachineSource(Machines(ClickHouseGauges(reader), clock)),
        ]
    )
    sent = SentMetrics(ClickHouseCatalog(reader, clock), Answers(measured))
    return Registration(
        figure_service_pb2_grpc.add_FigureServiceServicer_to_server,
        FigureServicer(known, EventFigures(ClickHouseEvents(reader)), sent, figure_file, clock),
        "binnacle.aggregator.v1.FigureService",
    )
