"""OTLP through a running collector to journal records."""

import gzip
import json
import random
import time
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from google.api.httpbody_pb2 import HttpBody
from google.protobuf import json_format
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.logs.v1.logs_pb2 import SEVERITY_NUMBER_ERROR, LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_DELTA, Metric

from binnacle.collector.v1 import otlp_http_service_pb2 as http_pb, otlp_http_service_pb2_grpc as http_grpc
from binnacle.journal.v1 import journal_pb2
from services.core.conventions import STALE_BITS
from tests.component.collector.collectors import Collector, collector
from tests.support import otlp

pytestmark = pytest.mark.network

SERVICE = "/opentelemetry.proto.collector.{}Service/Export"
ANSWERS: dict[str, type[Message]] = {
    "metrics.v1.Metrics": ExportMetricsServiceResponse,
    "logs.v1.Logs": ExportLogsServiceResponse,
    "trace.v1.Trace": ExportTraceServiceResponse,
}


async def export(running: Collector, service: str, request: Message | bytes) -> Any:
    raw = request if isinstance(request, bytes) else request.SerializeToString()
    call: Any = running.channel.unary_unary(SERVICE.format(service))
    return ANSWERS[service].FromString(await call(raw))


async def export_metrics(running: Collector, *metrics: Metric) -> Any:
    return (await export(running, "metrics.v1.Metrics", otlp.metrics(*metrics))).partial_success


def series_of(record: journal_pb2.Record) -> dict[str, Any]:
    return {entry.definition.name: entry for entry in record.series}


def longs(column: bytes) -> list[int]:
    return list(np.frombuffer(column, "<i8").tolist())


def floats(column: bytes) -> list[float]:
    return list(np.frombuffer(column, "<f8").tolist())


