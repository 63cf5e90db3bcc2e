"""OTLP's JSON, as its specification and its exporters write it."""

import json
from typing import Any

import numpy as np
import pytest
from google.api.httpbody_pb2 import HttpBody
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from services.collector.convert.otlp import bodies, logs, metrics, traces
from services.collector.convert.otlp.decoder import Decoder
from services.core.errors import InvalidInput
from tests.support.redactors import redactor

SECRETS = redactor()

RESOURCE = {"attributes": [{"key": "service.name", "value": {"stringValue": "my.service"}}]}
SCOPE = {"name": "my.library", "version": "1.0.0", "attributes": []}


def read(document: Any, kind: Any) -> bytes:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return bodies.read(HttpBody(content_type="application/json", data=data), "", kind).message


def test_metrics_as_in_the_specification() -> None:
    number = {"startTimeUnixNano": "1544712660300000000", "timeUnixNano": "1544712660300000000"}
    counter = {
        "name": "my.counter", "unit": "1", "description": "I am a Counter",
        "sum": {"aggregationTemporality": 1, "isMonotonic": True, "dataPoints": [{"asDouble": 5, **number}]},
    }  # fmt: skip
    gauge = {"name": "my.gauge", "gauge": {"dataPoints": [{"asInt": "10", **number}, {"asInt": 11, **number}]}}
    histogram = {
        "name": "my.histogram",
        "histogram": {
            "aggregationTemporality": 2,
            "dataPoints": [{"count": 2, "sum": 2, "bucketCounts": ["1", 1], "explicitBounds": [1], **number}],
        },
    }
    exponential = {
        "name": "my.exponential.histogram",
        "exponentialHistogram": {
            "aggregationTemporality": "AGGREGATION_TEMPORALITY_DELTA",
            "dataPoints": [
                {"count": 3, "scale": 0, "zeroCount": 1, "positive": {"offset": 1, "bucketCounts": [0, 2]}, **number}
            ],
        },
    }
    summary = {
        "name": "my.summary",
        "summary": {
            "dataPoints": [{"count": 2, "sum": 2, "quantileValues": [{"quantile": 0.5, "value": 1}], **number}]
        },
    }
    given = [counter, gauge, histogram, exponential, summary]
    document = {"resourceMetrics": [{"resource": RESOURCE, "scopeMetrics": [{"scope": SCOPE, "metrics": given}]}]}
    draft = metrics.read("t", read({**document, "aNewField": [1]}, ExportMetricsServiceRequest), Decoder(), SECRETS)
    assert draft.numbers.values.tolist() == [5.0, 10.0, 11.0]
    assert set(draft.numbers.times_ms.tolist()) == {1_544_712_660_300}
    assert [(each.name, each.kind) for each in draft.definitions] == [
        ("my.counter", 3), ("my.gauge", 1), ("my.histogram", 4), ("my.exponential.histogram", 5), ("my.summary", 6)
    ]  # fmt: skip
    assert draft.histograms is not None
    assert draft.histograms.columns.buckets.flat.tolist() == [1, 1]
    assert draft.exponential_histograms is not None
    assert draft.exponential_histograms.columns.positive.flat.tolist() == [0, 2]
    assert draft.summaries is not None
    assert draft.undecodable.count == 0


def test_ids_of_traces_are_hexadecimal() -> None:
    span = {
        "traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "EEE19B7EC3C1B174", "parentSpanId": "eee19b7ec3c1b173",
        "name": "I'm a server span", "startTimeUnixNano": "1544712660000000000", "endTimeUnixNano": 1544712661000000000,
        "kind": 2, "attributes": [{"key": "my.span.attr", "value": {"intValue": "7"}}],
        "links": [{"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174"}],
    }  # fmt: skip
    document = {"resourceSpans": [{"resource": RESOURCE, "scopeSpans": [{"scope": SCOPE, "spans": [span]}]}]}
    spans = traces.read(read(document, ExportTraceServiceRequest), SECRETS).columns
    assert spans.trace_ids == ["5b8efff798038103d269b633813fc60c"]
    assert (spans.span_ids, spans.parent_span_ids) == (["eee19b7ec3c1b174"], ["eee19b7ec3c1b173"])
    assert (spans.kinds.tolist(), spans.durations_ns.tolist()) == ([2], [1_000_000_000])
    assert json.loads(spans.links_json[0])[0]["trace_id"] == "5b8efff798038103d269b633813fc60c"
    assert json.loads(spans.attributes_json[0])["my.span.attr"] == 7


def test_logs_as_in_the_specification() -> None:
    line = {
        "timeUnixNano": "1544712660300000000", "severityNumber": 10, "severityText": "Information",
        "traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "EEE19B7EC3C1B174",
        "body": {"stringValue": "Example log record"},
        "attributes": [
            {"key": "array", "value": {"arrayValue": {"values": [{"stringValue": "many"}, {"boolValue": True}]}}},
            {"key": "map", "value": {"kvlistValue": {"values": [{"key": "traceId", "value": {"stringValue": "x"}}]}}},
        ],
    }  # fmt: skip
    document = {"resourceLogs": [{"resource": RESOURCE, "scopeLogs": [{"scope": SCOPE, "logRecords": [line]}]}]}
    columns = logs.read(read(document, ExportLogsServiceRequest), 0.0, SECRETS).columns
    assert (columns.messages, columns.levels.tolist(), columns.services) == (
        ["Example log record"],
        [2],
        ["my.service"],
    )
    assert columns.times_us.tolist() == [1_544_712_660_300_000]
    told = json.loads(columns.attributes_json[0])
    assert (told["array"], told["map"], told["severity_text"]) == (["many", True], {"traceId": "x"}, "Information")


@pytest.mark.parametrize(
    "document",
    [
        b"", b"null", b"[1]", b'{"resourceSpans":5}', b'{"resourceSpans":' + b"[" * 5_000,
        b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"xyz"}]}]}]}',
        b'{"resourceSpans":[{"resource":' * 500 + b"1" + b"}]}" * 500, b'{"resourceSpans":[{"x":"\xff"}]}',
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(document: bytes) -> None:
    with pytest.raises(InvalidInput, match="no valid ExportTraceServiceRequest"):
        read(document, ExportTraceServiceRequest)


def test_numbers_that_json_lacks() -> None:
    point = {"timeUnixNano": 1, "asDouble": "NaN"}
    document = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "a", "gauge": {"dataPoints": [point]}}]}]}]}
    draft = metrics.read("t", read(document, ExportMetricsServiceRequest), Decoder(), SECRETS)
    assert np.isnan(draft.numbers.values).all()


def test_answers_in_json_have_its_names() -> None:
    answer = ExportMetricsServiceResponse()
    answer.partial_success.rejected_data_points = 3
    answer.partial_success.error_message = "no"
    content = bodies.answer(answer, "application/json")
    assert json.loads(content.data) == {"partialSuccess": {"rejectedDataPoints": "3", "errorMessage": "no"}}
    assert bodies.answer(ExportMetricsServiceResponse(), "application/json").data == b"{}"
