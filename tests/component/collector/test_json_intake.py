"""JSON bodies through a running collector to journal records."""

import json
import math
import time
from pathlib import Path

import grpc
import numpy as np
import pytest

from binnacle.collector.v1 import json_intake_service_pb2 as pb
from binnacle.metrics.v1 import metrics_pb2
from tests.component.collector.collectors import Collector, body, collector, violations

pytestmark = pytest.mark.network


async def refusal(running: Collector, text: str | bytes, content_type: str = "application/json") -> dict[str, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await running.json.PostEvents(pb.PostEventsRequest(content=body(text, content_type)))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    return violations(caught.value)


async def test_an_event_as_the_seeds_client_sends_it(tmp_path: Path) -> None:
    text = '{"type":"page_view","service":"frontend","user_id":null,"data":{"page":"/products","n":3}}'
    before = time.time()
    async with collector(tmp_path) as running:
        answer = await running.json.PostEvents(pb.PostEventsRequest(content=body(text)))
        (record,) = await running.committed(1)
    assert (answer.accepted, answer.rejected) == (1, 0)
    events = record.events
    assert (list(events.types), list(events.services), list(events.user_ids)) == (["page_view"], ["frontend"], [""])
    assert json.loads(events.data_json[0]) == {"page": "/products", "n": 3}
    (at,) = np.frombuffer(events.times_unix_us, "<i8")
    assert before - 1 < at / 1e6 < time.time() + 1


async def test_a_metric_becomes_a_sample_of_a_series(tmp_path: Path) -> None:
    latency = (
        '{"name":"latency","value":45.2,"unit":"ms","tags":{"service":"cart","code":200,"ok":true,"none":null},'
        f'"timestamp":{int(time.time())}}}'
    )
    requests = '{"name":"requests","value":3}'
    async with collector(tmp_path) as running:
        for text in (latency, requests, latency):
            await running.json.PostMetrics(pb.PostMetricsRequest(content=body(text)))
        first, second, third = await running.committed(3)
    (entry,) = first.series
    assert entry.definition.name == "latency"
    assert dict(entry.definition.labels) == {"service": "cart", "code": "200", "ok": "true"}
    assert entry.definition.kind == metrics_pb2.METRIC_KIND_GAUGE
    assert entry.definition.unit == "ms"
    assert second.series[0].definition.kind == metrics_pb2.METRIC_KIND_DELTA
    # The definition travels once; the samples name it by its identity.
    assert not third.series
    assert np.frombuffer(third.samples.series_ids, "<u8").tolist() == [entry.id]
    assert np.frombuffer(third.samples.values, "<f8").tolist() == [45.2]


async def test_a_heartbeat_keeps_what_was_told_apart_from_what_was_not(tmp_path: Path) -> None:
    text = '{"service":"cart","status":"healthy","metrics":{"request_count":1000,"uptime":72.5,"error_count":null}}'
    async with collector(tmp_path) as running:
        await running.json.PostHeartbeat(pb.PostHeartbeatRequest(content=body(text)))
        (record,) = await running.committed(1)
    beats = record.heartbeats
    assert (beats.services[0], beats.statuses[0], beats.kinds[0]) == ("cart", "healthy", "service")
    assert np.frombuffer(beats.request_counts, "<f8").tolist() == [1000]
    assert np.frombuffer(beats.uptimes_hours, "<f8").tolist() == [72.5]
    assert math.isnan(np.frombuffer(beats.error_counts, "<f8")[0])


async def test_log_lines_one_a_line(tmp_path: Path) -> None:
    text = '{"message":"up","level":"WARN"}\n\n{"message":"down","trace_id":"' + "AB" * 16 + '"}\n'
    async with collector(tmp_path) as running:
        answer = await running.json.PostLogs(
            pb.PostLogsRequest(content=body(text, "application/x-ndjson; charset=utf-8"))
        )
        (record,) = await running.committed(1)
    assert answer.accepted == 2
    assert list(record.logs.messages) == ["up", "down"]
    assert list(record.logs.levels) == [3, 2]
    assert list(record.logs.trace_ids) == ["", "ab" * 16]


async def test_good_points_are_kept_and_bad_ones_named(tmp_path: Path) -> None:
    text = '[{"type":"a"},{"type":7},{"type":"bad type"},{"type":"b"},{"service":"x"},{"type":"c","timestamp":1000}]'
    async with collector(tmp_path) as running:
        answer = await running.json.PostEvents(pb.PostEventsRequest(content=body(text)))
        (record,) = await running.committed(1)
    assert (answer.accepted, answer.rejected) == (2, 4)
    assert list(record.events.types) == ["a", "b"]
    assert {rejection.field for rejection in answer.rejections} == {
        "events[1].type",
        "events[2].type",
        "events[4].type",
        "events[5].timestamp",
    }


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"type": 5}', "type"),
        ("{}", "type"),
        ('{"type": "a", "color": 1}', "color"),
        ('{"type": "a", "timestamp": "yesterday"}', "timestamp"),
        ('{"type": "a", "timestamp": 100}', "timestamp"),
        ('{"type": "a", "data": {"x": NaN}}', "data.x"),
        ('{"type": "a", "data": [1]}', "data"),
        ('{"type": ""}', "type"),
        ('[{"type": "a", "data": {"x": -Infinity}}]', "events[0].data.x"),
        ("[]", "events"),
        ("", "body"),
        ('{"type": "a"', "body"),
        ("nonsense", "body"),
        (b"\xff\xfe", "body"),
        ('{"type": "a"} {"type": "b"}', "body"),
    ],
)
async def test_a_body_of_which_nothing_can_be_kept_is_refused_by_field(
    tmp_path: Path, text: str | bytes, field: str
) -> None:
    async with collector(tmp_path) as running:
        assert list(await refusal(running, text)) == [field]


