"""Limits of a tenant through a running collector: each with its own answer, and a warning of what was refused."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from binnacle.collector.v1 import ingest_service_pb2 as pb, json_intake_service_pb2 as json_pb
from binnacle.events.v1 import events_pb2
from binnacle.journal.v1 import journal_pb2
from binnacle.metrics.v1 import metrics_pb2
from services.runtime.calls import TENANT_KEY
from services.runtime.statuses import DETAILS_KEY
from tests.component.collector.collectors import Collector, body, collector, columns, registered, violations
from tests.support.clock import ManualClock
from tests.support.waiting import eventually

pytestmark = pytest.mark.network

ACME = ((TENANT_KEY, "acme"),)


def events(count: int) -> json_pb.PostEventsRequest:
    return json_pb.PostEventsRequest(content=body(json.dumps([{"type": "a", "service": "shop"}] * count)))


def metric(name: str, **tags: str) -> json_pb.PostMetricsRequest:
    return json_pb.PostMetricsRequest(content=body(json.dumps({"name": name, "value": 1, "tags": tags})))


def retry_seconds(error: grpc.aio.AioRpcError) -> float:
    status = status_pb2.Status.FromString(dict(error.trailing_metadata() or ())[DETAILS_KEY])
    told = error_details_pb2.RetryInfo()
    assert any(detail.Unpack(told) for detail in status.details)
    return float(told.retry_delay.ToNanoseconds() / 1e9)


async def refused(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


async def warnings(
    running: Collector, count: int, clock: ManualClock | None = None
) -> dict[tuple[str, str], Mapping[str, Any]]:
    """What the collector journalled of refusals, by field and reason, once there are so many points of it.

    It is journalled every two seconds: what comes one after the other may be told in several blocks.
    """

    def told() -> list[journal_pb2.WarningBlock]:
        return [record.warnings for record in running.peer.records() if record.HasField("warnings")]

    def counted(block: journal_pb2.WarningBlock) -> list[int]:
        return [int.from_bytes(block.counts[n : n + 8], "little") for n in range(0, len(block.counts), 8)]

    async def arrived() -> bool:
        if clock is not None:
            await clock.advance(1.0)
        return sum(sum(counted(block)) for block in told()) >= count

    await eventually(arrived, f"{count} refusals are journalled")
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for block in told():
        rows = zip(
            block.fields,
            block.reasons,
            block.kinds,
            block.descriptions,
            block.sources,
            block.samples,
            counted(block),
            strict=True,
        )
        for field, reason, kind, description, source, sample, times in rows:
            found[field, reason] = {
                "kind": kind,
                "description": description,
                "source": source,
                "sample": sample,
                "count": times + (found[field, reason]["count"] if (field, reason) in found else 0),
            }
    return found


async def test_more_than_the_rate_is_told_when_to_come_back(tmp_path: Path) -> None:
    clock = ManualClock()
    async with collector(tmp_path, clock=clock, limit_points_per_second=100, limit_burst_seconds=0.5) as running:
        assert (await running.json.PostEvents(events(90))).accepted == 90
        error = await refused(running.json.PostEvents(events(1)))
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "100 points per second (limit points_per_second)" in str(error.details())
        assert 0.3 < retry_seconds(error) <= 0.45
        assert (await running.json.PostEvents(events(5), metadata=ACME)).accepted == 5
        await clock.advance(retry_seconds(error) + 0.01)
        assert (await running.json.PostEvents(events(1))).accepted == 1
        told = (await warnings(running, 1, clock))["", "rate"]
    assert (told["kind"], told["count"]) == ("events", 1)


async def test_a_stream_over_the_rate_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    async with collector(tmp_path, limit_points_per_second=1, limit_burst_seconds=50) as running:
        ids = await registered(running, 2)
        call: Any = running.ingest.WriteSamples()
        await call.write(pb.WriteSamplesRequest(sequence=1, samples=columns(ids * 40, [1.0] * 80)))
        answer = await call.read()
        assert (answer.acknowledged_sequence, answer.accepted) == (1, 80)
        await call.write(pb.WriteSamplesRequest(sequence=2, samples=columns(ids, [1.0, 2.0])))
        error = await refused(call.read())
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert retry_seconds(error) > 0


async def test_a_request_too_large_names_its_limit(tmp_path: Path) -> None:
    async with collector(tmp_path, limit_request_bytes=2_000, limit_request_points=20) as running:
        points = await refused(running.json.PostEvents(events(21)))
        assert points.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert violations(points) == {"events": "must hold at most 20 points (limit request_points); send it in parts"}
        large = events_pb2.Event(type="a", service="x" * 3_000)
        size = await refused(running.ingest.WriteEvents(pb.WriteEventsRequest(events=[large])))
        assert violations(size) == {"": "must be at most 2,000 bytes (limit request_bytes); send it in parts"}
        told = await warnings(running, 2)
    assert told["events", "request_size"]["count"] == 1
    assert told["", "request_size"]["count"] == 1


async def test_labels_have_a_number_and_a_length(tmp_path: Path) -> None:
    async with collector(tmp_path, limit_labels_per_series=2, limit_label_value_length=10) as running:
        assert (await running.json.PostMetrics(metric("cpu", a="1", b="2"))).accepted == 1
        many = await refused(running.json.PostMetrics(metric("cpu", a="1", b="2", c="3")))
        assert violations(many) == {"tags": "must be at most 2 labels (limit labels_per_series)"}
        long = await refused(running.json.PostMetrics(metric("cpu", a="x" * 11, password="hunter2")))
        assert violations(long) == {"tags.a": "must be 1 to 10 characters (limit label_value_length)"}
        told = await warnings(running, 2)
    assert told["tags", "rule"]["source"] == "cpu"
    assert 'password="***"' in told["tags.a", "rule"]["sample"]


async def test_a_cardinality_bomb_is_stopped_and_what_is_there_goes_on(tmp_path: Path) -> None:
    async with collector(tmp_path, limit_active_series=50) as running:
        for number in range(50):
            assert (await running.json.PostMetrics(metric("good", n=str(number)))).accepted == 1
        bomb = [
            metrics_pb2.LabelledSeries(
                series=metrics_pb2.SeriesDefinition(
                    name="bomb" if number % 2 else "good", labels={"n": str(number // 2)}
                ),
                times_unix_ms=[int(time.time() * 1000)],
                values=[1.0],
            )
            for number in range(100)
        ]
        answer = await running.ingest.WriteSeries(pb.WriteSeriesRequest(series=bomb))
        assert (answer.accepted, answer.rejected) == (50, 50)
        assert answer.rejections[0].field == "series[1].series.name"
        assert "50 series were written within the last hour (limit active_series)" in answer.rejections[0].description
        alone = await refused(running.json.PostMetrics(metric("bomb", n="x")))
        assert list(violations(alone)) == ["name"]
        registering = await refused(
            running.ingest.RegisterSeries(
                pb.RegisterSeriesRequest(series=[metrics_pb2.SeriesDefinition(name="bomb", labels={"n": "y"})])
            )
        )
        assert registering.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert (await running.json.PostMetrics(metric("good", n="7"))).accepted == 1
        assert (await running.json.PostMetrics(metric("bomb", n="1"), metadata=ACME)).accepted == 1
        told = await warnings(running, 52)
        named = {entry.definition.name for record in running.peer.records() for entry in record.series}
    assert named == {"good", "bomb"}  # `bomb` is acme's
    assert told["series.series.name", "active_series"]["count"] == 50
    assert told["series.series.name", "active_series"]["source"] == "bomb"


async def test_another_tenants_series_is_as_unknown_as_one_that_is_nobodys(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        [mine] = await registered(running, 1)
        answers = []
        for identity in (mine, 4711):
            call: Any = running.ingest.WriteSamples(metadata=ACME)
            await call.write(pb.WriteSamplesRequest(sequence=1, samples=columns([identity], [1.0])))
            answers.append(await call.read())
            call.cancel()
        theirs, nobodys = answers
        assert theirs == nobodys
        assert theirs.rejections[0].description == "is not registered; register the series again"
        told = await warnings(running, 2)
    assert told["samples.series_ids", "unknown_series"]["count"] == 2


async def test_a_file_gives_one_tenant_limits_of_its_own_and_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "limits.toml"
    path.write_text("[tenants.acme]\nrequest_points = 2\nclock_skew_hours = 0.5\n")
    hour_ago = json.dumps({"type": "a", "timestamp": time.time() - 3600})
    early = json_pb.PostEventsRequest(content=body(hour_ago))
    async with collector(tmp_path / "data", limits_file=path) as running:
        assert (await running.json.PostEvents(events(3))).accepted == 3
        assert (await running.json.PostEvents(early)).accepted == 1
        assert violations(await refused(running.json.PostEvents(early, metadata=ACME))) == {
            "timestamp": "must be within 0.5 hours of now"
        }
        await refused(running.json.PostEvents(events(3), metadata=ACME))
        path.write_text("[tenants.acme]\nrequest_points = 3\n")

        async def renewed() -> bool:
            try:
                return (await running.json.PostEvents(events(3), metadata=ACME)).accepted == 3
            except grpc.aio.AioRpcError:
                return False

        await eventually(renewed, "the new limit holds")


async def test_what_was_refused_last_is_journalled_at_the_end(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        await refused(running.json.PostEvents(json_pb.PostEventsRequest(content=body('{"type": "a b"}'))))
        peer = running.peer
    async with collector(tmp_path, peer) as running:
        told = (await warnings(running, 1))["type", "rule"]
    assert told["sample"].startswith('type "a b"')
