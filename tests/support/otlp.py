"""OTLP requests, as exporters would make them."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span

SHOP: Mapping[str, Any] = {"service.name": "shop", "host.name": "a"}
DELTA = 1
CUMULATIVE = 2
NO_RECORD = 1


def now_ns() -> int:
    """Nanoseconds since the Unix epoch."""
    return time.time_ns()


def any_value(value: Any) -> AnyValue:
    """A value of any kind."""
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, bytes):
        return AnyValue(bytes_value=value)
    if isinstance(value, Mapping):
        return AnyValue(kvlist_value=KeyValueList(values=attributes(value)))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return AnyValue(array_value=ArrayValue(values=[any_value(each) for each in value]))
    return AnyValue() if value is None else AnyValue(string_value=value)


def attributes(given: Mapping[str, Any]) -> list[KeyValue]:
    """Attributes in the order given."""
    return [KeyValue(key=key, value=any_value(value)) for key, value in given.items()]


def metrics(*given: Metric, resource: Mapping[str, Any] = SHOP, scope: str = "tests") -> ExportMetricsServiceRequest:
    """A request of one resource and scope."""
    request = ExportMetricsServiceRequest()
    by_resource = request.resource_metrics.add()
    by_resource.resource.attributes.extend(attributes(resource))
    by_scope = by_resource.scope_metrics.add()
    by_scope.scope.name = scope
    by_scope.metrics.extend(given)
    return request


def gauge(name: str, *values: float, at: int | None = None, unit: str = "", **labels: Any) -> Metric:
    """A gauge with a point for each value, a millisecond apart; whole numbers as integers."""
    metric = Metric(name=name, unit=unit)
    _number_points(metric.gauge.data_points, values, at, labels)
    return metric


def total(
    name: str,
    *values: float,
    at: int | None = None,
    temporality: int = CUMULATIVE,
    monotonic: bool = True,
    **labels: Any,
) -> Metric:
    """A sum."""
    metric = Metric(name=name)
    metric.sum.aggregation_temporality = temporality  # type: ignore[assignment]
    metric.sum.is_monotonic = monotonic
    _number_points(metric.sum.data_points, values, at, labels)
    return metric


def _number_points(points: Any, values: Sequence[float], at: int | None, labels: Mapping[str, Any]) -> None:
    first = now_ns() if at is None else at
    for number, value in enumerate(values):
        point = points.add(time_unix_nano=first + number * 1_000_000, attributes=attributes(labels))
        if isinstance(value, int):
            point.as_int = value
        else:
            point.as_double = value


def histogram(
    name: str,
    bounds: Sequence[float],
    buckets: Sequence[int],
    total: float,
    at: int | None = None,
    start: int = 0,
    temporality: int = CUMULATIVE,
    unit: str = "s",
    **labels: Any,
) -> Metric:
    """A histogram of one point."""
    metric = Metric(name=name, unit=unit)
    metric.histogram.aggregation_temporality = temporality  # type: ignore[assignment]
    metric.histogram.data_points.add(
        time_unix_nano=now_ns() if at is None else at,
        start_time_unix_nano=start,
        count=sum(buckets),
        sum=total,
        explicit_bounds=bounds,
        bucket_counts=buckets,
        attributes=attributes(labels),
    )
    return metric


def logs(*lines: LogRecord, resource: Mapping[str, Any] = SHOP, scope: str = "tests") -> ExportLogsServiceRequest:
    """A request of one resource and scope."""
    request = ExportLogsServiceRequest()
    by_resource = request.resource_logs.add()
    by_resource.resource.attributes.extend(attributes(resource))
    by_scope = by_resource.scope_logs.add()
    by_scope.scope.name = scope
    by_scope.log_records.extend(lines)
    return request


def spans(*given: Span, resource: Mapping[str, Any] = SHOP, scope: str = "tests") -> ExportTraceServiceRequest:
    """A request of one resource and scope."""
    request = ExportTraceServiceRequest()
    by_resource = request.resource_spans.add()
    by_resource.resource.attributes.extend(attributes(resource))
    by_scope = by_resource.scope_spans.add()
    by_scope.scope.name = scope
    by_scope.spans.extend(given)
    return request


def span(name: str, number: int = 1, at: int | None = None, seconds: float = 0.25, **fields: Any) -> Span:
    """A span of a trace of its own."""
    start = now_ns() if at is None else at
    identity = number.to_bytes(8, "big")
    return Span(
        **{
            "name": name,
            "trace_id": identity * 2,
            "span_id": identity,
            "start_time_unix_nano": start,
            "end_time_unix_nano": start + int(seconds * 1e9),
            **fields,
        }
    )
