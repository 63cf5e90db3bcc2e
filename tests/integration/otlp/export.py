"""What a service written in Python would send, by OpenTelemetry's own exporters: export.py PROTOCOL ENDPOINT SERVICE.

PROTOCOL is grpc or http/protobuf. Everything an exporter complains of ends up on stderr, and the exit status tells.
"""

import logging
import sys
from typing import Any

from opentelemetry.exporter.otlp.proto.grpc import _log_exporter as grpc_logs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import _log_exporter as http_logs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode


class Complaints(logging.Handler):
    """Keeps what exporters complain of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def exporters(protocol: str, endpoint: str) -> tuple[Any, Any, Any]:
    """Of metrics, logs and spans."""
    if protocol == "grpc":
        return (
            GrpcMetrics(endpoint=endpoint, insecure=True),
            grpc_logs.OTLPLogExporter(endpoint=endpoint, insecure=True),
            GrpcSpans(endpoint=endpoint, insecure=True),
        )
    return (
        HttpMetrics(endpoint=f"{endpoint}/v1/metrics"),
        http_logs.OTLPLogExporter(endpoint=f"{endpoint}/v1/logs"),
        HttpSpans(endpoint=f"{endpoint}/v1/traces"),
    )


def main(protocol: str, endpoint: str, service: str) -> int:
    """Send one of each, and flush."""
    complaints = Complaints()
    logging.getLogger("opentelemetry").addHandler(complaints)
    metrics, logs, spans = exporters(protocol, endpoint)
    resource = Resource.create({"service.name": service})
    sizes = View(instrument_name="sizes", aggregation=ExponentialBucketHistogramAggregation())
    reader = PeriodicExportingMetricReader(metrics, export_interval_millis=3_600_000)
    meters = MeterProvider([reader], resource=resource, views=[sizes])
    tracers = TracerProvider(resource=resource)
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    loggers = LoggerProvider(resource=resource)
    loggers.add_log_record_processor(SimpleLogRecordProcessor(logs))
    meter = meters.get_meter("python-tests")
    meter.create_counter("orders", unit="{order}").add(3, {"region": "eu"})
    meter.create_up_down_counter("queue").add(-2)
    latency = meter.create_histogram(
        "http.server.request.duration", unit="s", explicit_bucket_boundaries_advisory=[0.1, 0.5, 1.0]
    )
    tracer = tracers.get_tracer("python-tests")
    with tracer.start_as_current_span("checkout", kind=SpanKind.SERVER, attributes={"cart.items": 2}) as span:
        span.add_event("paid", {"method": "card"})
        span.set_status(StatusCode.ERROR, "declined")
        for seconds in (0.05, 0.2, 0.3, 2.0):
            latency.record(seconds, {"http.route": "/cart", "http.response.status_code": 200})
        for size in (1, 100, 10_000):
            meter.create_histogram("sizes", unit="By").record(size)
        shop = logging.getLogger("shop")
        shop.addHandler(LoggingHandler(logger_provider=loggers))
        shop.warning("low stock", extra={"item": 7})
    done = [provider.force_flush() for provider in (meters, tracers, loggers)]
    for provider in (meters, tracers, loggers):
        provider.shutdown()
    print("\n".join(complaints.said), file=sys.stderr)
    return 0 if all(done) and not complaints.said else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