async def test_a_line_that_is_broken_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        request = pb.PostEventsRequest(content=body('{"type":"a"}\n{"type":\n{"type":"b"}', "application/jsonl"))
        answer = await running.json.PostEvents(request)
    assert answer.accepted == 2
    assert [rejection.field for rejection in answer.rejections] == ["events[1]"]


async def test_only_the_first_ten_rejections_are_named(tmp_path: Path) -> None:
    text = json.dumps([{"type": "good"}] + [{"type": ""}] * 50)
    async with collector(tmp_path) as running:
        answer = await running.json.PostEvents(pb.PostEventsRequest(content=body(text)))
    assert (answer.accepted, answer.rejected, len(answer.rejections)) == (1, 50, 10)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"name": "x", "value": "12.5"}', "value"),
        ('{"name": "x", "value": NaN}', "value"),
        ('{"name": "x", "value": 1e999}', "value"),
        ('{"name": "x"}', "value"),
        ('{"name": "9x", "value": 1}', "name"),
        ('{"name": "x", "value": 1, "tags": {"a": [1]}}', "tags.a"),
        ('{"name": "x", "value": 1, "tags": {"a": ""}}', "tags.a"),
        ('{"name": "x", "value": 1, "tags": {"a b": "c"}}', "tags.a b"),
        ('[{"name": "x", "value": true}]', "metrics[0].value"),
    ],
)
async def test_a_metric_value_that_breaks_a_rule_is_refused_by_field(tmp_path: Path, text: str, field: str) -> None:
    async with collector(tmp_path) as running:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await running.json.PostMetrics(pb.PostMetricsRequest(content=body(text)))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert list(violations(caught.value)) == [field]


async def test_a_body_that_is_too_large_is_refused(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        assert list(await refusal(running, b" " * (4 * 1024 * 1024 + 1))) == ["body"]
        assert list(await refusal(running, "[" + ",".join(['{"type":"a"}'] * 10_001) + "]")) == ["events"]
