"""Services, endpoints and traffic over time through the wired aggregator, against a recomputation in plain Python."""

import random
import time
from typing import Any, cast

import grpc
import numpy as np
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import service_catalog_service_pb2 as pb, service_catalog_service_pb2_grpc
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.support.journals import Event, record

pytestmark = pytest.mark.store

SERVICES = ("shop", "search", "")
ENDPOINTS = ("/a", "/b/{id}", "")


def stub(aggregator: Aggregator) -> Any:
    return service_catalog_service_pb2_grpc.ServiceCatalogServiceStub(aggregator.channel)


def requests(start: float, seconds: float, count: int, seed: int) -> list[Event]:
    """Made-up requests within a range."""
    rng = random.Random(seed)
    return [
        {
            "type": "request",
            "service": rng.choice(SERVICES),
            "time": start + rng.random() * seconds,
            "data": {
                "endpoint": rng.choice(ENDPOINTS),
                "status_code": rng.choice((200, 200, 200, 404, 503)),
                "latency_ms": round(rng.lognormvariate(3, 1), 3),
            },
        }
        for _each in range(count)
    ]


def latencies(rows: list[Event]) -> list[float]:
    return [row["data"]["latency_ms"] for row in rows]


def errors(rows: list[Event]) -> int:
    return sum(row["data"]["status_code"] >= 500 for row in rows)


def check(traffic: Any, rows: list[Event], seconds: float) -> None:
    """The figures are those of the rows."""
    assert (traffic.requests, traffic.errors) == (len(rows), errors(rows))
    assert traffic.error_rate == pytest.approx(100 * errors(rows) / len(rows) if rows else 0.0)
    assert traffic.requests_per_second == pytest.approx(len(rows) / seconds)
    assert traffic.HasField("latency") == bool(rows)
    if rows:
        assert traffic.latency.count == len(rows)
        assert traffic.latency.average_ms == pytest.approx(np.mean(latencies(rows)))
        told = [traffic.latency.p50_ms, traffic.latency.p95_ms, traffic.latency.p99_ms]
        assert told == pytest.approx(np.percentile(latencies(rows), [50, 95, 99]), rel=0.01)


def at(second: int) -> Timestamp:
    return Timestamp(seconds=second)


async def stored(aggregator: Aggregator, rows: list[Event], parts: int = 3) -> None:
    """The rows in so many segments."""
    async with aggregator.journal() as journal:
        await journal.hello()
        for part in range(parts):
            await journal.commit(part, record(accepted=time.time(), events=rows[part::parts]))


@pytest.mark.parametrize("hours", [0.2, 9.7])
async def test_figures_equal_a_recomputation(aggregator: Aggregator, hours: float) -> None:
    end = int(time.time()) - 1_000
    start = end - int(hours * 3_600)
    rows = requests(start - 500, end - start + 1_000, 3_000, seed=int(hours))
    await stored(aggregator, rows)
    within = [row for row in rows if start <= int(row["time"]) < end]
    asked: dict[str, Any] = {"start_time": at(start), "end_time": at(end)}
    listed = await stub(aggregator).ListServices(pb.ListServicesRequest(**asked))
    assert [one.service for one in listed.services] == ["search", "shop"]
    check(listed.total, within, end - start)
    for one in listed.services:
        check(one.traffic, [row for row in within if row["service"] == one.service], end - start)
    endpoints = (await stub(aggregator).ListEndpoints(pb.ListEndpointsRequest(**asked))).endpoints
    assert {(one.service, one.endpoint) for one in endpoints} == {(s, e) for s in SERVICES for e in ENDPOINTS if e}
    assert [one.traffic.requests for one in endpoints] == sorted((e.traffic.requests for e in endpoints), reverse=True)
    for one in endpoints:
        same = [r for r in within if (r["service"], r["data"]["endpoint"]) == (one.service, one.endpoint)]
        check(one.traffic, same, end - start)


