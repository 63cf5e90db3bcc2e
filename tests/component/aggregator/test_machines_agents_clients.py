"""Machines, agents, browsers and changes through the wired aggregator."""

import random
import time
from typing import Any

import grpc
import numpy as np
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import (
    agent_service_pb2 as agents,
    agent_service_pb2_grpc,
    change_service_pb2 as changes,
    change_service_pb2_grpc,
    client_service_pb2 as clients,
    client_service_pb2_grpc,
    machine_service_pb2 as machines,
    machine_service_pb2_grpc,
)
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.support.journals import Event, Sample, SeriesKey, imported_hours, record
from tests.support.waiting import eventually

pytestmark = pytest.mark.store


class Stubs:
    def __init__(self, aggregator: Aggregator) -> None:
        channel = aggregator.channel
        self.agents: Any = agent_service_pb2_grpc.AgentServiceStub(channel)
        self.changes: Any = change_service_pb2_grpc.ChangeServiceStub(channel)
        self.clients: Any = client_service_pb2_grpc.ClientServiceStub(channel)
        self.machines: Any = machine_service_pb2_grpc.MachineServiceStub(channel)


def at(second: int) -> Timestamp:
    return Timestamp(seconds=second)


MACHINE: list[SeriesKey] = [
    (1, "system_cpu_percent", {"host": "a"}),
    (2, "system_memory_percent", {"host": "a"}),
    (3, "system_disk_percent", {"host": "a", "mount": "/"}),
    (4, "system_disk_percent", {"host": "a", "mount": "/data"}),
    (5, "process_cpu_percent", {"host": "a", "process": "collector"}),
    (6, "system_cpu_percent", {"host": "b"}),
    (7, "database_connections", {"database": "orders"}),
    (8, "database_connections", {"service": "users"}),
]


@pytest.mark.parametrize(("hours", "step"), [(1, 300), (50, 3_600)])
async def test_machines_over_time_equal_a_recomputation(aggregator: Aggregator, hours: int, step: int) -> None:
    rng = random.Random(step)
    end = int(time.time()) // 60 * 60 - 120
    start = end - hours * 3_600
    samples: list[Sample] = [
        (series, t + 1.0, rng.random() * 100)
        for series in range(1, 9)
        for t in range(start, end, 60 if hours > 1 else 5)
    ]
    await aggregator.store(record(accepted=time.time(), series=MACHINE, samples=samples))
    asked = machines.GetSystemFiguresRequest(start_time=at(start), end_time=at(end), step_seconds=step)
    stub = Stubs(aggregator).machines

    async def whole() -> bool:
        # Long ranges are read from roll-ups, which are made some seconds after the samples are stored.
        report = await stub.GetSystemFigures(asked)
        return bool(report.machines) and all(point.HasField("cpu_percent") for point in report.machines[0].points)

    await eventually(whole, "every step has figures", within=60)
    report = await stub.GetSystemFigures(asked)
    newest = {series: value for series, _t, value in samples}
    a, b = report.machines
    assert (a.host, b.host) == ("a", "b")
    assert (a.cpu_percent, a.memory_percent, a.disk_percent) == (newest[1], newest[2], max(newest[3], newest[4]))
    assert [(disk.mount, disk.used_percent) for disk in a.disks] == [("/", newest[3]), ("/data", newest[4])]
    assert [(process.name, process.cpu_percent) for process in a.processes] == [("collector", newest[5])]
    assert (b.cpu_percent, b.HasField("memory_percent"), b.present) == (newest[6], False, True)
    assert {one.database: one.connections for one in report.databases} == {"orders": newest[7], "users": newest[8]}
    assert report.database_connections == newest[7] + newest[8]
    edges = [*(point.start_time.seconds for point in a.points), end]
    for point, first, last in zip(a.points, edges, edges[1:], strict=False):
        cpu = [value for series, t, value in samples if series == 1 and first <= t < last]
        disk = [value for series, t, value in samples if series in (3, 4) and first <= t < last]
        assert (point.cpu_percent, point.disk_percent) == (pytest.approx(np.mean(cpu)), max(disk))
    asked.host = "b"
    assert [one.host for one in (await stub.GetSystemFigures(asked)).machines] == ["b"]


