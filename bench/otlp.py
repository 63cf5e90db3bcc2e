"""OTLP over gRPC: official messages of 10,000 points, ten timestamps of 100 hosts for each of ten metrics."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import grpc
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, Metric, NumberDataPoint

from bench import suite_load, w1
from bench.report import Result, tell

# Making official messages takes ten times as long as taking them in.
MOST = 2_000_000
AT_ONCE = 4
EXPORT = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"


def run(samples: int, rival: float | None) -> None:
    """Measure and tell; `rival` is what VictoriaMetrics took for flat remote write, if it is known."""
    workload = w1.W1(min(samples, MOST), int(time.time() * 1000))
    requests = list(_requests(workload))
    with suite_load.fresh_suite() as suite:
        address = suite_load.target(suite)
        _answer, spent = suite_load.measured(suite, "total_metrics", workload.samples, lambda: _send(address, requests))
    cost = spent.ours / workload.samples * 1e6
    ratio = None if rival is None else cost / rival
    tell(Result("intake.otlp.cpu", cost, "CPU s per million", rival, ratio, 1.0))
    for name, seconds in sorted(spent.cpu.items()):
        shown = "edge" if name == suite_load.EDGE else name
        tell(Result(f"intake.otlp.cpu.{shown}", seconds / workload.samples * 1e6, "CPU s per million"))


def _requests(workload: w1.W1) -> Iterator[bytes]:
    attributes = [
        [KeyValue(key=k, value=AnyValue(string_value=v)) for k, v in w1.labels_of(i).items()] for i in range(w1.SERIES)
    ]
    for batch in workload.flat():
        points: dict[str, list[NumberDataPoint]] = {}
        for place, at, value in zip(batch.places.tolist(), batch.times_ms.tolist(), batch.values.tolist(), strict=True):
            point = NumberDataPoint(attributes=attributes[place], time_unix_nano=at * 1_000_000, as_double=value)
            points.setdefault(w1.name_of(place), []).append(point)
        request = ExportMetricsServiceRequest()
        metrics = request.resource_metrics.add().scope_metrics.add().metrics
        metrics.extend(_metric(name, theirs) for name, theirs in points.items())
        yield request.SerializeToString()


def _metric(name: str, points: list[NumberDataPoint]) -> Metric:
    metric = Metric(name=name)
    if name.endswith("_total"):
        metric.sum.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
        metric.sum.is_monotonic = True
        metric.sum.data_points.extend(points)
    else:
        metric.gauge.data_points.extend(points)
    return metric


async def _send(address: str, requests: list[bytes]) -> None:
    left = iter(requests)
    async with grpc.aio.insecure_channel(address) as channel:
        export: Any = channel.unary_unary(EXPORT, None, ExportMetricsServiceResponse.FromString)

        async def sender() -> None:
            for request in left:
                answer = await export(request)
                if answer.partial_success.rejected_data_points:
                    raise suite_load.WrongCount(str(answer.partial_success))

        await asyncio.gather(*(sender() for _ in range(AT_ONCE)))
