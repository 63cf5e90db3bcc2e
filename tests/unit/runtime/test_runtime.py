"""A service in a process of ours: errors, tenants, request ids, deadlines, health, telemetry."""

import asyncio
import functools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import httpx
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2
from prometheus_client.parser import text_string_to_metric_families

from binnacle.alerting.v1 import alert_service_pb2 as pb, alert_service_pb2_grpc as pb_grpc
from binnacle.telemetry.v1 import telemetry_service_pb2, telemetry_service_pb2_grpc
from services.core.errors import (
    BinnacleError,
    DeadlineExceeded,
    InvalidInput,
    NotFound,
    Overloaded,
    Unauthenticated,
    Unavailable,
    Violation,
)
from services.core.waiting import is_waited_for, wait_for_nothing
from services.runtime.calls import EXPIRES_KEY, ROLES_KEY, TENANT_KEY, Call, current_call, handling
from services.runtime.channels import open_channel
from services.runtime.config import ServiceConfig
from services.runtime.interceptors import EXPIRY_SECONDS, REST_KEY
from services.runtime.process import Process, Registration, Wired
from services.runtime.statuses import DETAILS_KEY, translated_errors
from tests.support.services import GUARDED, running_service, socket_address
from tests.support.suite import free_port
from tests.support.waiting import eventually

pytestmark = pytest.mark.network

SERVICE = "binnacle.alerting.v1.AlertService"


class Servicer(pb_grpc.AlertServiceServicer):
    """Raises what it is told to, or answers who called."""

    def __init__(self) -> None:
        self.raises: BaseException | None = None
        self.hangs = False
        self.seen: list[Call] = []
        self.waited_for: list[bool] = []

    async def ListAlerts(
        self,
        request: pb.ListAlertsRequest,
        context: grpc.aio.ServicerContext[pb.ListAlertsRequest, pb.ListAlertsResponse],
    ) -> pb.ListAlertsResponse:
        self.seen.append(current_call())
        self.waited_for.append(is_waited_for())
        if self.hangs:
            await asyncio.Event().wait()
        if self.raises:
            raise self.raises
        return pb.ListAlertsResponse(next_page_token=current_call().tenant)

    async def WatchAlerts(
        self, request: pb.WatchAlertsRequest, context: object
    ) -> AsyncIterator[pb.WatchAlertsResponse]:
        self.seen.append(current_call())
        yield pb.WatchAlertsResponse(synchronised=True)
        if self.hangs:
            await asyncio.Event().wait()
        if self.raises:
            raise self.raises


class Running:
    def __init__(self, channel: grpc.aio.Channel, servicer: Servicer, ready: asyncio.Event, address: str) -> None:
        self.channel = channel
        self.address = address
        self.servicer = servicer
        self.ready = ready
        self.stub = pb_grpc.AlertServiceStub(channel)


@asynccontextmanager
async def service(**settings: Any) -> AsyncIterator[Running]:
    servicer, is_ready = Servicer(), asyncio.Event()  # type: ignore[abstract]

    async def ready() -> None:
        if not is_ready.is_set():
            raise Unavailable("not yet")

    @asynccontextmanager
    async def wire(_config: ServiceConfig, _process: Process) -> AsyncIterator[Wired]:
        yield Wired([Registration(pb_grpc.add_AlertServiceServicer_to_server, servicer, SERVICE)], ready)

    config = ServiceConfig.model_validate({"listen": socket_address("service"), "drain_seconds": 1, **settings})
    async with running_service("trial", config, wire) as channel:
        yield Running(channel, servicer, is_ready, config.listen)


def details(error: grpc.aio.AioRpcError) -> status_pb2.Status:
    raw = dict(error.trailing_metadata() or ())[DETAILS_KEY]
    return status_pb2.Status.FromString(raw)


