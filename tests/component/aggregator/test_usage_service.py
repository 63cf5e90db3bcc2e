"""What a tenant used: equal to what was stored with it, whatever was repeated or killed."""

import time
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import usage_service_pb2 as pb, usage_service_pb2_grpc
from binnacle.journal.v1 import journal_pb2
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.component.aggregator.conftest import Start
from tests.support.intake_warnings import Refusals, warning_record
from tests.support.journals import record

pytestmark = pytest.mark.store

DAY = 86_400


def stub(aggregator: Aggregator) -> Any:
    return usage_service_pb2_grpc.UsageServiceStub(aggregator.channel)


async def used(aggregator: Aggregator, tenant: str = "default", **asked: Any) -> pb.GetUsageResponse:
    answer: pb.GetUsageResponse = await stub(aggregator).GetUsage(
        pb.GetUsageRequest(**asked), metadata=as_tenant(tenant)
    )
    return answer


def records(now: float) -> list[journal_pb2.Record]:
    """Of two tenants and two days, one of them a repetition, and refusals."""
    series = [(1, "cpu", {}), (2, "cpu", {"host": "b"})]
    refused = warning_record(
        [Refusals(points=4, first=now, last=now), Refusals(reason="redacted", first=now, last=now)]
    )
    refused.accepted_time_unix_us = round(now * 1e6)
    return [
        record(accepted=now, series=series, samples=[(1, now, 1.0), (2, now, 2.0), (1, now + 1e-3, 3.0)]),
        record(accepted=now, events=[{"type": "a"}] * 5, batch="once"),
        record(accepted=now, events=[{"type": "a"}] * 5, batch="once"),
        record(accepted=now, logs=[{"message": "m"}] * 7),
        record(accepted=now - DAY, heartbeats=[{"service": "s"}]),
        record(accepted=now, tenant="other", events=[{"type": "b"}]),
        refused,
    ]


async def test_usage_is_what_was_stored_also_after_a_start_and_the_same_again(start: Start) -> None:
    now = time.time()
    sent = records(now)
    async with start() as aggregator:
        await aggregator.store(*sent)
    async with start() as aggregator:
        async with aggregator.journal() as journal:
            assert await journal.hello() == len(sent)
            await journal.send(0, *sent)
            await journal.commit(len(sent), record(accepted=now, events=[{"type": "c"}]))
        answer = await used(aggregator)
        total = answer.total
        assert (total.points, total.events, total.log_lines, total.heartbeats) == (3, 6, 7, 1)
        assert (total.requests, total.refused, total.spans, total.active_series) == (5, 4, 0, 2)
        kept = [len(each.SerializeToString()) for each in (sent[0], sent[1], sent[3], sent[4])]
        assert total.bytes > sum(kept)
        *_, yesterday, today = answer.days
        assert (yesterday.usage.heartbeats, today.usage.heartbeats) == (1, 0)
        assert today.start_time.seconds == int(now // DAY * DAY)
        assert len(answer.days) == 31
        others = (await used(aggregator, "other")).total
        assert (others.events, others.requests, others.refused) == (1, 1, 0)


async def test_a_range_is_of_whole_days(aggregator: Aggregator) -> None:
    now = time.time()
    await aggregator.store(*records(now))
    end = Timestamp(seconds=int(now // DAY * DAY))
    start = Timestamp(seconds=end.seconds - 1)
    answer = await used(aggregator, start_time=start, end_time=end)
    assert [day.usage.heartbeats for day in answer.days] == [1]
    assert answer.total.events == 0
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await used(aggregator, start_time=Timestamp(seconds=end.seconds - 500 * DAY), end_time=end)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT


async def test_others_are_for_administrators_of_the_installation(aggregator: Aggregator) -> None:
    await aggregator.store(*records(time.time()))
    assert (await used(aggregator, tenant_id="other")).total.events == 1
    with pytest.raises(grpc.aio.AioRpcError) as unseen:
        await used(aggregator, "other", tenant_id="default")
    assert unseen.value.code() == grpc.StatusCode.NOT_FOUND
