"""Named requests that come again at a running collector."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from binnacle.collector.v1 import ingest_service_pb2 as pb, json_intake_service_pb2 as json_pb
from binnacle.events.v1 import events_pb2
from binnacle.logs.v1 import logs_pb2
from binnacle.metrics.v1 import metrics_pb2
from services.runtime.calls import Call, handling
from tests.component.collector.collectors import Collector, body, collector, columns, registered, violations
from tests.support.waiting import eventually

pytestmark = pytest.mark.network

EVENTS = [events_pb2.Event(type="purchase"), events_pb2.Event(type="")]
KEY = (("idempotency-key", "k"),)


async def events(running: Collector) -> Any:
    return await running.ingest.WriteEvents(pb.WriteEventsRequest(events=EVENTS, batch_id="k"))


async def events_by_metadata(running: Collector) -> Any:
    return await running.ingest.WriteEvents(pb.WriteEventsRequest(events=EVENTS), metadata=KEY)


async def logs(running: Collector) -> Any:
    lines = [logs_pb2.LogRecord(message="hello"), logs_pb2.LogRecord(message="")]
    return await running.ingest.WriteLogs(pb.WriteLogsRequest(logs=lines, batch_id="k"))


async def heartbeats(running: Collector) -> Any:
    beats = [events_pb2.Heartbeat(service="shop", status="healthy"), events_pb2.Heartbeat()]
    return await running.ingest.WriteHeartbeats(pb.WriteHeartbeatsRequest(heartbeats=beats, batch_id="k"))


async def series(running: Collector) -> Any:
    now = [int(time.time() * 1000)] * 2
    cpu = metrics_pb2.LabelledSeries(
        series=metrics_pb2.SeriesDefinition(name="cpu"), times_unix_ms=now, values=[1.0, float("nan")]
    )
    return await running.ingest.WriteSeries(pb.WriteSeriesRequest(series=[cpu], batch_id="k"))


async def sample_columns(running: Collector) -> Any:
    samples = columns([*await registered(running, 1), 12345], [1.0, 2.0])
    request = pb.WriteSampleColumnsRequest(samples=samples, batch_id="k")
    return await running.ingest.WriteSampleColumns(request)


async def sample_stream(running: Collector) -> Any:
    samples = columns([*await registered(running, 1), 12345], [1.0, 2.0])

    async def one() -> AsyncIterator[pb.WriteSamplesRequest]:
        yield pb.WriteSamplesRequest(sequence=1, samples=samples, batch_id="k")

    [answer] = [answer async for answer in running.ingest.WriteSamples(one())]
    return answer


def posted(method: str, text: str) -> "Callable[[Collector], Awaitable[Any]]":
    async def post(running: Collector) -> Any:
        request = getattr(json_pb, f"{method}Request")(content=body(text))
        return await getattr(running.json, method)(request, metadata=KEY)

    return post


WRITES: "dict[str, Callable[[Collector], Awaitable[Any]]]" = {
    "WriteEvents": events,
    "WriteEvents by metadata": events_by_metadata,
    "WriteLogs": logs,
    "WriteHeartbeats": heartbeats,
    "WriteSeries": series,
    "WriteSampleColumns": sample_columns,
    "WriteSamples": sample_stream,
    "POST /events": posted("PostEvents", '[{"type":"a"},{"type":""}]'),
    "POST /metrics": posted("PostMetrics", '[{"name":"a","value":1},{"name":"","value":1}]'),
    "POST /heartbeat": posted("PostHeartbeat", '[{"service":"a","status":"healthy"},{"service":"","status":""}]'),
    "POST /logs": posted("PostLogs", '[{"message":"a"},{"message":""}]'),
}


async def named(running: Collector) -> int:
    """Records of this name that went through the journal; another record shows that all before it have."""
    mark = events_pb2.Event(type="mark", service=str(time.monotonic_ns()))
    await running.ingest.WriteEvents(pb.WriteEventsRequest(events=[mark]))

    async def marked() -> bool:
        return any(mark.service in record.events.services for record in running.peer.records())

    await eventually(marked, "the mark is committed")
    return sum(record.batch_id == "k" for record in running.peer.records())


@pytest.mark.parametrize("kind", WRITES)
async def test_a_repetition_is_answered_alike_and_not_journalled(kind: str, tmp_path: Path) -> None:
    write = WRITES[kind]
    async with collector(tmp_path) as running:
        first = await write(running)
        assert (first.accepted, first.rejected) == (1, 1)
        assert await write(running) == first
        assert await named(running) == 1


async def test_requests_of_one_name_at_the_same_time_are_one(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        answers = await asyncio.gather(*(events(running) for _caller in range(20)))
        assert len({answer.SerializeToString() for answer in answers}) == 1
        assert await named(running) == 1


async def test_an_answer_that_was_lost_is_given_again(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        call = running.ingest.WriteEvents(pb.WriteEventsRequest(events=EVENTS, batch_id="k"))
        await running.committed(1)
        call.cancel()
        assert (await events(running)).accepted == 1
        assert await named(running) == 1


async def test_after_a_restart_it_is_journalled_again_under_its_name(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        await events(running)
        assert await named(running) == 1
        peer = running.peer
    async with collector(tmp_path, peer) as running:
        assert (await events(running)).accepted == 1
        assert await named(running) == 2


async def test_a_request_of_which_nothing_was_kept_is_judged_anew(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        with pytest.raises(grpc.aio.AioRpcError):
            await running.ingest.WriteEvents(pb.WriteEventsRequest(events=[events_pb2.Event()], batch_id="k"))
        assert (await events(running)).accepted == 1


async def test_tenants_have_names_of_their_own(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        await events(running)
        with handling(Call("acme", "id-1")):
            await events(running)
        assert await named(running) == 2


@pytest.mark.parametrize("name", ["x" * 65, "tab\t", "é"])
async def test_what_is_no_name_is_refused(name: str, tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await running.ingest.WriteEvents(pb.WriteEventsRequest(events=EVENTS, batch_id=name))
        assert violations(caught.value) == {"batch_id": "must be 1 to 64 printable ASCII characters"}


@pytest.mark.parametrize("keys", [["x" * 65], [""], ["a", "b"]])
async def test_what_is_no_key_is_refused(keys: list[str], tmp_path: Path) -> None:
    metadata = [("idempotency-key", key) for key in keys]
    async with collector(tmp_path) as running:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await running.json.PostEvents(json_pb.PostEventsRequest(content=body("{}")), metadata=metadata)
        assert violations(caught.value) == {"Idempotency-Key": "must be 1 to 64 printable ASCII characters"}
