"""JSON over the collector's own HTTP listener means what it means over gRPC."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from services.collector.convert.json_bodies import MAX_BYTES
from tests.component.collector.collectors import Collector, collector
from tests.support.services import EDGE_SECRET, GUARDED, socket_address

pytestmark = pytest.mark.network

PATHS = {
    "/events": {"type": "request"},
    "/metrics": {"name": "depth", "value": 1.5},
    "/heartbeat": {"service": "shop", "status": "healthy"},
    "/logs": {"message": "hello"},
}
EVENT = b'{"type":"request"}'


@asynccontextmanager
async def intake(folder: Path, **settings: Any) -> AsyncIterator[tuple[Collector, aiohttp.ClientSession]]:
    """A collector and a client of its HTTP listener."""
    address = socket_address("intake")
    connector = aiohttp.UnixConnector(address.removeprefix("unix:"))
    async with (
        collector(folder, intake_listen=address, **settings) as running,
        aiohttp.ClientSession("http://collector", connector=connector) as client,
    ):
        yield running, client


async def post(client: aiohttp.ClientSession, path: str, data: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.post(
        path, data=io.BytesIO(data), headers={"content-type": "application/json", **named}
    ) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize("path", PATHS)
async def test_each_path_takes_its_points(tmp_path: Path, path: str) -> None:
    async with intake(tmp_path) as (running, client):
        async with client.post(path, json=PATHS[path]) as answer:
            told = await answer.json()
        assert (answer.status, told) == (200, {"accepted": 1, "rejected": 0, "rejections": []})
        [record] = await running.committed(1)
        assert record.tenant == "default"


async def test_what_breaks_a_rule_is_named(tmp_path: Path) -> None:
    async with intake(tmp_path) as (_running, client):
        status, told = await post(client, "/events", b'[{"type":"a"},{"type":""}]')
        assert (status, told["accepted"], told["rejections"][0]["field"]) == (200, 1, "events[1].type")
        status, told = await post(client, "/events", b'{"type":5}')
        assert (status, told["code"], told["details"][1]["field_violations"][0]["field"]) == (400, 3, "type")
        status, told = await post(client, "/events?colour=red", EVENT)
        assert (status, told["details"][1]["field_violations"][0]["field"]) == (400, "colour")


async def test_what_is_too_large_is_a_413(tmp_path: Path) -> None:
    async with intake(tmp_path, limit_request_bytes=1_000) as (_running, client):
        for body in (b" " * 1_001, b" " * (MAX_BYTES + 1)):
            status, told = await post(client, "/events", body)
            assert (status, told["code"]) == (413, 3)
        assert (await post(client, "/events", EVENT))[0] == 200


async def test_an_encoding_nobody_reads_is_a_415(tmp_path: Path) -> None:
    async with intake(tmp_path) as (_running, client):
        status, told = await post(client, "/events", EVENT, content_encoding="gzip")
        assert (status, told["details"][1]["field_violations"][0]["field"]) == (415, "content-encoding")
        assert (await post(client, "/events", EVENT, content_encoding="identity"))[0] == 200


async def test_more_than_the_rate_is_a_429_with_a_time_to_come_back(tmp_path: Path) -> None:
    async with intake(tmp_path, limit_points_per_second=0.1, limit_burst_seconds=10) as (_running, client):
        assert (await post(client, "/events", b"[" + EVENT + b"," + EVENT + b"]"))[0] == 200
        async with client.post("/events", data=EVENT) as answer:
            assert (answer.status, int(answer.headers["retry-after"]) >= 1) == (429, True)
            assert (await answer.json())["details"][1]["@type"].endswith("RetryInfo")


async def test_a_named_request_counts_once(tmp_path: Path) -> None:
    async with intake(tmp_path) as (running, client):
        for _time in range(2):
            assert (await post(client, "/events", EVENT, idempotency_key="a"))[0] == 200
        await post(client, "/events", EVENT, idempotency_key="b")
        assert [record.batch_id for record in await running.committed(2)] == ["a", "b"]
        status, told = await post(client, "/events", EVENT, idempotency_key="x" * 65)
        assert (status, told["details"][1]["field_violations"][0]["field"]) == (400, "Idempotency-Key")


async def test_the_tenant_is_the_edges_word(tmp_path: Path) -> None:
    async with intake(tmp_path, **GUARDED) as (running, client):
        acme = {"x_binnacle_tenant": "acme", "x_binnacle_roles": "ingester"}
        viewer = {**acme, "x_binnacle_roles": "viewer,editor"}
        for known, told, status in (
            (EDGE_SECRET, {}, 401),
            (EDGE_SECRET, {**acme, "x_binnacle_tenant": "../acme"}, 401),
            ("", acme, 401),
            ("x" * 64, acme, 401),
            (EDGE_SECRET, viewer, 403),
            (EDGE_SECRET, acme, 200),
        ):
            assert (await post(client, "/events", EVENT, x_binnacle_caller=known, **told))[0] == status, (known, told)
        [record] = await running.committed(1)
        assert record.tenant == "acme"


async def test_nothing_else_is_served(tmp_path: Path) -> None:
    async with intake(tmp_path) as (_running, client):
        for method, path, status in (("GET", "/events", 404), ("POST", "/", 404), ("GET", "/health", 200)):
            async with client.request(method, path) as answer:
                assert answer.status == status


async def test_calls_are_counted_as_those_of_the_contract(tmp_path: Path) -> None:
    from binnacle.telemetry.v1 import telemetry_service_pb2 as pb, telemetry_service_pb2_grpc as pb_grpc

    async with intake(tmp_path) as (running, client):
        await post(client, "/events", EVENT)
        await post(client, "/events", b"")
        telemetry = pb_grpc.TelemetryServiceStub(running.channel)
        text = (await telemetry.GetProcessMetrics(pb.GetProcessMetricsRequest())).text
    labels = 'method="/binnacle.collector.v1.JsonIntakeService/PostEvents",process="collector"'
    for code in ("OK", "INVALID_ARGUMENT"):
        assert f'binnacle_rpc_duration_seconds_count{{code="{code}",{labels}}} 1.0' in text