async def test_gauges_and_sums_become_samples(tmp_path: Path) -> None:
    at = otlp.now_ns()
    metrics = (
        otlp.gauge("temperature", 21.5, at=at, unit="Cel", room="hall"),
        otlp.total("calls", 7, at=at),
        otlp.total("queue", 3, at=at, monotonic=False),
        otlp.total("bytes", 5, at=at, temporality=otlp.DELTA),
    )
    async with collector(tmp_path) as running:
        told = [await export_metrics(running, *metrics) for _time in range(2)]
        first, second = await running.committed(2)
    assert [each.rejected_data_points for each in told] == [0, 0]
    found = series_of(first)
    assert {name: entry.definition.kind for name, entry in found.items()} == {
        "temperature": 1, "calls": 2, "queue": 1, "bytes": 3
    }  # fmt: skip
    temperature = found["temperature"].definition
    assert temperature.unit == "Cel"
    assert dict(temperature.labels) == {
        "service": "shop", "host.name": "a", "otel_scope_name": "tests", "room": "hall"
    }  # fmt: skip
    assert floats(first.samples.values) == [21.5, 7.0, 3.0, 5.0]
    assert set(longs(first.samples.times_unix_ms)) == {at // 1_000_000}
    # Definitions travel once; the same points come to the same series.
    assert not second.series
    assert second.samples == first.samples


async def test_a_bad_point_loses_none_of_its_neighbours(tmp_path: Path) -> None:
    late = otlp.now_ns() - 48 * 3600 * 10**9
    untold = otlp.total("untold", 1, temporality=0)
    empty = Metric(name="empty")
    empty.gauge.data_points.add(time_unix_nano=otlp.now_ns())
    torn = otlp.histogram("torn", [1.0, 2.0], [1, 2], 3.0)
    metrics = (
        otlp.gauge("good", 1.0), otlp.gauge("late", 2.0, at=late), otlp.gauge("endless", float("inf")),
        otlp.gauge("bad name", 3.0), untold, empty, torn, otlp.histogram("sound", [1.0], [2, 1], 3.0),
    )  # fmt: skip
    async with collector(tmp_path) as running:
        told = await export_metrics(running, *metrics)
        (record,) = await running.committed(1)
    assert told.rejected_data_points == 6
    for said in ("late.time: must be within 24 hours", "endless.value: must be finite", "bad name.name: must be",
                 "untold: aggregation_temporality", "empty: holds no value", "torn: needs one bucket"):  # fmt: skip
        assert said in told.error_message, told.error_message
    assert floats(record.samples.values) == [1.0]
    assert set(series_of(record)) == {"good", "sound"}


async def test_nothing_but_bad_points_is_partial_success_too(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        told = await export_metrics(running, otlp.gauge("nan", float("nan")))
    assert told.rejected_data_points == 1


async def test_histograms_are_kept_exactly(tmp_path: Path) -> None:
    at = otlp.now_ns()
    plain = otlp.histogram("h", [0.1, 0.25, 5.0], [3, 0, 2, 1], 7.75, at=at, start=at - 5, route="/a")
    plain.histogram.data_points[0].max = 6.5
    plain.histogram.data_points[0].exemplars.add(
        time_unix_nano=at, as_double=0.2, trace_id=b"\x01" * 16, span_id=b"\x02" * 8
    )
    exponential = Metric(name="e")
    exponential.exponential_histogram.aggregation_temporality = AGGREGATION_TEMPORALITY_DELTA
    point = exponential.exponential_histogram.data_points.add(time_unix_nano=at, count=9, sum=1.5, scale=-2)
    point.zero_count, point.zero_threshold = 2, 1e-9
    point.positive.offset, point.negative.offset = -7, 3
    point.positive.bucket_counts.extend([1, 0, 4])
    point.negative.bucket_counts.extend([2])
    summary = Metric(name="s")
    quantiles = summary.summary.data_points.add(time_unix_nano=at, count=4, sum=10.0)
    quantiles.quantile_values.add(quantile=0.5, value=2.5)
    quantiles.quantile_values.add(quantile=1.0, value=4.0)
    async with collector(tmp_path) as running:
        told = await export_metrics(running, plain, exponential, summary)
        (record,) = await running.committed(1)
    assert told.rejected_data_points == 0
    found = series_of(record)
    assert [found[name].definition.kind for name in "hes"] == [4, 5, 6]
    h = record.histograms
    assert longs(h.series_ids) == longs(found["h"].id.to_bytes(8, "little"))
    assert (longs(h.times_unix_ns), longs(h.start_times_unix_ns), h.temporalities) == ([at], [at - 5], b"\x02")
    assert (floats(h.bounds), longs(h.bucket_counts)) == ([0.1, 0.25, 5.0], [3, 0, 2, 1])
    assert (longs(h.counts), floats(h.sums), floats(h.maxs)) == ([6], [7.75], [6.5])
    assert np.isnan(floats(h.mins)[0])
    e = record.exponential_histograms
    assert np.frombuffer(e.scales, "<i4").tolist() == [-2]
    assert (longs(e.zero_counts), floats(e.zero_thresholds)) == ([2], [1e-9])
    assert (np.frombuffer(e.positive_offsets, "<i4").tolist(), longs(e.positive_counts)) == ([-7], [1, 0, 4])
    assert (np.frombuffer(e.negative_offsets, "<i4").tolist(), longs(e.negative_counts)) == ([3], [2])
    s = record.summaries
    assert (longs(s.counts), floats(s.quantiles), floats(s.quantile_values)) == ([4], [0.5, 1.0], [2.5, 4.0])
    assert (record.exemplars.trace_ids[0], record.exemplars.span_ids[0]) == ("01" * 16, "02" * 8)
    assert record.exemplars.series_ids == h.series_ids


async def test_a_point_without_a_recorded_value_ends_its_series(tmp_path: Path) -> None:
    ended = otlp.gauge("temperature", 0.0)
    ended.gauge.data_points[0].flags = otlp.NO_RECORD
    async with collector(tmp_path) as running:
        told = await export_metrics(running, ended)
        (record,) = await running.committed(1)
    assert told.rejected_data_points == 0
    assert longs(record.samples.values) == [STALE_BITS]


async def test_log_records_become_log_lines(tmp_path: Path) -> None:
    at = otlp.now_ns()
    line = LogRecord(
        time_unix_nano=at, severity_number=SEVERITY_NUMBER_ERROR, body=otlp.any_value("no \U0001f9ed"),
        trace_id=b"\x0a" * 16, span_id=b"\x0b" * 8,
        attributes=otlp.attributes({"code": 7, "parts": ["a", {"b": True}]}),
    )  # fmt: skip
    bare = LogRecord(body=otlp.any_value({"state": "lost"}))
    async with collector(tmp_path) as running:
        await export(running, "logs.v1.Logs", otlp.logs(line, bare))
        (record,) = await running.committed(1)
    logs = record.logs
    assert list(logs.messages) == ["no \U0001f9ed", '{"state":"lost"}']
    assert list(logs.levels) == [4, 2]
    assert list(logs.services) == ["shop", "shop"]
    assert (list(logs.trace_ids), list(logs.span_ids)) == (["0a" * 16, ""], ["0b" * 8, ""])
    times = longs(logs.times_unix_us)
    assert times[0] == at // 1_000
    assert abs(times[1] / 1e6 - time.time()) < 60
    told = json.loads(logs.attributes_json[0])
    assert told == {
        "otel_scope_name": "tests", "service.name": "shop", "host.name": "a", "code": 7, "parts": ["a", {"b": True}]
    }  # fmt: skip


async def test_spans_are_kept_with_their_events_and_links(tmp_path: Path) -> None:
    at = otlp.now_ns()
    span = otlp.span("GET /cart", at=at, seconds=0.5, kind=2, parent_span_id=b"\x09" * 8)
    span.status.code, span.status.message = 2, "out of stock"  # type: ignore[assignment]
    span.attributes.extend(otlp.attributes({"http.response.status_code": 500}))
    span.events.add(time_unix_nano=at + 1, name="exception", attributes=otlp.attributes({"exception.type": "E"}))
    span.links.add(trace_id=b"\x01" * 16, span_id=b"\x02" * 8)
    nameless = otlp.span("lost", number=2, trace_id=b"")
    backwards = otlp.span("backwards", number=3, seconds=-1.0)
    async with collector(tmp_path) as running:
        told = (await export(running, "trace.v1.Trace", otlp.spans(span, nameless, backwards))).partial_success
        (record,) = await running.committed(1)
    assert told.rejected_spans == 2
    assert "spans[1].trace_id" in told.error_message
    kept = record.spans
    assert (list(kept.names), list(kept.services), list(kept.kinds), list(kept.statuses)) == (
        ["GET /cart"], ["shop"], [2], [2]
    )  # fmt: skip
    assert (longs(kept.start_times_unix_ns), longs(kept.durations_ns)) == ([at], [500_000_000])
    assert list(kept.parent_span_ids) == ["09" * 8]
    assert json.loads(kept.attributes_json[0])["http.response.status_code"] == 500
    assert json.loads(kept.events_json[0]) == [
        {"time_unix_ns": at + 1, "name": "exception", "attributes": {"exception.type": "E"}}
    ]
    assert json.loads(kept.links_json[0]) == [{"trace_id": "01" * 16, "span_id": "02" * 8, "attributes": {}}]


async def test_bytes_that_are_no_request_are_refused(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        for service in ANSWERS:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await export(running, service, b"\x0a\xff\xff")
            assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def posted(running: Collector, content: HttpBody, encoding: str = "") -> Any:
    stub: Any = http_grpc.OtlpHttpServiceStub(running.channel)
    metadata = [("content-encoding", encoding)] if encoding else []
    return stub.ExportMetrics(http_pb.ExportMetricsRequest(content=content), metadata=metadata)


@pytest.mark.parametrize("form", ["application/x-protobuf", "application/json", "application/json; charset=utf-8"])
@pytest.mark.parametrize("encoding", ["", "gzip"])
async def test_http_answers_in_the_form_of_the_request(tmp_path: Path, form: str, encoding: str) -> None:
    request = otlp.metrics(otlp.gauge("good", 1), otlp.gauge("bad", float("nan")))
    is_json = form.startswith("application/json")
    body = json_format.MessageToJson(request).encode() if is_json else request.SerializeToString()
    data = gzip.compress(body) if encoding else body
    async with collector(tmp_path) as running:
        answer = (await posted(running, HttpBody(content_type=form, data=data), encoding)).content
        (record,) = await running.committed(1)
    assert answer.content_type == form.partition(";")[0]
    told = (
        json_format.Parse(answer.data, ExportMetricsServiceResponse())
        if is_json
        else ExportMetricsServiceResponse.FromString(answer.data)
    )
    assert told.partial_success.rejected_data_points == 1
    assert floats(record.samples.values) == [1.0]


@pytest.mark.parametrize(
    ("content", "encoding", "said"),
    [
        (HttpBody(content_type="text/plain", data=b"{}"), "", "must be application/x-protobuf"),
        (HttpBody(content_type="application/json", data=b"{"), "", "no valid ExportMetricsServiceRequest"),
        (HttpBody(content_type="application/json", data=b"[]"), "", "no valid ExportMetricsServiceRequest"),
        (HttpBody(content_type="application/x-protobuf", data=b"\xff"), "", "no valid ExportMetricsServiceRequest"),
        (HttpBody(content_type="application/x-protobuf", data=b"abc"), "gzip", "no valid gzip"),
        (HttpBody(content_type="application/x-protobuf", data=gzip.compress(b"a" * 99)[:-9]), "gzip", "too early"),
        (HttpBody(content_type="application/x-protobuf", data=gzip.compress(bytes(2**26))), "gzip", "larger than"),
        (HttpBody(content_type="application/x-protobuf", data=b""), "br", "must be gzip"),
    ],
)
async def test_bodies_that_are_none_are_refused(tmp_path: Path, content: HttpBody, encoding: str, said: str) -> None:
    async with collector(tmp_path) as running:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await posted(running, content, encoding)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert said in (caught.value.details() or "")


async def test_a_request_larger_than_a_record_is_kept_in_parts(tmp_path: Path) -> None:
    """What an exporter may send in one request is never refused for what it takes once decoded."""
    lines = [LogRecord(time_unix_nano=otlp.now_ns(), body=otlp.any_value("x" * 15_000)) for _line in range(700)]
    long: dict[str, Any] = {f"label_{number}": "v" * 400 for number in range(20)}
    gauges = [otlp.gauge(f"g{number}", 1.0, **long) for number in range(1_500)]
    async with collector(tmp_path) as running:
        await export(running, "logs.v1.Logs", otlp.logs(*lines))
        await export_metrics(running, *gauges)
        records = await running.committed(2, within=30.0)
        while sum(len(record.samples.values) for record in records) < 8 * len(gauges):
            records = await running.committed(len(records) + 1, within=30.0)
    assert len(records) > 4
    assert sum(len(record.logs.messages) for record in records) == 700
    assert len({entry.id for record in records for entry in record.series}) == len(gauges)


@pytest.mark.parametrize("service", ["logs.v1.Logs", "trace.v1.Trace"])
async def test_a_large_request_can_be_repeated_by_its_name(tmp_path: Path, service: str) -> None:
    """Here it adds nothing; at another collector its parts bear the same names, so that the store knows them."""
    lines = [LogRecord(time_unix_nano=otlp.now_ns(), body=otlp.any_value("x" * 15_000)) for _line in range(700)]
    spans = [otlp.span("s", number, attributes=otlp.attributes({"note": "x" * 15_000})) for number in range(1, 700)]
    request = (otlp.logs(*lines) if service.startswith("logs") else otlp.spans(*spans)).SerializeToString()
    named = []
    for folder in ("one", "other"):
        async with collector(tmp_path / folder) as running:
            call: Any = running.channel.unary_unary(SERVICE.format(service))
            for _time in range(2):
                await call(request, metadata=(("idempotency-key", "big"),))
            await call(
                (otlp.logs(lines[0]) if service.startswith("logs") else otlp.spans(spans[0])).SerializeToString()
            )
            records = await running.committed(2, within=30.0)
            while records[-1].batch_id:
                records = await running.committed(len(records) + 1, within=30.0)
        named.append([record.batch_id for record in records])
    assert named[0] == named[1]
    *parts, last, unnamed = named[0]
    assert (last, unnamed, len(parts) > 0, len({*parts, last})) == ("big", "", True, len(parts) + 1)


async def test_noise_is_never_a_fault_of_ours(tmp_path: Path, scale: float) -> None:
    rng = random.Random(8)
    sound = {
        "metrics.v1.Metrics": otlp.metrics(otlp.gauge("g", 1.0, a="b"), otlp.histogram("h", [1.0], [1, 2], 3.0)),
        "logs.v1.Logs": otlp.logs(LogRecord(body=otlp.any_value("hello"))),
        "trace.v1.Trace": otlp.spans(otlp.span("a")),
    }
    allowed = {grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT}
    async with collector(tmp_path) as running:
        for _round in range(int(3_000 * scale)):
            for service, request in sound.items():
                spoilt = bytearray(request.SerializeToString())
                for _change in range(rng.randint(0, 4)):
                    spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
                call: Any = running.channel.unary_unary(SERVICE.format(service))
                assert await call(bytes(spoilt)).code() in allowed, (service, bytes(spoilt))


async def test_an_empty_request_is_fine(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        for service in ANSWERS:
            assert not (await export(running, service, b"")).HasField("partial_success")
    assert ExportMetricsServiceRequest().SerializeToString() == b""
