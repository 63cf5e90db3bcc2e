"""Puts the service together that puts answers of others together."""

from pathlib import Path

from binnacle.aggregator.v1 import monitoring_service_pb2_grpc
from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.service.monitoring_service import Answering, MonitoringServicer
from services.aggregator.wiring.business import business_servicer, session_servicer
from services.aggregator.wiring.reports import catalog_servicer, integration_servicer, machine_servicer
from services.core.clock import Clock
from services.runtime.process import Registration


def monitoring(reader: Reader, clock: Clock, rules: Path | None) -> Registration:
    """The service; `rules` is a file of business rules. Raises InvalidInput for a bad one."""
    answering = Answering(
        catalog_servicer(reader, clock),
        integration_servicer(reader, clock),
        session_servicer(reader, clock),
        business_servicer(reader, clock, rules),
        machine_servicer(reader, clock),
    )
    return Registration(
        monitoring_service_pb2_grpc.add_MonitoringServiceServicer_to_server,
        MonitoringServicer(answering, clock),
        "binnacle.aggregator.v1.MonitoringService",
    )
