"""Puts the services together that find events, log lines, errors and traces."""

from binnacle.aggregator.v1 import (
    error_service_pb2_grpc,
    event_service_pb2_grpc,
    log_service_pb2_grpc,
    trace_service_pb2_grpc,
)
from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.findings.errors import ClickHouseErrors
from services.aggregator.adapters.clickhouse.findings.events import ClickHouseEvents
from services.aggregator.adapters.clickhouse.findings.logs import ClickHouseLogs
from services.aggregator.adapters.clickhouse.findings.traces import ClickHouseTraces
from services.aggregator.service.error_service import ErrorServicer
from services.aggregator.service.event_service import EventServicer
from services.aggregator.service.log_service import LogServicer
from services.aggregator.service.trace_service import TraceServicer
from services.core.clock import Clock
from services.runtime.process import Registration


def findings(reader: Reader, clock: Clock) -> list[Registration]:
    """Every service that answers with what was told, as it was told or put together."""
    logs = ClickHouseLogs(reader)
    return [
        Registration(
            event_service_pb2_grpc.add_EventServiceServicer_to_server,
            EventServicer(ClickHouseEvents(reader), clock),
            "binnacle.aggregator.v1.EventService",
        ),
        Registration(
            log_service_pb2_grpc.add_LogServiceServicer_to_server,
            LogServicer(logs, clock),
            "binnacle.aggregator.v1.LogService",
        ),
        Registration(
            trace_service_pb2_grpc.add_TraceServiceServicer_to_server,
            TraceServicer(ClickHouseTraces(reader), logs, clock),
            "binnacle.aggregator.v1.TraceService",
        ),
        Registration(
            error_service_pb2_grpc.add_ErrorServiceServicer_to_server,
            ErrorServicer(ClickHouseErrors(reader), clock),
            "binnacle.aggregator.v1.ErrorService",
        ),
    ]
