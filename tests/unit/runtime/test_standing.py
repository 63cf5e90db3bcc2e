"""Tokens that are valid and refused all the same."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from binnacle.aggregator.v1 import access_service_pb2 as pb, access_service_pb2_grpc as pb_grpc
from binnacle.alerting.v1 import alert_service_pb2 as alerts, alert_service_pb2_grpc as alerts_grpc
from binnacle.tenants.v1 import tenants_pb2
from services.core.errors import BinnacleError, Unauthenticated, Unavailable
from services.runtime.access import Access
from services.runtime.calls import CALLER_KEY, CREDENTIAL_KEY, ROLES_KEY, TENANT_KEY, Call
from services.runtime.channels import open_channel
from services.runtime.config import ServiceConfig
from services.runtime.process import Process, Registration, Wired
from services.runtime.roles import PEER, VIEWER
from services.runtime.standing import Follower, Standing
from tests.support.clock import ManualClock
from tests.support.services import GUARDED, neighbour, running_service, socket_address

pytestmark = pytest.mark.network


def answer(version: str, **told: Any) -> pb.GetAccessResponse:
    keys = [pb.KeyOfTenant(tenant=tenant, id=identity) for tenant, identity in told.get("revoked", ())]
    tenants = [
        tenants_pb2.Tenant(id=name, disabled=name in told.get("disabled", ())) for name in told.get("tenants", ())
    ]
    return pb.GetAccessResponse(
        version=version, revoked_keys=keys, tenants=tenants, created_only=told.get("created_only", False)
    )


def test_a_revoked_key_is_refused_for_its_tenant_alone() -> None:
    standing = Standing()
    standing.learn(answer("1", revoked=[("acme", "k1")]))
    assert isinstance(standing.refusal("acme", "k1"), Unauthenticated)
    assert standing.refusal("acme", "k2") is None
    assert standing.refusal("acme", "") is None
    assert standing.refusal("other", "k1") is None


def test_a_disabled_tenant_is_refused_until_it_is_enabled() -> None:
    standing = Standing()
    standing.learn(answer("1", tenants=["acme", "other"], disabled=["acme"]))
    assert isinstance(standing.refusal("acme", ""), Unauthenticated)
    assert standing.refusal("other", "") is None
    standing.learn(answer("2", tenants=["acme", "other"]))
    assert standing.refusal("acme", "") is None


def test_tenants_that_nobody_created_are_refused_where_that_is_wanted() -> None:
    standing = Standing()
    standing.learn(answer("1", tenants=["acme"]))
    assert standing.refusal("unknown", "") is None
    standing.learn(answer("2", tenants=["acme"], created_only=True))
    assert isinstance(standing.refusal("unknown", ""), Unauthenticated)
    assert standing.refusal("acme", "") is standing.refusal("default", "") is None


def test_who_is_watched_hears_of_it_once() -> None:
    standing = Standing()
    heard: list[BinnacleError] = []
    with standing.watched(Call("acme", "q1", key="k1"), heard.append):
        standing.learn(answer("1", revoked=[("acme", "k2")]))
        assert not heard
        standing.learn(answer("2", revoked=[("acme", "k1")]))
        standing.learn(answer("3", revoked=[("acme", "k1")]))
    assert [str(reason) for reason in heard] == ["the key has been revoked"]


def test_peers_are_not_asked_for_a_key() -> None:
    access = Access(required=True, edge="e", peer="p")
    access.standing.learn(answer("1", revoked=[("acme", "k1")]))
    told = {TENANT_KEY: "acme", ROLES_KEY: "viewer", CREDENTIAL_KEY: "k1"}
    assert isinstance(access.refusal({**told, CALLER_KEY: "e"}, VIEWER), Unauthenticated)
    assert access.refusal({**told, CALLER_KEY: "p"}, PEER) is None


class Aggregator(pb_grpc.AccessServiceServicer):
    """Answers as it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers = answer("1", revoked=[("acme", "k1")])
        self.asked: list[pb.GetAccessRequest] = []
        self.away = False

    async def GetAccess(self, request: pb.GetAccessRequest, context: object) -> pb.GetAccessResponse:
        if self.away:
            raise Unavailable("away")
        self.asked.append(request)
        return self.answers

    async def ListNewestRecords(self, request: object, context: object) -> pb.ListNewestRecordsResponse:
        return pb.ListNewestRecordsResponse()

    @property
    def registration(self) -> Registration:
        return Registration(pb_grpc.add_AccessServiceServicer_to_server, self, "binnacle.aggregator.v1.AccessService")


