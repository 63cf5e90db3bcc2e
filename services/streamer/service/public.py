"""The public services of the whole suite, for reflection: the edge sends every question about them here."""

from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

from binnacle.aggregator.v1 import intake_warning_service_pb2, query_service_pb2
from binnacle.alerting.v1 import alert_service_pb2
from binnacle.collector.v1 import (
    import_service_pb2,
    ingest_service_pb2,
    json_intake_service_pb2,
    otlp_http_service_pb2,
    remote_write_service_pb2,
)
from binnacle.streamer.v1 import dashboard_service_pb2, system_service_pb2

CONTRACTS = (
    alert_service_pb2,
    dashboard_service_pb2,
    import_service_pb2,
    ingest_service_pb2,
    intake_warning_service_pb2,
    json_intake_service_pb2,
    logs_service_pb2,
    metrics_service_pb2,
    otlp_http_service_pb2,
    query_service_pb2,
    remote_write_service_pb2,
    system_service_pb2,
    trace_service_pb2,
)


def public_services() -> list[str]:
    """Full names, such as `binnacle.streamer.v1.DashboardService`."""
    files = (contract.DESCRIPTOR for contract in CONTRACTS)
    return sorted(service.full_name for file in files for service in file.services_by_name.values())
