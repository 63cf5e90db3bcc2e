"""Imports through a running collector to journal records."""

import time
from pathlib import Path

import grpc
import numpy as np
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.collector.v1 import import_service_pb2 as pb, import_service_pb2_grpc as pb_grpc
from binnacle.events.v1.events_pb2 import Event
from binnacle.metrics.v1.metrics_pb2 import LabelledSeries, SeriesDefinition
from tests.component.collector.collectors import Collector, collector, violations

pytestmark = pytest.mark.network

DAY_MS = 86_400_000


def now_ms() -> int:
    return int(time.time() * 1000)


def stub(running: Collector) -> "pb_grpc.ImportServiceAsyncStub":
    return pb_grpc.ImportServiceStub(running.channel)


def series(*times_ms: int) -> LabelledSeries:
    values = [float(number) for number in range(len(times_ms))]
    return LabelledSeries(series=SeriesDefinition(name="cpu"), times_unix_ms=times_ms, values=values)


def event(at_ms: int) -> Event:
    return Event(type="deploy", time=Timestamp(seconds=at_ms // 1000))


async def test_what_is_old_is_kept_in_sums_and_the_rest_raw(tmp_path: Path) -> None:
    now = now_ms()
    async with collector(tmp_path) as running:
        answer = await stub(running).ImportSeries(
            pb.ImportSeriesRequest(batch_id="a", series=[series(now - 3 * DAY_MS, now - 100 * DAY_MS)])
        )
        (record,) = await running.committed(1)
    assert (answer.accepted, answer.rejected) == (2, 0)
    assert record.batch_id == "a"
    assert np.frombuffer(record.samples.times_unix_ms, "<i8").tolist() == [now - 3 * DAY_MS]
    assert np.frombuffer(record.rollups.tiers, "<u4").tolist() == [3_600, 86_400]
    assert np.frombuffer(record.rollups.series_ids, "<u8").tolist() == [record.series[0].id] * 2
    assert np.frombuffer(record.rollups.last_times_unix_ms, "<i8").tolist() == [now - 100 * DAY_MS] * 2


async def test_nothing_but_sums_makes_a_record_too(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        await stub(running).ImportSeries(pb.ImportSeriesRequest(batch_id="a", series=[series(now_ms() - 500 * DAY_MS)]))
        (record,) = await running.committed(1)
    assert not record.HasField("samples")
    assert np.frombuffer(record.rollups.counts, "<u8").tolist() == [1]


async def test_a_chunk_sent_again_adds_nothing(tmp_path: Path) -> None:
    request = pb.ImportSeriesRequest(batch_id="a", series=[series(now_ms() - 3 * DAY_MS)])
    async with collector(tmp_path) as running:
        for _time in range(3):
            assert (await stub(running).ImportSeries(request)).accepted == 1
        await stub(running).ImportEvents(pb.ImportEventsRequest(batch_id="b", events=[event(now_ms())]))
        assert len(await running.committed(2)) == 2


async def test_events_are_as_old_as_they_are_kept(tmp_path: Path) -> None:
    async with collector(tmp_path) as running:
        bounds = await stub(running).GetImportBounds(pb.GetImportBoundsRequest())
        old, older = now_ms() - 20 * DAY_MS, now_ms() - 40 * DAY_MS
        answer = await stub(running).ImportEvents(
            pb.ImportEventsRequest(batch_id="a", events=[event(old), event(older)])
        )
        (record,) = await running.committed(1)
    assert older < bounds.oldest_event_time_unix_ms < old
    assert bounds.oldest_sample_time_unix_ms <= 1
    assert (answer.accepted, answer.rejected) == (1, 1)
    assert answer.rejections[0].field == "events[1].time"
    assert "must not be before 20" in answer.rejections[0].description
    assert np.frombuffer(record.events.times_unix_us, "<i8").tolist() == [old // 1000 * 1_000_000]


@pytest.mark.parametrize(("days_ahead", "rule"), [(3, "at most 24 hours ahead"), (None, "not be before")])
async def test_times_that_cannot_be(tmp_path: Path, days_ahead: int | None, rule: str) -> None:
    at_ms = 0 if days_ahead is None else now_ms() + days_ahead * DAY_MS
    async with collector(tmp_path) as running:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub(running).ImportSeries(pb.ImportSeriesRequest(batch_id="a", series=[series(at_ms)]))
    assert rule in violations(caught.value)["series[0].times_unix_ms[0]"]


async def test_a_chunk_may_not_be_larger_than_one_record(tmp_path: Path) -> None:
    many = [LabelledSeries(series=SeriesDefinition(name="m", labels={"n": str(n)})) for n in range(100)]
    for one in many:
        one.times_unix_ms.extend(now_ms() - (10 + place) * DAY_MS for place in range(201))
        one.values.extend([1.0] * 201)
    async with collector(tmp_path) as running:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub(running).ImportSeries(pb.ImportSeriesRequest(batch_id="a", series=many))
        assert "at most 20,000 samples" in violations(caught.value)["series"]
        for one in many:
            one.times_unix_ms.pop(), one.values.pop()
        answer = await stub(running).ImportSeries(pb.ImportSeriesRequest(batch_id="a", series=many))
    assert answer.accepted == 20_000