async def test_imported_history_is_shown(aggregator: Aggregator) -> None:
    start = (int(time.time()) // 86_400 - 60) * 86_400
    hours = range(start, start + 86_400, 3_600)
    await aggregator.store(imported_hours(record(accepted=time.time(), series=MACHINE[:1]), 1, hours))
    asked = machines.GetSystemFiguresRequest(start_time=at(start), end_time=at(start + 86_400), step_seconds=7_200)
    [machine] = (await Stubs(aggregator).machines.GetSystemFigures(asked)).machines
    assert [point.cpu_percent for point in machine.points] == [(4 * step + 1) / 4 for step in range(12)]
    assert (machine.cpu_percent, machine.seen_time.seconds) == (23 / 2, hours[-1])


async def test_steps_that_roll_ups_do_not_have_are_refused(aggregator: Aggregator) -> None:
    asked = machines.GetSystemFiguresRequest(window_seconds=3_000_000, step_seconds=5_400)
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await Stubs(aggregator).machines.GetSystemFigures(asked)
    assert "step_seconds" in str(error.value.details())


async def test_agents_are_counted_by_metric_or_by_heartbeat(aggregator: Aggregator) -> None:
    now = time.time()
    beats = [
        {"service": "a1", "kind": "agent", "time": now - 300, "uptime": 1.0},
        {"service": "a2", "kind": "agent", "time": now - 20, "uptime": 2.0},
        {"service": "a2", "kind": "agent", "time": now - 50},
        {"service": "shop", "time": now - 5},
    ]
    stub = Stubs(aggregator).agents
    async with aggregator.journal() as journal:
        await journal.hello()
        await journal.commit(0, record(accepted=now, heartbeats=beats))
        report = await stub.ListAgents(agents.ListAgentsRequest())
        assert (report.active, report.from_metric) == (1, False)
        assert [(one.agent, one.status, one.uptime_hours, one.heartbeats) for one in report.agents] == [
            ("a1", "stale", 1.0, 1),
            ("a2", "healthy", 2.0, 2),
        ]
        series: list[SeriesKey] = [(n, "active_agents", {"kind": kind}) for n, kind in enumerate(("sales", "billing"))]
        samples = [(0, now - 20, 5.0), (0, now - 10, 7.0), (1, now - 10, 40.0)]
        await journal.commit(1, record(accepted=now, series=series, samples=samples))

    async def from_metric() -> bool:
        return bool((await stub.ListAgents(agents.ListAgentsRequest())).from_metric)

    # The answer of before is told again for a moment.
    await eventually(from_metric, "the metric is told")
    report = await stub.ListAgents(agents.ListAgentsRequest())
    assert report.active == 47
    assert {one.kind: one.active for one in report.kinds} == {"sales": 7, "billing": 40}
    nobody = await stub.ListAgents(agents.ListAgentsRequest(), metadata=as_tenant("other"))
    assert (nobody.active, len(nobody.agents)) == (0, 0)


async def test_pages_equal_a_recomputation(aggregator: Aggregator) -> None:
    rng = random.Random(3)
    end = int(time.time()) - 10
    start = end - 3_600
    pages = ("/", "/cart")
    events: list[Event] = [
        {
            "type": rng.choice(("page_view", "page_view", "error", "search")),
            "service": rng.choice(("frontend", "frontend", "shop")),
            "session": f"s{rng.randrange(9)}",
            "time": start - 100 + rng.random() * 3_800,
            "data": {"page": rng.choice(pages), "message": rng.choice(("boom", "bang"))},
        }
        for _each in range(800)
    ]
    series: list[SeriesKey] = [(n, "page_load_time", {"page": page}) for n, page in enumerate(pages)]
    samples = [
        (rng.randrange(2), start - 100 + rng.random() * 3_800, round(rng.lognormvariate(7, 0.5), 1))
        for _n in range(900)
    ]
    await aggregator.store(record(accepted=time.time(), events=events, series=series, samples=samples))
    asked = clients.GetClientFiguresRequest(start_time=at(start), end_time=at(end), step_seconds=600)
    report = await Stubs(aggregator).clients.GetClientFigures(asked)
    views = [e for e in events if start <= e["time"] < end and e["type"] == "page_view"]
    errors = [e for e in events if start <= e["time"] < end and (e["type"], e["service"]) == ("error", "frontend")]
    loads = [value for _series, t, value in samples if start <= round(t, 3) < end]
    assert (report.page_views, report.errors) == (len(views), len(errors))
    assert report.error_rate == pytest.approx(100 * len(errors) / len(views))
    assert report.active_clients == len({e["session"] for e in views if e["time"] >= end - 300})
    assert report.load_time.count == len(loads)
    assert report.load_time.p95_ms == pytest.approx(np.percentile(loads, 95), rel=0.01)
    messages = {error.kind: error.count for error in report.frequent_errors}
    assert messages == {word: sum(e["data"]["message"] == word for e in errors) for word in ("boom", "bang")}
    for page in report.pages:
        assert page.page_views == sum(e["data"]["page"] == page.page for e in views)
        assert page.errors == sum(e["data"]["page"] == page.page for e in errors)
        assert page.load_time.count == sum(
            pages[series] == page.page and start <= round(t, 3) < end for series, t, _value in samples
        )
    assert sum(point.page_views for point in report.points) == len(views)
    assert sum(point.load_time.count for point in report.points) == len(loads)


async def test_changes_are_listed_in_pages_newest_first(aggregator: Aggregator) -> None:
    now = time.time()
    deploys = [
        {
            "type": "deploy",
            "service": "shop",
            "time": now - 100 - n,
            "data": {"version": f"1.{n}", "former_version": "0"},
        }
        for n in range(5)
    ]
    others = [
        {"type": "config_change", "user": "ann", "time": now - 50, "data": {"service": "cart", "title": "limit is 5"}},
        {"type": "search", "time": now - 40},
        {"type": "deploy", "service": "old", "time": now - 90_000},
    ]
    await aggregator.store(record(accepted=now, events=[*deploys, *others]))
    stub = Stubs(aggregator).changes
    asked = changes.ListChangesRequest(page_size=2)
    titles: list[str] = []
    while True:
        page = await stub.ListChanges(asked)
        titles += [change.title for change in page.changes]
        asked.page_token = page.next_page_token
        if not asked.page_token:
            break
    assert titles == ["limit is 5", *(f"shop 1.{n}" for n in range(5))]
    [change] = (await stub.ListChanges(changes.ListChangesRequest(kind="config_change"))).changes
    assert (change.service, change.user_id, change.data["title"]) == ("cart", "ann", "limit is 5")
    found = await stub.ListChanges(changes.ListChangesRequest(service="shop", kind="deploy"))
    assert [(one.version, one.former_version) for one in found.changes] == [(f"1.{n}", "0") for n in range(5)]
    assert list((await stub.ListChanges(asked, metadata=as_tenant("other"))).changes) == []
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await stub.ListChanges(changes.ListChangesRequest(kind="purchase"))
    assert "kind" in str(error.value.details())
