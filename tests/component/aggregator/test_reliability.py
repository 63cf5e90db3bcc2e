"""Uptime, budgets, outages and the score through the wired aggregator."""

import time
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import reliability_service_pb2 as pb, reliability_service_pb2_grpc
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.support.journals import Event, SeriesKey, record

pytestmark = pytest.mark.store

DAY = 86_400


def stub(aggregator: Aggregator) -> Any:
    return reliability_service_pb2_grpc.ReliabilityServiceStub(aggregator.channel)


def at(second: int) -> Timestamp:
    return Timestamp(seconds=second)


def beats(service: str, *stretches: tuple[int, int]) -> list[Event]:
    """A heartbeat each minute of each stretch, its end too."""
    return [{"service": service, "time": t} for first, end in stretches for t in range(first, end + 1, 60)]


async def test_gaps_and_failed_probes_are_outages(aggregator: Aggregator) -> None:
    end = int(time.time()) - 100
    start = end - 7_200
    life = [
        *beats("shop", (start - 600, start + 1_200), (start + 1_800, end)),
        *beats("search", (start - 600, end - 600)),
        {"service": "robot", "time": end - 3_000, "kind": "agent"},
    ]
    series: list[SeriesKey] = [(1, "up", {"instance": "db:1"}), (2, "probe_success", {"service": "shop"})]
    samples = [(1, float(t), 0.0 if t == start + 300 else 1.0) for t in range(start, end, 60)]
    samples += [(2, float(start + 1_350), 0.0), (2, float(start + 1_400), 1.0), (2, float(start + 3_000), 0.0)]
    await aggregator.store(record(accepted=time.time(), heartbeats=life, series=series, samples=samples))
    asked = pb.GetReliabilityRequest(start_time=at(start), end_time=at(end), target_percent=99)
    report = await stub(aggregator).GetReliability(asked)
    found = {one.service: one for one in report.services}
    assert {name: (one.observed_seconds, one.down_seconds, one.outages, one.down) for name, one in found.items()} == {
        "db:1": (7_200, 60, 1, False),
        "search": (7_200, 480, 1, True),
        "shop": (7_200, 600 - 120 + 120, 2, False),
    }
    assert found["shop"].uptime_percent == pytest.approx(100 * (1 - 600 / 7_200))
    assert (report.overall.observed_seconds, report.overall.down_seconds) == (3 * 7_200, 1_140)
    budget = found["shop"].budget
    assert (budget.total_seconds, budget.burnt_seconds) == (pytest.approx(0.01 * 30 * DAY), 600)
    assert budget.left_percent == pytest.approx(100 * (1 - 600 / (0.01 * 30 * DAY)))
    hour = {rate.window_seconds: rate.rate for rate in found["search"].budget.burn_rates}[3_600]
    assert hour == pytest.approx(480 / 3_600 / 0.01)
    outages = (
        await stub(aggregator).ListOutages(pb.ListOutagesRequest(start_time=at(start), end_time=at(end)))
    ).outages
    assert [(one.service, one.cause, one.start_time.seconds - start, one.seconds) for one in outages] == [
        ("search", "heartbeat", 7_200 - 480, 480),
        ("shop", "probe", 3_000, 120),
        ("shop", "both", 1_320, 480),
        ("db:1", "probe", 300, 60),
    ]
    assert [one.HasField("end_time") for one in outages] == [False, True, True, True]
    only = await stub(aggregator).GetReliability(pb.GetReliabilityRequest(service="search"))
    assert [one.service for one in only.services] == ["search"]
    assert list((await stub(aggregator).GetReliability(asked, metadata=as_tenant("other"))).services) == []


async def test_outages_come_in_pages(aggregator: Aggregator) -> None:
    end = int(time.time()) - 100
    life = [{"service": "flaky", "time": t} for t in range(end - 3_000, end, 300)]
    await aggregator.store(record(accepted=time.time(), heartbeats=life))
    asked = pb.ListOutagesRequest(page_size=4, end_time=at(end))
    starts: list[int] = []
    while True:
        page = await stub(aggregator).ListOutages(asked)
        starts += [one.start_time.seconds for one in page.outages]
        asked.page_token = page.next_page_token
        if not asked.page_token:
            break
    assert starts == [t + 120 for t in reversed(range(end - 3_000, end, 300))]


def request(t: float, latency: float, status: int = 200) -> Event:
    return {"type": "request", "service": "shop", "time": t, "data": {"latency_ms": latency, "status_code": status}}


async def test_the_score_is_made_of_its_parts(aggregator: Aggregator) -> None:
    assert not (await stub(aggregator).GetReliability(pb.GetReliabilityRequest())).HasField("optimization_score")
    told = int(time.time())
    # Of one day, so that what is recent is no part of the days before.
    now = told - 1_200 if told % DAY < 1_200 else told
    today = now // DAY * DAY
    before = [request(today - DAY + n, 100.0) for n in range(50)]
    recent = [request(now - 1_000 + n, 200.0, 500 if n < 5 else 200) for n in range(50)]
    life = beats("shop", (now - 6_000, told))
    await aggregator.store(record(accepted=told, events=[*before, *recent], heartbeats=life))
    asked = pb.GetReliabilityRequest(start_time=at(now - 1_100), end_time=at(now), service="shop")
    report = await stub(aggregator).GetReliability(asked)
    assert (report.requests, report.errors, report.success_rate) == (50, 5, 90.0)
    parts = {part.name: part for part in report.optimization_score.parts}
    assert {name: part.weight for name, part in parts.items()} == pytest.approx(
        {"success": 0.4, "latency": 0.3, "budget": 0.3}
    )
    assert {name: part.value for name, part in parts.items()} == pytest.approx(
        {"success": 90.0, "latency": 50.0, "budget": 100.0}, rel=0.02
    )
    assert (parts["latency"].measured, parts["latency"].baseline) == pytest.approx((200, 100), rel=0.01)
    assert report.optimization_score.score == pytest.approx(sum(p.value * p.weight for p in parts.values()))


async def test_targets_out_of_bounds_are_refused(aggregator: Aggregator) -> None:
    for target in (10, 100, 99.99999, float("nan")):
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await stub(aggregator).GetReliability(pb.GetReliabilityRequest(target_percent=target))
        assert "target_percent" in str(error.value.details())
