import time

import grpc
import pytest

from binnacle.aggregator.v1 import query_service_pb2 as pb
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.support.journals import record

pytestmark = pytest.mark.store


async def refused(call) -> tuple[grpc.StatusCode, str]:  # type: ignore[no-untyped-def]
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    return error.value.code(), str(error.value.details())


async def test_pages_hold_every_event_once(aggregator: Aggregator) -> None:
    now = time.time()
    rows = [{"type": "odd" if n % 2 else "even", "user": f"u{n}", "time": now - n // 3} for n in range(25)]
    await aggregator.store(record(accepted=now, events=rows))
    users: list[str] = []
    token = ""
    while True:
        page = await aggregator.query.ListEvents(pb.ListEventsRequest(page_size=10, page_token=token))
        users += [event.user_id for event in page.events]
        token = page.next_page_token
        if not token:
            break
    assert len(users) == 25
    assert set(users) == {row["user"] for row in rows}
    odd = await aggregator.query.ListEvents(pb.ListEventsRequest(type="odd"))
    assert (len(odd.events), odd.next_page_token) == (12, "")


async def test_page_tokens_are_of_one_tenant(aggregator: Aggregator) -> None:
    await aggregator.store(record(accepted=time.time(), events=[{"type": "a"}, {"type": "b"}]))
    page = await aggregator.query.ListEvents(pb.ListEventsRequest(page_size=1))
    request = pb.ListEventsRequest(page_token=page.next_page_token)
    code, detail = await refused(aggregator.query.ListEvents(request, metadata=as_tenant("other")))
    assert (code, "page_token" in detail) == (grpc.StatusCode.INVALID_ARGUMENT, True)


async def test_count_counts_all_that_match_and_limit_bounds_the_rows(aggregator: Aggregator) -> None:
    data = {"type": "purchase", "service": "shop", "user": "u", "data": {"total": 99.5, "note": "ä"}}
    await aggregator.store(record(accepted=time.time(), events=[data] * 7 + [{"type": "search"}]))
    some = await aggregator.query.ListTrackedEvents(pb.ListTrackedEventsRequest(type="purchase", limit=3))
    assert (len(some.events), some.count, some.limit) == (3, 7, 3)
    [first, *_others] = some.events
    assert (first.service, first.user_id, first.data["total"], first.data["note"]) == ("shop", "u", 99.5, "ä")
    whole = await aggregator.query.ListTrackedEvents(pb.ListTrackedEventsRequest())
    assert (len(whole.events), whole.count, whole.limit) == (8, 8, 100)
    none = await aggregator.query.ListTrackedEvents(pb.ListTrackedEventsRequest(service="unknown"))
    assert (len(none.events), none.count) == (0, 0)


@pytest.mark.parametrize("limit", [0, 1_001])
async def test_a_limit_out_of_range_is_refused(aggregator: Aggregator, limit: int) -> None:
    code, detail = await refused(aggregator.query.ListTrackedEvents(pb.ListTrackedEventsRequest(limit=limit)))
    assert (code, "limit" in detail) == (grpc.StatusCode.INVALID_ARGUMENT, True)


async def test_metrics_of_one_service(aggregator: Aggregator) -> None:
    now = time.time()
    latencies = [float(n) for n in range(1, 101)]
    requests = [
        {"type": "request", "service": "shop", "data": {"endpoint": f"/{int(ms) % 2}", "latency_ms": ms}}
        for ms in latencies
    ]
    beat = {"service": "shop", "status": "degraded", "uptime": 72.5}
    failed = {"type": "error", "service": "shop"}
    await aggregator.store(record(accepted=now, events=[*requests, failed], heartbeats=[beat]))
    metrics = await aggregator.query.GetServiceMetrics(pb.GetServiceMetricsRequest(service="shop"))
    assert (metrics.service, metrics.status, metrics.uptime_hours) == ("shop", "degraded", 72.5)
    assert (metrics.request_count, metrics.error_count, metrics.error_rate) == (100, 1, 1.0)
    assert metrics.avg_latency_ms == 50.5
    assert metrics.p50_latency_ms == pytest.approx(50.5, rel=0.01)
    assert metrics.p95_latency_ms == pytest.approx(95.05, rel=0.01)
    assert metrics.p99_latency_ms == pytest.approx(99.01, rel=0.01)
    assert {(each.endpoint, each.count) for each in metrics.endpoints} == {("/0", 50), ("/1", 50)}


async def test_an_unknown_service_is_not_found(aggregator: Aggregator) -> None:
    code, _detail = await refused(aggregator.query.GetServiceMetrics(pb.GetServiceMetricsRequest(service="nobody")))
    assert code == grpc.StatusCode.NOT_FOUND


async def test_a_service_without_a_name_is_refused(aggregator: Aggregator) -> None:
    code, detail = await refused(aggregator.query.GetServiceMetrics(pb.GetServiceMetricsRequest()))
    assert (code, "service" in detail) == (grpc.StatusCode.INVALID_ARGUMENT, True)
