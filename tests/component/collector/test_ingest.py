"""gRPC intake through a running collector to journal records."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.collector.v1 import ingest_service_pb2 as pb
from binnacle.events.v1 import events_pb2
from binnacle.logs.v1 import logs_pb2
from binnacle.metrics.v1 import metrics_pb2
from services.runtime.calls import Call, handling
from services.runtime.channels import open_channel
from tests.component.collector.collectors import Collector, collector, columns, registered, violations
from tests.support.services import socket_address

pytestmark = pytest.mark.network


async def write(running: Collector, *requests: pb.WriteSamplesRequest) -> list[pb.WriteSamplesResponse]:
    """A whole stream, and its answers."""

    async def sending() -> AsyncIterator[pb.WriteSamplesRequest]:
        for request in requests:
            yield request

    return [answer async for answer in running.ingest.WriteSamples(sending())]


def message(sequence: int, samples: metrics_pb2.SampleColumns) -> pb.WriteSamplesRequest:
    return pb.WriteSamplesRequest(sequence=sequence, samples=samples)


async def test_the_same_series_keeps_its_identity(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        first = await registered(running, 3)
        again = await registered(running, 3)
    async with collector(tmp_path) as running:
        later = await registered(running, 3)
    assert first == again == later
    assert len(set(first)) == 3


async def test_another_tenant_gets_other_identities_and_may_not_use_the_first(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        ours = await registered(running, 1)
        with handling(Call("acme", "id-1")):
            theirs = await registered(running, 1)
            (answer,) = await write(running, message(1, columns(ours, [1.0])))
    assert ours != theirs
    assert (answer.accepted, answer.rejected) == (0, 1)
    assert answer.rejections[0].field == "samples.series_ids[0]"


async def test_samples_are_acknowledged_up_to_a_sequence(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        ids = await registered(running, 2)
        answers = await write(running, *(message(n, columns(ids, [n, n + 0.5])) for n in range(1, 101)))
        await running.committed(101)
    assert answers[-1].acknowledged_sequence == 100
    assert (answers[-1].accepted, answers[-1].rejected) == (200, 0)
    assert [answer.acknowledged_sequence for answer in answers] == sorted(
        {answer.acknowledged_sequence for answer in answers}
    )
    records = running.peer.records()
    values = [value for record in records for value in np.frombuffer(record.samples.values, "<f8").tolist()]
    assert values == [value for n in range(1, 101) for value in (n, n + 0.5)]
    assert set(np.frombuffer(records[-1].samples.series_ids, "<u8").tolist()) == set(ids)


async def test_registered_series_are_known_after_a_restart(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        ids = await registered(running, 2)
    async with collector(tmp_path) as running:
        (answer,) = await write(running, message(1, columns(ids, [1.0, 2.0])))
    assert answer.accepted == 2


async def test_bad_samples_are_named_and_the_rest_is_kept(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        ids = await registered(running, 2)
        samples = columns([*ids, 12345, *ids], [1.0, float("nan"), 3.0, float("inf"), 5.0])
        samples.times_unix_ms[4] = 1000
        (answer,) = await write(running, message(1, samples))
        _series, record = await running.committed(2)
    assert (answer.acknowledged_sequence, answer.accepted, answer.rejected) == (1, 1, 4)
    assert [rejection.field for rejection in answer.rejections] == [
        "samples.values[1]",
        "samples.series_ids[2]",
        "samples.values[3]",
        "samples.times_unix_ms[4]",
    ]
    assert np.frombuffer(record.samples.values, "<f8").tolist() == [1.0]


async def test_columns_of_differing_length_end_the_stream_after_what_came_before(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        ids = await registered(running, 2)
        bad = columns(ids, [1.0, 2.0])
        del bad.values[1]
        acknowledged: list[int] = []

        async def sending() -> AsyncIterator[pb.WriteSamplesRequest]:
            yield message(1, columns(ids, [1.0, 2.0]))
            yield message(2, bad)

        async def receiving() -> None:
            stream: Any = running.ingest.WriteSamples(sending())
            while (answer := await stream.read()) is not grpc.aio.EOF:
                acknowledged.append(answer.acknowledged_sequence)

        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await receiving()
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert list(violations(caught.value)) == ["samples"]
    assert acknowledged == [1]


async def test_a_sequence_with_a_gap_ends_the_stream(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        ids = await registered(running, 1)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await write(running, message(1, columns(ids, [1.0])), message(3, columns(ids, [1.0])))
    assert list(violations(caught.value)) == ["sequence"]


async def test_a_stream_ends_when_the_collector_stops(tmp_path: Path) -> None:
    acknowledged = asyncio.Event()

    async def one(ids: list[int]) -> AsyncIterator[pb.WriteSamplesRequest]:
        yield message(1, columns(ids, [1.0]))
        await asyncio.Event().wait()

    async def follow(running: Collector, ids: list[int]) -> None:
        async for _answer in running.ingest.WriteSamples(one(ids)):
            acknowledged.set()

    listen = socket_address("collector")
    async with open_channel(listen) as channel:
        async with collector(tmp_path, listen=listen, drain_seconds=30) as running:
            ids = await registered(running, 1)
            following = asyncio.create_task(follow(Collector(channel, running.peer), ids))
            await acknowledged.wait()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await following
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "stopping" in str(caught.value.details())


async def test_labelled_series_need_no_registration(tmp_path: Path) -> None:
    now = int(time.time() * 1000)
    good = metrics_pb2.LabelledSeries(
        series=metrics_pb2.SeriesDefinition(name="cpu", labels={"core": "1"}, kind=metrics_pb2.METRIC_KIND_GAUGE),
        times_unix_ms=[now, now],
        values=[1.0, float("nan")],
    )
    nameless = metrics_pb2.LabelledSeries(times_unix_ms=[now, now], values=[1.0, 2.0])
    ragged = metrics_pb2.LabelledSeries(times_unix_ms=[now], values=[1.0, 2.0])
    async with collector(tmp_path) as running:
        answer = await running.ingest.WriteSeries(pb.WriteSeriesRequest(series=[ragged, good, nameless]))
        (record,) = await running.committed(1)
    assert (answer.accepted, answer.rejected) == (1, 5)
    assert [rejection.field for rejection in answer.rejections] == [
        "series[0].values",
        "series[1].values[1]",
        "series[2].series.name",
        "series[2].series.name",
    ]
    (entry,) = record.series
    assert np.frombuffer(record.samples.series_ids, "<u8").tolist() == [entry.id]


async def test_events_logs_and_heartbeats(tmp_path: Path) -> None:
    data = Struct()
    data.update({"total": 99.99, "count": 3, "deep": {"list": [True, None, "x"]}})
    now = Timestamp(seconds=int(time.time()), nanos=5_000_000)
    async with collector(tmp_path) as running:
        await running.ingest.WriteEvents(
            pb.WriteEventsRequest(events=[events_pb2.Event(type="purchase", service="shop", time=now, data=data)])
        )
        await running.ingest.WriteLogs(
            pb.WriteLogsRequest(logs=[logs_pb2.LogRecord(message="hello", level=logs_pb2.LOG_LEVEL_ERROR)])
        )
        await running.ingest.WriteHeartbeats(
            pb.WriteHeartbeatsRequest(heartbeats=[events_pb2.Heartbeat(service="shop", status="healthy")])
        )
        events, logs, beats = await running.committed(3)
    assert json.loads(events.events.data_json[0]) == {"total": 99.99, "count": 3, "deep": {"list": [True, None, "x"]}}
    assert '"count":3' in events.events.data_json[0]
    assert np.frombuffer(events.events.times_unix_us, "<i8")[0] == now.seconds * 1_000_000 + 5_000
    assert (list(logs.logs.messages), list(logs.logs.levels)) == (["hello"], [4])
    assert (beats.heartbeats.services[0], beats.heartbeats.kinds[0]) == ("shop", "service")


async def test_a_request_of_bad_points_only_is_refused(tmp_path: Path) -> None:
    events = [events_pb2.Event(type=""), events_pb2.Event(type="ok", time=Timestamp(seconds=1))]
    async with collector(tmp_path) as running:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await running.ingest.WriteEvents(pb.WriteEventsRequest(events=events))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert list(violations(caught.value)) == ["events[0].type", "events[1].time"]


async def test_series_beyond_the_limit_are_refused(tmp_path: Path) -> None:
    async with collector(tmp_path, series_max=2) as running:
        await registered(running, 2)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await registered(running, 3)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