@pytest.mark.parametrize(
    "error",
    [
        InvalidInput([Violation("events[3].type", "is missing"), Violation("limit", "is over 1000")]),
        NotFound("no service `x`"),
        Overloaded("the journal is full", retry_after=2.5),
        Unavailable("the store is away", retry_after=0.25),
    ],
)
async def test_an_error_arrives_as_the_one_that_was_raised(error: BinnacleError) -> None:
    async with service() as running:
        running.servicer.raises = error
        with pytest.raises(type(error)) as caught, translated_errors("trial"):
            await running.stub.ListAlerts(pb.ListAlertsRequest())
    if isinstance(error, InvalidInput) and isinstance(caught.value, InvalidInput):
        assert caught.value.violations == error.violations
    if isinstance(error, Overloaded) and isinstance(caught.value, Overloaded):
        assert caught.value.retry_after == error.retry_after


async def test_retry_after_is_told_to_clients_that_speak_rest() -> None:
    async with service() as running:
        running.servicer.raises = Overloaded("the journal is full", retry_after=2.5)
        call = running.stub.ListAlerts(pb.ListAlertsRequest(), metadata=((REST_KEY, "/alerts"),))
        with pytest.raises(grpc.aio.AioRpcError):
            await call
        assert dict(await call.initial_metadata())["retry-after"] == "3"


async def test_an_error_mid_stream_has_its_details_too() -> None:
    async with service() as running:
        running.servicer.raises = Overloaded("too slow", retry_after=0)
        stream = running.stub.WatchAlerts(pb.WatchAlertsRequest())
        with pytest.raises(Overloaded), translated_errors("trial"):
            async for _message in stream:
                pass


async def test_a_fault_of_ours_tells_nothing_but_the_request_id(capsys: pytest.CaptureFixture[str]) -> None:
    async with service() as running:
        running.servicer.raises = ValueError("secret in the message")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await running.stub.ListAlerts(pb.ListAlertsRequest(), metadata=(("x-request-id", "abc"),))
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert "secret" not in str(details(caught.value))
    info = error_details_pb2.ErrorInfo()
    assert details(caught.value).details[0].Unpack(info)
    assert info.metadata["request_id"] == "abc"


@pytest.mark.parametrize("kind", ["unary_unary", "unary_stream"])
async def test_broken_protobuf_is_the_callers_fault(kind: str) -> None:
    async with service() as running:
        method = f"/{SERVICE}/" + ("ListAlerts" if kind == "unary_unary" else "WatchAlerts")
        call = getattr(running.channel, kind)(method)(b"\xff\xff\xff")
        with pytest.raises(InvalidInput), translated_errors("trial"):
            await (call if kind == "unary_unary" else call.read())


async def test_tenant_and_request_id_follow_the_call() -> None:
    async with service() as running:
        with handling(Call("acme", "id-1", ("viewer",))):
            await running.stub.ListAlerts(pb.ListAlertsRequest())
        await running.stub.ListAlerts(pb.ListAlertsRequest())
    first, second = running.servicer.seen
    assert (first.tenant, first.request_id, first.roles) == ("acme", "id-1", ("viewer",))
    assert second.tenant == "default"
    assert second.request_id


async def test_what_nobody_waits_for_is_known_as_such_behind_a_hop() -> None:
    async def aside(running: Running) -> None:
        wait_for_nothing()
        await running.stub.ListAlerts(pb.ListAlertsRequest())

    async with service() as running:
        await asyncio.create_task(aside(running))
        await running.stub.ListAlerts(pb.ListAlertsRequest())
    assert running.servicer.waited_for == [False, True]


async def test_with_authentication_a_call_without_tenant_is_refused() -> None:
    async with service(**GUARDED) as running:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await running.stub.ListAlerts(pb.ListAlertsRequest())
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_a_stream_ends_with_its_credential() -> None:
    async with service(**GUARDED) as running:
        running.servicer.hangs = True
        expires = str(time.time() - EXPIRY_SECONDS + 0.3)
        viewer = ((TENANT_KEY, "acme"), (ROLES_KEY, "viewer"), (EXPIRES_KEY, expires))
        stream = running.stub.WatchAlerts(pb.WatchAlertsRequest(), metadata=viewer)
        with pytest.raises(Unauthenticated, match="expired"), translated_errors("trial"):
            async for _message in stream:
                pass


