"""Remote write through a running collector to journal records."""

import time
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from binnacle.collector.v1 import remote_write_service_pb2 as pb, remote_write_service_pb2_grpc as pb_grpc
from binnacle.metrics.v1 import metrics_pb2
from binnacle.remotewrite.v1 import remote_write_pb2 as wire
from services.core.conventions import STALE_BITS
from services.runtime.interceptors import REST_KEY
from tests.component.collector.collectors import Collector, body, collector, violations
from tests.support.remote_write import STALE, V1, V2, WriteV2, series, write_v1

pytestmark = pytest.mark.network

WRITTEN = "x-prometheus-remote-write-samples-written"
UP = {"__name__": "up", "job": "node"}


def now_ms() -> int:
    return int(time.time() * 1000)


async def write(running: Collector, content: bytes, content_type: str = V1) -> dict[str, str]:
    """Write; the headers of the answer."""
    stub = pb_grpc.RemoteWriteServiceStub(running.channel)
    as_rest = ((REST_KEY, "/api/v1/write"),)
    call = stub.PostRemoteWrite(pb.PostRemoteWriteRequest(content=body(content, content_type)), metadata=as_rest)
    headers = {key: value for key, value in await call.initial_metadata() if isinstance(value, str)}
    await call
    return headers


async def test_both_versions_become_samples_of_one_series(tmp_path: Path) -> None:
    now = now_ms()
    second = WriteV2()
    second.add(UP, (now + 1, 2.0))
    async with collector(tmp_path) as running:
        headers = await write(running, write_v1(series(UP, (now, 1.0))))
        assert headers[WRITTEN] == "1"
        assert (await write(running, second.body(), V2))[WRITTEN] == "1"
        first, then = await running.committed(2)
    (entry,) = first.series
    assert (entry.definition.name, dict(entry.definition.labels)) == ("up", {"job": "node"})
    assert not then.series
    assert np.frombuffer(first.samples.series_ids, "<u8").tolist() == [entry.id]
    assert np.frombuffer(then.samples.series_ids, "<u8").tolist() == [entry.id]
    assert np.frombuffer(then.samples.times_unix_ms, "<i8").tolist() == [now + 1]