async def test_a_follower_learns_and_tells_what_was_used(tmp_path: Path) -> None:
    aggregator, standing = Aggregator(), Standing()
    async with neighbour(aggregator.registration) as address, open_channel(address) as channel:
        follower = Follower(standing, channel, ManualClock())
        standing.refusal("acme", "k7")
        aggregator.away = True
        with pytest.raises(Unavailable):
            await follower.ask()
        aggregator.away = False
        await follower.ask()
        await follower.ask()
    first, second = aggregator.asked
    assert [(key.tenant, key.id) for key in first.used_keys] == [("acme", "k7")]
    assert not second.used_keys
    assert second.known_version == "1"
    assert standing.refusal("acme", "k1") is not None


async def test_what_was_known_last_is_known_after_a_start_without_an_aggregator(tmp_path: Path) -> None:
    kept = tmp_path / "standing"
    async with neighbour(Aggregator().registration) as address, open_channel(address) as channel:
        await Follower(Standing(), channel, ManualClock(), kept).ask()
    started = Standing()
    async with open_channel(socket_address("nobody")) as nowhere:
        Follower(started, nowhere, ManualClock(), kept)
        assert started.refusal("acme", "k1") is not None
        kept.write_bytes(b"\xff not an answer")
        Follower(Standing(), nowhere, ManualClock(), kept)


class Endless(alerts_grpc.AlertServiceServicer):
    """A stream that gives one message and stays open."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock

    async def ListAlerts(self, request: object, context: object) -> alerts.ListAlertsResponse:
        return alerts.ListAlertsResponse()

    async def WatchAlerts(self, request: object, context: object) -> AsyncIterator[alerts.WatchAlertsResponse]:
        yield alerts.WatchAlertsResponse(synchronised=True)
        await self._clock.sleep(1e9)


async def test_a_stream_ends_when_its_key_is_revoked() -> None:
    processes: list[Process] = []

    @asynccontextmanager
    async def wire(_config: ServiceConfig, process: Process) -> AsyncIterator[Wired]:
        async def ready() -> None:
            return

        processes.append(process)
        add, endless = alerts_grpc.add_AlertServiceServicer_to_server, Endless(ManualClock())  # type: ignore[abstract]
        yield Wired([Registration(add, endless, "binnacle.alerting.v1.AlertService")], ready)

    config = ServiceConfig.model_validate({**GUARDED, "listen": socket_address("guarded"), "drain_seconds": 0})
    async with running_service("guarded", config, wire), grpc.aio.insecure_channel(config.listen) as channel:
        stub: Any = alerts_grpc.AlertServiceStub(channel)
        told = ((CALLER_KEY, config.edge_secret.get_secret_value()), (TENANT_KEY, "acme"), (ROLES_KEY, "viewer"))
        revoked, other = (
            stub.WatchAlerts(alerts.WatchAlertsRequest(), metadata=(*told, (CREDENTIAL_KEY, key)))
            for key in ("k1", "k2")
        )
        await revoked.read()
        await other.read()
        processes[0].access.standing.learn(answer("1", revoked=[("acme", "k1")]))
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await revoked.read()
        assert (ended.value.code(), ended.value.details()) == (
            grpc.StatusCode.UNAUTHENTICATED, "the key has been revoked",
        )  # fmt: skip
        assert not other.done()
        with pytest.raises(grpc.aio.AioRpcError):
            await stub.WatchAlerts(alerts.WatchAlertsRequest(), metadata=(*told, (CREDENTIAL_KEY, "k1"))).read()
