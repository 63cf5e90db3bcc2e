import time

import pytest

from binnacle.aggregator.v1 import overview_service_pb2 as pb
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.support.journals import record

pytestmark = pytest.mark.store


async def test_a_watch_starts_with_the_state_then_brings_events_and_updates(aggregator: Aggregator) -> None:
    watch = aggregator.overview.WatchOverview(pb.WatchOverviewRequest())
    first = (await watch.read()).frame
    assert first.WhichOneof("frame") == "state"
    assert len(first.state.history) == 300
    now = time.time()
    request = {"type": "request", "service": "shop", "user": "u", "data": {"endpoint": "/a", "latency_ms": 20}}
    sale = {"type": "purchase", "service": "shop", "data": {"total": 12.5, "items": ["a", {"b": None}]}}
    await aggregator.store(record(accepted=now, events=[request, sale], heartbeats=[{"service": "cart", "uptime": 3}]))
    frames = []
    while "update" not in frames:
        message = await watch.read()
        frames.append(message.frame.WhichOneof("frame"))
        if frames[-1] == "events":
            [event] = message.frame.events.events
            assert (event.type, event.service, event.data["total"]) == ("purchase", "shop", 12.5)
    assert frames[-2:] == ["events", "update"]
    update = message.frame.update
    assert update.snapshot.overview.total_requests == 1
    assert update.snapshot.overview.active_users == 1
    assert update.snapshot.overview.average_latency_ms == 20.0
    assert set(update.snapshot.services) == {"shop", "cart"}
    assert list(update.inferred_services) == ["shop"]
    assert update.snapshot.services["cart"].uptime_hours == 3
    [point] = [point for point in update.points if point.requests]
    assert point.time.seconds == int(now)
    assert point.p99_latency_ms == pytest.approx(20.0, rel=0.01)
    assert not any(other.HasField("p50_latency_ms") for other in update.points if other is not point)
    watch.cancel()


async def test_tenants_see_their_own_overview(aggregator: Aggregator) -> None:
    await aggregator.store(record(tenant="a", accepted=time.time(), events=[{"type": "request", "service": "shop"}]))
    for tenant, services in (("a", ["shop"]), ("b", [])):
        answer = await aggregator.overview.GetOverview(pb.GetOverviewRequest(), metadata=as_tenant(tenant))
        assert list(answer.state.snapshot.services) == services
        stats = await aggregator.overview.GetIntakeStats(pb.GetIntakeStatsRequest(), metadata=as_tenant(tenant))
        assert stats.events == stats.services == len(services)


async def test_intake_stats_count_what_is_stored(aggregator: Aggregator) -> None:
    now = time.time()
    await aggregator.store(
        record(
            accepted=now,
            events=[{"type": "a"}, {"type": "a"}, {"type": "b"}],
            heartbeats=[{"service": "shop"}],
            logs=[{"message": "m"}],
            series=[(1, "cpu", {}), (2, "memory", {})],
            samples=[(1, now, 1.0), (1, now - 1, 2.0), (2, now, 3.0)],
        )
    )
    stats = await aggregator.overview.GetIntakeStats(pb.GetIntakeStatsRequest())
    assert (stats.events, stats.samples, stats.logs, stats.heartbeats, stats.series) == (3, 3, 1, 1, 2)
    assert dict(stats.events_by_type) == {"a": 2, "b": 1}
    assert stats.services == 1


async def test_only_as_much_history_is_told_as_is_asked_for(aggregator: Aggregator) -> None:
    now = time.time()
    await aggregator.store(record(accepted=now, events=[{"type": "request", "service": "shop"}]))
    whole = (await aggregator.overview.GetOverview(pb.GetOverviewRequest())).state
    assert len(whole.history) == 300
    for seconds in (0, 60, 300, 1_000):
        state = (await aggregator.overview.GetOverview(pb.GetOverviewRequest(history_seconds=seconds))).state
        assert len(state.history) == min(seconds, 300)
        assert state.snapshot.overview.total_requests == whole.snapshot.overview.total_requests
        if seconds:
            assert state.history[-1].time.seconds >= whole.history[-1].time.seconds
            assert sum(point.requests for point in state.history) == 1


async def test_machines_come_from_the_agents_gauges(aggregator: Aggregator) -> None:
    now = time.time()
    series = [(1, "system_cpu_percent", {"host": "h"}), (2, "process_cpu_percent", {"host": "h", "process": "envoy"})]
    await aggregator.store(record(accepted=now, series=series, samples=[(1, now, 12.5), (2, now, 3.0)]))
    answer = await aggregator.overview.GetOverview(pb.GetOverviewRequest())
    [machine] = answer.state.machines
    assert (machine.host, machine.cpu_percent) == ("h", 12.5)
    assert [(process.name, process.cpu_percent) for process in machine.processes] == [("envoy", 3.0)]
