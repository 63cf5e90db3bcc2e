"""Calls to the services of others through the wired aggregator, against a recomputation in plain Python."""

import json
import random
import time
from collections import Counter
from typing import Any

import grpc
import numpy as np
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import integration_service_pb2 as pb, integration_service_pb2_grpc
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.support.journals import Event, record
from tests.support.telemetry import filled, spans

pytestmark = pytest.mark.store

CLIENT, SERVER = 3, 2


def stub(aggregator: Aggregator) -> Any:
    return integration_service_pb2_grpc.IntegrationServiceStub(aggregator.channel)


def at(second: float) -> Timestamp:
    stamp = Timestamp()
    stamp.FromMicroseconds(round(second * 1e6))
    return stamp


def calls(start: float, seconds: float, count: int) -> list[Event]:
    """Made-up calls within a range."""
    rng = random.Random(count)
    made: list[Event] = []
    for _each in range(count):
        success = rng.random() < 0.9
        data: dict[str, Any] = {
            "provider": rng.choice(("SAP", "Stripe")),
            "endpoint": rng.choice(("/a", "/b")),
            "success": success,
        }
        if not success:
            data["error_kind"] = rng.choice(("timeout", "refused"))
        if rng.random() < 0.8:
            data["response_time"] = round(rng.lognormvariate(4, 1), 2)
        made.append(
            {"type": rng.choice(("ERPCall", "integration_call")), "time": start + rng.random() * seconds, "data": data}
        )
    return made


def check(told: Any, rows: list[Event]) -> None:
    """The figures are those of the rows."""
    failures = sum(not row["data"]["success"] for row in rows)
    assert (told.calls, told.failures) == (len(rows), failures)
    assert told.success_rate == pytest.approx(100 * (1 - failures / len(rows)) if rows else 100.0)
    times = [row["data"]["response_time"] for row in rows if "response_time" in row["data"]]
    assert told.HasField("latency") == bool(times)
    if times:
        assert (told.latency.count, told.latency.average_ms) == (len(times), pytest.approx(np.mean(times)))
        found = [told.latency.p50_ms, told.latency.p95_ms, told.latency.p99_ms]
        assert found == pytest.approx(np.percentile(times, [50, 95, 99]), rel=0.01)


async def test_figures_equal_a_recomputation(aggregator: Aggregator) -> None:
    end = int(time.time()) - 100
    start = end - 7_200
    rows = calls(start - 300, 7_800, 1_500)
    other = {"type": "purchase", "time": end - 1, "data": {"provider": "SAP", "success": True}}
    await aggregator.store(record(accepted=time.time(), events=[*rows, other]))
    within = [row for row in rows if start <= row["time"] < end]
    listed = await stub(aggregator).ListIntegrations(pb.ListIntegrationsRequest(start_time=at(start), end_time=at(end)))
    assert [one.integration for one in listed.integrations] == ["SAP", "Stripe"]
    for one in listed.integrations:
        mine = [row for row in within if row["data"]["provider"] == one.integration]
        check(one.calls, mine)
        assert (one.from_events, one.from_spans, one.status) == (True, False, "unhealthy")
        kinds = Counter(row["data"]["error_kind"] for row in mine if not row["data"]["success"])
        assert {error.kind: error.count for error in one.errors} == dict(kinds)
        assert one.last_success_time == at(max(row["time"] for row in mine if row["data"]["success"]))
        assert one.last_failure_time == at(max(row["time"] for row in mine if not row["data"]["success"]))
    asked = pb.GetIntegrationRequest(integration="SAP", start_time=at(start), end_time=at(end), step_seconds=900)
    sap = await stub(aggregator).GetIntegration(asked)
    mine = [row for row in within if row["data"]["provider"] == "SAP"]
    check(sap.integration.calls, mine)
    for endpoint in sap.endpoints:
        check(endpoint.calls, [row for row in mine if row["data"]["endpoint"] == endpoint.endpoint])
    assert len(sap.points) in (8, 9)
    for point in sap.points:
        check(point.calls, [r for r in mine if point.start_time.seconds <= r["time"] < point.end_time.seconds])


async def test_what_events_leave_untold(aggregator: Aggregator) -> None:
    now = time.time()
    told: list[dict[str, Any]] = [
        {"provider": "p"},
        {"provider": "p", "error": "boom"},
        {"provider": "p", "status_code": 404, "response_time_ms": 3},
        {"provider": "p", "success": "true", "response_time": "fast"},
        {"provider": "p", "success": False},
        {"success": True},
    ]
    events = [{"type": "integration_call", "time": now - 5, "data": data} for data in told]
    await aggregator.store(record(accepted=now, events=events))
    [one] = (await stub(aggregator).ListIntegrations(pb.ListIntegrationsRequest())).integrations
    assert (one.calls.calls, one.calls.failures, one.calls.latency.count) == (5, 3, 1)
    assert {error.kind for error in one.errors} == {"boom", "404", "unknown"}


async def test_client_spans_count_by_their_peer(aggregator: Aggregator) -> None:
    now = time.time()
    told = [
        (CLIENT, {"server.address": "db.local", "db.system": "postgresql"}),
        (CLIENT, {"peer.service": "billing", "server.address": "10.0.0.1", "http.route": "/bills", "error.type": "x"}),
        (CLIENT, {"db.system.name": "redis"}),
        (CLIENT, {"rpc.system": "grpc", "rpc.service": "S", "rpc.method": "M"}),
        (CLIENT, {}),
        (SERVER, {"peer.service": "nobody"}),
    ]
    records = [
        filled(record(accepted=now), spans(now - 10, kind, 0.1, 0.2, attributes=json.dumps(attributes)))
        for kind, attributes in told
    ]
    await aggregator.store(*records)
    found = {
        o.integration: o for o in (await stub(aggregator).ListIntegrations(pb.ListIntegrationsRequest())).integrations
    }
    assert found.keys() == {"db.local", "billing", "redis", "grpc"}
    assert all(one.from_spans and not one.from_events and one.calls.calls == 2 for one in found.values())
    assert found["redis"].calls.latency.average_ms == pytest.approx(150)
    billing = await stub(aggregator).GetIntegration(pb.GetIntegrationRequest(integration="billing"))
    assert [one.endpoint for one in billing.endpoints] == ["/bills"]
    grpc_ = await stub(aggregator).GetIntegration(pb.GetIntegrationRequest(integration="grpc"))
    assert [one.endpoint for one in grpc_.endpoints] == ["S/M"]
    redis = await stub(aggregator).GetIntegration(pb.GetIntegrationRequest(integration="redis"))
    assert [one.endpoint for one in redis.endpoints] == ["GET"]


async def test_what_was_not_called_is_not_found_and_others_see_nothing(aggregator: Aggregator) -> None:
    now = time.time()
    event = {"type": "integration_call", "time": now - 5, "data": {"provider": "p", "success": True}}
    await aggregator.store(record(accepted=now, events=[event]))
    asked = pb.GetIntegrationRequest(integration="p")
    assert (await stub(aggregator).GetIntegration(asked)).integration.status == "healthy"
    for metadata, request in ((as_tenant("other"), asked), (None, pb.GetIntegrationRequest(integration="q"))):
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await stub(aggregator).GetIntegration(request, metadata=metadata)
        assert error.value.code() is grpc.StatusCode.NOT_FOUND
    listed = await stub(aggregator).ListIntegrations(pb.ListIntegrationsRequest(), metadata=as_tenant("other"))
    assert list(listed.integrations) == []