async def test_the_end_of_a_series_is_kept_bit_for_bit(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        await write(running, write_v1(series(UP, (now_ms(), STALE))))
        (record,) = await running.committed(1)
    assert np.frombuffer(record.samples.values, "<u8").tolist() == [STALE_BITS]


async def test_the_same_bytes_again_are_the_same_write(tmp_path: Path) -> None:
    once = write_v1(series(UP, (now_ms(), 1.0)))
    async with collector(tmp_path) as running:
        for _time in range(3):
            assert (await write(running, once))[WRITTEN] == "1"
        await write(running, write_v1(series(UP, (now_ms() + 1, 1.0))))
        records = await running.committed(2)
    assert len(records) == 2


async def test_metadata_makes_a_counter_of_what_was_a_gauge(tmp_path: Path) -> None:
    about = wire.Metadata(type=wire.METRIC_TYPE_COUNTER, name="jobs", unit="jobs")
    async with collector(tmp_path) as running:
        await write(running, write_v1(series({"__name__": "jobs"}, (now_ms(), 1.0))))
        assert (await write(running, write_v1(metadata=[about])))[WRITTEN] == "0"
        await write(running, write_v1(series({"__name__": "jobs"}, (now_ms() + 5, 2.0))))
        first, second = await running.committed(2)
    assert first.series[0].definition.kind == metrics_pb2.METRIC_KIND_GAUGE
    assert second.series[0].definition.kind == metrics_pb2.METRIC_KIND_COUNTER
    assert second.series[0].definition.unit == "jobs"


async def test_what_is_refused_is_named_and_the_rest_kept(tmp_path: Path) -> None:
    now = now_ms()
    mixed = write_v1(
        series(UP, (now, 1.0), (now - 10**9, 2.0)),
        series({"__name__": "9bad"}, (now, 1.0)),
        series({"__name__": "odd"}, (now, float("inf"))),
    )
    async with collector(tmp_path) as running:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await write(running, mixed)
        (record,) = await running.committed(1)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert dict(caught.value.initial_metadata() or ())[WRITTEN] == "1"
    assert set(violations(caught.value)) == {
        "",
        "timeseries[0](up).time",
        "timeseries[1](9bad).name",
        "timeseries[2](odd).value",
    }
    assert np.frombuffer(record.samples.values, "<f8").tolist() == [1.0]


async def test_labels_given_twice_are_refused(tmp_path: Path) -> None:
    labels = [wire.Label(name=name, value=value) for name, value in [("__name__", "up"), ("a", "1"), ("a", "2")]]
    twice = (
        wire.Series(labels=labels).SerializeToString()
        + wire.Series(samples=[wire.Sample(value=1, time_unix_ms=now_ms()).SerializeToString()]).SerializeToString()
    )
    async with collector(tmp_path) as running:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await write(running, write_v1(twice))
    assert violations(caught.value)["timeseries[0](up).labels['a']"] == "is given twice"


async def test_a_full_journal_says_when_to_come_back(tmp_path: Path) -> None:
    async with collector(tmp_path, series_max=1) as running:
        await write(running, write_v1(series(UP, (now_ms(), 1.0))))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await write(running, write_v1(series({"__name__": "more"}, (now_ms(), 1.0))))
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert int(dict(caught.value.initial_metadata() or ())["retry-after"]) >= 1


def native(at_ms: int, **changes: Any) -> wire.Histogram:
    """Observations: 2 around zero, 3 in (1, 2], 1 in (4, 8], 2 below zero in [-2, -1); schema 0."""
    return wire.Histogram(
        **{
            "count_int": 8,
            "sum": 17.5,
            "schema": 0,
            "zero_threshold": 0.001,
            "zero_count_int": 2,
            "positive_spans": [wire.BucketSpan(offset=1, length=1), wire.BucketSpan(offset=1, length=1)],
            "positive_deltas": [3, -2],
            "negative_spans": [wire.BucketSpan(offset=1, length=1)],
            "negative_deltas": [2],
            "time_unix_ms": at_ms,
            **changes,
        }
    )


async def test_native_histograms_are_kept_exactly(tmp_path: Path) -> None:
    now = now_ms()
    body = WriteV2()
    added = body.add({"__name__": "took", "job": "a"}, kind=wire.METRIC_TYPE_HISTOGRAM, unit="seconds")
    added.histograms.extend([native(now), native(now + 1, sum=STALE, count_int=0, zero_count_int=0)])
    async with collector(tmp_path) as running:
        headers = await write(running, body.body(), V2)
        (record,) = await running.committed(1)
    assert headers["x-prometheus-remote-write-histograms-written"] == "2"
    (entry,) = record.series
    assert (entry.definition.name, entry.definition.unit) == ("took", "seconds")
    block = record.exponential_histograms
    assert np.frombuffer(block.series_ids, "<u8").tolist() == [entry.id]
    assert np.frombuffer(block.times_unix_ns, "<i8").tolist() == [now * 1_000_000]
    assert np.frombuffer(block.counts, "<u8").tolist() == [8]
    assert np.frombuffer(block.zero_counts, "<u8").tolist() == [2]
    assert np.frombuffer(block.scales, "<i4").tolist() == [0]
    # Bucket 0 is (1, 2], as OpenTelemetry numbers it.
    assert np.frombuffer(block.positive_offsets, "<i4").tolist() == [0]
    assert np.frombuffer(block.positive_counts, "<u8").tolist() == [3, 0, 1]
    assert np.frombuffer(block.negative_counts, "<u8").tolist() == [2]
    assert np.frombuffer(record.samples.values, "<u8").tolist() == [STALE_BITS]
    assert np.frombuffer(record.samples.series_ids, "<u8").tolist() == [entry.id]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"schema": -53, "custom_values": [1.0]}, "schema -4 to 8"),
        ({"reset_hint": wire.RESET_HINT_GAUGE}, "since its start"),
        ({"count_int": 1}, "more than the count"),
        ({"positive_deltas": [3]}, "as long as their"),
        ({"positive_deltas": [3, -9]}, "whole numbers"),
        ({"positive_deltas": [], "positive_counts": [1.5, 2.0]}, "whole numbers"),
        ({"positive_spans": [wire.BucketSpan(length=1), wire.BucketSpan(offset=2**30, length=1)]}, "span at most"),
        ({"positive_spans": [wire.BucketSpan(length=2**32 - 1), wire.BucketSpan(length=3)]}, "as long as their"),
    ],
)
async def test_a_histogram_that_cannot_be_kept_is_named_and_the_rest_kept(
    tmp_path: Path, changes: dict[str, Any], rule: str
) -> None:
    one = wire.Series.FromString(series(UP, (now_ms(), 1.0)))
    one.histograms.extend([native(now_ms(), **changes), native(now_ms())])
    async with collector(tmp_path) as running:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await write(running, write_v1(one.SerializeToString()))
        records = await running.committed(2)
    headers = dict(caught.value.initial_metadata() or ())
    assert (headers[WRITTEN], headers["x-prometheus-remote-write-histograms-written"]) == ("1", "1")
    assert rule in violations(caught.value)["timeseries[0](up).histograms[0]"]
    assert len(np.frombuffer(records[1].exponential_histograms.counts, "<u8")) == 1


async def test_exemplars_are_kept_with_their_traces(tmp_path: Path) -> None:
    now, trace = now_ms(), "0123456789abcdef" * 2
    one = wire.Series.FromString(series({"__name__": "jobs_total"}, (now, 1.0)))
    labels = [wire.Label(name="trace_id", value=trace), wire.Label(name="user", value="u")]
    one.exemplars.append(wire.Exemplar(labels=labels, value=0.5, time_unix_ms=now))
    body = WriteV2()
    added = body.add({"__name__": "jobs_total"}, (now + 1, 2.0))
    added.exemplars.append(
        wire.ExemplarV2(label_refs=[body.ref("span_id"), body.ref("00" * 8)], value=1.5, time_unix_ms=now + 1)
    )
    async with collector(tmp_path) as running:
        headers = await write(running, write_v1(one.SerializeToString()))
        assert headers["x-prometheus-remote-write-exemplars-written"] == "1"
        await write(running, body.body(), V2)
        records = await running.committed(4)
    first, second = (record.exemplars for record in records if record.HasField("exemplars"))
    identity = np.frombuffer(records[0].samples.series_ids, "<u8").tolist()
    assert np.frombuffer(first.series_ids, "<u8").tolist() == identity
    assert np.frombuffer(first.values, "<f8").tolist() == [0.5]
    assert (list(first.trace_ids), list(first.attributes_json)) == ([trace], ['{"user":"u"}'])
    assert list(second.span_ids) == ["00" * 8]