@pytest.mark.parametrize("caller", ["", "x" * 64])
async def test_who_comes_past_the_edge_is_refused_on_streams_too(caller: str) -> None:
    async with service(**GUARDED) as running, open_channel(running.address, caller) as outside:
        viewer = ((TENANT_KEY, "acme"), (ROLES_KEY, "viewer"))
        stub = pb_grpc.AlertServiceStub(outside)
        with pytest.raises(Unauthenticated), translated_errors("trial"):
            await stub.ListAlerts(pb.ListAlertsRequest(), metadata=viewer)
        with pytest.raises(Unauthenticated), translated_errors("trial"):
            await stub.WatchAlerts(pb.WatchAlertsRequest(), metadata=viewer).read()
        assert running.servicer.seen == []


async def test_a_hop_keeps_time_to_say_that_it_was_late() -> None:
    async with service() as running:
        running.servicer.hangs = True
        loop = asyncio.get_running_loop()
        with (
            handling(Call("acme", "id-1", deadline=loop.time() + 0.3)),
            pytest.raises(DeadlineExceeded),
            translated_errors("trial"),
        ):
            await running.stub.ListAlerts(pb.ListAlertsRequest())


async def test_calls_that_outlast_a_stop_are_told_to_come_again() -> None:
    """Not cancelled: that is what becomes of calls that nobody began to handle, which the edge sends on."""
    address = socket_address("service")
    async with open_channel(address) as outside:
        stub = pb_grpc.AlertServiceStub(outside)
        async with service(listen=address, drain_seconds=0.2) as running:
            running.servicer.hangs = True
            stream = aiter(stub.WatchAlerts(pb.WatchAlertsRequest(), wait_for_ready=True))
            assert (await anext(stream)).synchronised
            call = asyncio.ensure_future(stub.ListAlerts(pb.ListAlertsRequest()))

            async def both_are_handled() -> bool:
                return len(running.servicer.seen) == 2

            await eventually(both_are_handled, "both calls are handled")
        with pytest.raises(Unavailable, match="call again"), translated_errors("trial"):
            await call
        with pytest.raises(Unavailable, match="call again"), translated_errors("trial"):
            await anext(stream)


async def test_live_and_ready_are_told_apart() -> None:
    async with service() as running:
        check = running.channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )

        async def state(name: str) -> int:
            answer = await check(health_pb2.HealthCheckRequest(service=name))
            return int(answer.status)

        async def serves(name: str) -> bool:
            return await state(name) == health_pb2.HealthCheckResponse.SERVING

        await eventually(lambda: serves("live"), "the process is alive")
        assert not await serves("")
        running.ready.set()
        for name in ("", SERVICE):
            await eventually(functools.partial(serves, name), f"`{name}` is ready")


async def test_calls_are_measured() -> None:
    async with service() as running:
        await running.stub.ListAlerts(pb.ListAlertsRequest())
        telemetry = telemetry_service_pb2_grpc.TelemetryServiceStub(running.channel)
        answer = await telemetry.GetProcessMetrics(telemetry_service_pb2.GetProcessMetricsRequest())
    assert answer.process == "trial"
    labels = f'code="OK",method="/{SERVICE}/ListAlerts",process="trial"'
    assert f"binnacle_rpc_duration_seconds_count{{{labels}}} 1.0" in answer.text
    assert "process_resident_memory_bytes" in answer.text


async def test_a_scraper_is_told_the_calls_too() -> None:
    port = free_port()
    async with service(metrics_port=port) as running:
        await running.stub.ListAlerts(pb.ListAlertsRequest())
        text = (await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{port}/metrics")).text
    told = {sample.name: sample for each in text_string_to_metric_families(text) for sample in each.samples}
    counted = told["binnacle_rpc_duration_seconds_count"]
    assert (counted.labels, counted.value) == ({"code": "OK", "method": f"/{SERVICE}/ListAlerts"}, 1.0)
    assert told["process_resident_memory_bytes"].labels == {}


async def test_a_crashed_task_stops_the_process() -> None:
    @asynccontextmanager
    async def wire(_config: ServiceConfig, process: Process) -> AsyncIterator[Wired]:
        async def crash() -> None:
            raise RuntimeError("broken")

        async def ready() -> None:
            return

        process.tasks.create_task(crash())
        yield Wired([], ready)

    config = ServiceConfig(listen=socket_address("service"), drain_seconds=0)
    with pytest.raises(ExceptionGroup):
        async with running_service("trial", config, wire):
            await asyncio.Event().wait()