@pytest.mark.parametrize(
    ("hours", "step", "zone"),
    [(1.1, 60, ""), (13, 3_600, ""), (20, 7_200, "Asia/Kolkata"), (60, 86_400, "Asia/Kolkata")],
)
async def test_steps_equal_a_recomputation(aggregator: Aggregator, hours: float, step: int, zone: str) -> None:
    end = int(time.time()) - 5_000
    start = end - int(hours * 3_600)
    rows = requests(start - 100, end - start + 200, 2_000, seed=step)
    await stored(aggregator, rows)
    asked = pb.QueryTrafficRequest(start_time=at(start), end_time=at(end), step_seconds=step, time_zone=zone)
    [series] = (await stub(aggregator).QueryTraffic(asked)).series
    offset = 19_800 if zone else 0
    edges = [start, *(edge for edge in range((start + offset) // step * step - offset, end, step) if edge > start), end]
    assert [point.start_time.seconds for point in series.points] == edges[:-1]
    assert [point.end_time.seconds for point in series.points] == edges[1:]
    for point, first, last in zip(series.points, edges, edges[1:], strict=False):
        check(point.traffic, [row for row in rows if first <= int(row["time"]) < last], last - first)
    asked.by_service = True
    asked.endpoint = "/a"
    for series in (await stub(aggregator).QueryTraffic(asked)).series:
        same = [row for row in rows if (row["service"], row["data"]["endpoint"]) == (series.service, "/a")]
        assert sum(p.traffic.requests for p in series.points) == sum(start <= int(r["time"]) < end for r in same)


async def test_a_service_says_how_it_is_and_which_version_it_has(aggregator: Aggregator) -> None:
    now = time.time()
    deploys = [
        {"type": "deploy", "service": "shop", "time": now - 5_000 + n, "data": {"version": f"1.{n}"}} for n in range(3)
    ]
    failing = [{"type": "request", "service": "search", "time": now - 5, "data": {"status_code": 500}}]
    beats = [
        {"service": "shop", "time": now - 100, "uptime": 1.0, "requests": 7.0},
        {"service": "shop", "time": now - 50, "uptime": 2.0, "requests": 9.0, "status": "degraded"},
        {"service": "gone", "time": now - 500},
        {"service": "robot", "time": now - 5, "kind": "agent"},
    ]
    await aggregator.store(record(accepted=now, events=[*deploys, *failing], heartbeats=beats))
    listed = {one.service: one for one in (await stub(aggregator).ListServices(pb.ListServicesRequest())).services}
    assert list(listed) == ["gone", "search", "shop"]
    assert {name: (one.status, one.inferred) for name, one in listed.items()} == {
        "gone": ("stale", False),
        "search": ("unhealthy", True),
        "shop": ("degraded", False),
    }
    shop = listed["shop"]
    assert (shop.version, shop.uptime_hours, shop.reported_requests) == ("1.2", 2.0, 9.0)
    assert not shop.HasField("reported_errors")
    assert shop.deployed_time.seconds == int(now - 5_000 + 2)
    assert shop.last_heartbeat_time.seconds == int(now - 50) == shop.last_seen_time.seconds
    before = pb.ListServicesRequest(end_time=at(int(now) - 60))
    [_gone, shop] = (await stub(aggregator).ListServices(before)).services
    assert (shop.status, shop.uptime_hours) == ("healthy", 1.0)
    one = await stub(aggregator).GetService(pb.GetServiceRequest(service="search"))
    assert one.service.traffic.error_rate == 100.0
    assert [each.service for each in (await others(aggregator)).services] == []


async def others(aggregator: Aggregator) -> Any:
    return await stub(aggregator).ListServices(pb.ListServicesRequest(), metadata=as_tenant("other"))


async def test_pages_hold_each_endpoint_once(aggregator: Aggregator) -> None:
    now = time.time()
    rows = [
        {"type": "request", "service": "s", "time": now, "data": {"endpoint": f"/{n}", "latency_ms": 10.0 * n + 1}}
        for n in range(25)
    ]
    await aggregator.store(record(accepted=now, events=rows))
    asked = pb.ListEndpointsRequest(page_size=10, order=pb.ListEndpointsRequest.ORDER_SLOWEST)
    found: list[str] = []
    while True:
        page = await stub(aggregator).ListEndpoints(asked)
        found += [one.endpoint for one in page.endpoints]
        asked.page_token = page.next_page_token
        if not asked.page_token:
            break
    assert found == [f"/{n}" for n in reversed(range(25))]


BAD: list[tuple[str, Any, str]] = [
    ("ListServices", pb.ListServicesRequest(window_seconds=3_000_000), "window_seconds"),
    ("ListServices", pb.ListServicesRequest(start_time=at(10), end_time=at(10)), "start_time"),
    ("ListServices", pb.ListServicesRequest(start_time=at(10)), "start_time"),
    ("ListServices", pb.ListServicesRequest(start_time=at(10), window_seconds=5), "window_seconds"),
    ("ListServices", pb.ListServicesRequest(start_time=at(2**34), end_time=at(2**34 + 9)), "end_time"),
    ("GetService", pb.GetServiceRequest(), "service"),
    ("ListEndpoints", pb.ListEndpointsRequest(page_size=1_001), "page_size"),
    ("ListEndpoints", pb.ListEndpointsRequest(page_token="foreign"), "page_token"),
    ("ListEndpoints", pb.ListEndpointsRequest(order=cast("Any", 99)), "order"),
    ("QueryTraffic", pb.QueryTrafficRequest(step_seconds=7), "step_seconds"),
    ("QueryTraffic", pb.QueryTrafficRequest(step_seconds=1), "step_seconds"),
    ("QueryTraffic", pb.QueryTrafficRequest(time_zone="../etc"), "time_zone"),
]


async def test_bad_questions_are_refused_by_field(aggregator: Aggregator) -> None:
    for call, request, field in BAD:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await getattr(stub(aggregator), call)(request)
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT, request
        assert field in str(error.value.details())


async def test_a_service_nobody_heard_of_is_not_found(aggregator: Aggregator) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await stub(aggregator).GetService(pb.GetServiceRequest(service="nobody"))
    assert error.value.code() is grpc.StatusCode.NOT_FOUND


async def test_ranges_without_anything_are_empty(aggregator: Aggregator) -> None:
    await aggregator.store(record(accepted=time.time(), events=requests(time.time() - 60, 60, 5, seed=1)))
    ahead = int(time.time()) + 86_400
    for begin, end in ((0, 10), (86_400, 90_000), (ahead, ahead + 86_400)):
        asked: dict[str, Any] = {"start_time": at(begin), "end_time": at(end)}
        listed = await stub(aggregator).ListServices(pb.ListServicesRequest(**asked))
        assert (len(listed.services), listed.total.requests, listed.total.HasField("latency")) == (0, 0, False)
        assert len((await stub(aggregator).ListEndpoints(pb.ListEndpointsRequest(**asked))).endpoints) == 0
        [series] = (await stub(aggregator).QueryTraffic(pb.QueryTrafficRequest(**asked))).series
        assert all(point.traffic.requests == 0 for point in series.points)
