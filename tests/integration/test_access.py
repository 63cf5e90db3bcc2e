"""Tenants and keys of a suite with authentication: made, used, revoked, through its edge and its commands.

Redis is the test's own, so that it can lose everything.
"""

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from binnacle.alerting.v1 import alert_service_pb2, alert_service_pb2_grpc
from services.launcher.keys import issue_token
from tests.support.outages import hanging
from tests.support.redis_server import RedisServer
from tests.support.suite import BINNACLE, Suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.timeout(240)]

TOLD_SECONDS = 60.0
ADDRESSES = ("/dashboard", "/api/v1/events", "/api/v1/services")


class Guarded:
    """A suite with authentication, its Redis, and its command line."""

    def __init__(self, suite: Suite, redis: RedisServer) -> None:
        self.suite = suite
        self.redis = redis

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(BINNACLE), *arguments, "--url", self.suite.url, "--data-dir", str(self.suite.data_dir)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def told(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def key(self, tenant: str, *roles: str) -> tuple[str, str]:
        """Id and token of a new key."""
        body = {"name": "a test", "roles": roles}
        made = self.suite.http.post("/api/v1/keys", json=body, headers=self.admin(tenant)).json()
        return made["key"]["id"], made["token"]

    def admin(self, tenant: str) -> dict[str, str]:
        return bearer(issue_token(self.suite.data_dir, tenant, ["admin"], 600, "ann"))

    def get(self, path: str, headers: dict[str, str], **parameters: Any) -> httpx.Response:
        return self.suite.http.get(path, headers=headers, params=parameters)

    def statuses(self, token: str) -> dict[str, int]:
        """How each process answers a token."""
        event = {"type": "note", "service": "shop"}
        found = {path: self.get(path, bearer(token)).status_code for path in ADDRESSES}
        found["POST /events"] = self.suite.http.post("/events", json=event, headers=bearer(token)).status_code
        with grpc.insecure_channel(self.suite.url.removeprefix("http://")) as channel:
            stub: Any = alert_service_pb2_grpc.AlertServiceStub(channel)
            try:
                metadata = (("authorization", f"Bearer {token}"),)
                stub.ListAlerts(alert_service_pb2.ListAlertsRequest(), metadata=metadata)
                found["ListAlerts"] = 200
            except grpc.RpcError as error:
                found["ListAlerts"] = 401 if error.code() is grpc.StatusCode.UNAUTHENTICATED else 500
        return found

    def until(self, token: str, status: int) -> None:
        """Return once every process answers a token so."""
        eventually_sync(lambda: set(self.statuses(token).values()) == {status}, f"all answer {status}", TOLD_SECONDS)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def code_at_the_end(socket: ClientConnection) -> int:
    """Read until the other side closes; the code it says."""
    try:
        while True:
            socket.recv(timeout=TOLD_SECONDS)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 0


@pytest.fixture(scope="module")
def guarded() -> Iterator[Guarded]:
    redis = RedisServer()
    redis.start()
    options = ("--no-agent", "--auth", "jwt", "--redis-url", redis.url)
    with (
        tempfile.TemporaryDirectory(prefix="binnacle-test-") as folder,
        Suite(Path(folder) / "data", options) as suite,
    ):
        yield Guarded(suite, redis)
    redis.stop()


def test_a_key_opens_what_its_roles_say_until_it_is_revoked(guarded: Guarded) -> None:
    guarded.told("tenant", "create", "acme", "--display-name", "Acme", "--time-zone", "Europe/Berlin")
    token = guarded.told("key", "create", "--tenant", "acme", "--name", "ci", "--role", "viewer", "--role", "ingester")
    identity = guarded.told("key", "list", "--tenant", "acme").splitlines()[1].split()[0]
    guarded.until(token, 200)
    assert guarded.get("/api/v1/keys", bearer(token)).status_code == 403
    address = guarded.suite.url.replace("http", "ws")
    with (
        connect(f"{address}/ws/dashboard?access_token={token}", proxy=None) as socket,
        guarded.suite.http.stream(
            "GET",
            "/api/v1/live",
            params={"room": "dashboard"},
            headers={**bearer(token), "accept": "text/event-stream"},
        ) as events,
    ):
        socket.recv()
        lines = events.iter_lines()
        next(lines)
        guarded.told("key", "revoke", identity, "--tenant", "acme")
        began = time.monotonic()
        assert code_at_the_end(socket) == 4401
        for _line in lines:
            assert time.monotonic() - began < TOLD_SECONDS
        assert time.monotonic() - began < TOLD_SECONDS
    guarded.until(token, 401)
    assert "revoked" in guarded.told("key", "list", "--tenant", "acme")


def test_tenants_are_apart_and_the_first_administers_all(guarded: Guarded) -> None:
    guarded.suite.http.post("/api/v1/tenants", json={"id": "left"}, headers=guarded.admin("default"))
    guarded.told("tenant", "create", "right", "--limit", "streams=3")
    own = guarded.get("/api/v1/tenants", guarded.admin("left")).json()["tenants"]
    assert [tenant["id"] for tenant in own] == ["left"]
    absent = guarded.get("/api/v1/tenants/nobody", guarded.admin("left"))
    foreign = guarded.get("/api/v1/tenants/right", guarded.admin("left"))
    assert foreign.status_code == absent.status_code == 404
    assert foreign.text.replace("right", "nobody") == absent.text
    http, admin = guarded.suite.http, guarded.admin("left")
    assert http.post("/api/v1/tenants", json={"id": "mine"}, headers=admin).status_code == 403
    assert http.patch("/api/v1/tenants/left", json={"disabled": True}, headers=admin).status_code == 403
    assert guarded.get("/api/v1/audit", admin, tenant="right").status_code == 403
    identity, _token = guarded.key("right", "viewer")
    assert http.post(f"/api/v1/keys/{identity}/revoke", json={}, headers=admin).status_code == 404
    assert json.loads(guarded.told("tenant", "show", "right"))["limits"]["streams"] == 3
    everybody = guarded.told("tenant", "list")
    assert all(name in everybody for name in ("default", "left", "right"))


def test_a_disabled_tenant_is_refused_until_it_is_enabled(guarded: Guarded) -> None:
    guarded.told("tenant", "create", "paused")
    token = issue_token(guarded.suite.data_dir, "paused", ["viewer", "ingester"], 600)
    guarded.told("tenant", "update", "paused", "--disable")
    guarded.until(token, 401)
    guarded.told("tenant", "update", "paused", "--enable")
    guarded.until(token, 200)


def test_who_did_it_is_told_and_cannot_be_changed(guarded: Guarded) -> None:
    guarded.told("tenant", "create", "watched")
    guarded.key("watched", "viewer")
    admin = guarded.admin("watched")
    assert guarded.get("/api/v1/export", admin, data="events", format="csv").status_code == 200

    def records(**asked: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = guarded.get("/api/v1/audit", admin, **asked).json()["records"]
        return found

    eventually_sync(lambda: len(records(kind="export")) == 1, "the export is told", TOLD_SECONDS)
    assert {(one["kind"], one["action"]) for one in records()} == {
        ("tenant", "create"), ("key", "create"), ("export", "download"),
    }  # fmt: skip
    assert {one["subject"] for one in records(kind="export")} == {"ann"}
    assert all(one["subject"].startswith("cli/") for one in records(kind="tenant"))
    for method in ("post", "put", "patch", "delete"):
        answer = guarded.suite.http.request(method, "/api/v1/audit", headers=admin)
        assert answer.status_code in {404, 405}
    viewer = bearer(issue_token(guarded.suite.data_dir, "watched", ["viewer"], 600))
    assert guarded.get("/api/v1/audit", viewer).status_code == 403


def test_commands_say_what_is_wrong(guarded: Guarded) -> None:
    again = guarded.run("tenant", "create", "default")
    assert (again.returncode, "there is a tenant default already" in again.stderr) == (1, True)
    unknown = guarded.run("key", "revoke", "0123456789abcdef")
    assert (unknown.returncode, "there is no such key" in unknown.stderr) == (1, True)
    role = guarded.run("key", "create", "--role", "root", "--name", "x")
    assert (role.returncode, "viewer, responder, editor, admin, ingester" in role.stderr) == (1, True)
    with tempfile.TemporaryDirectory() as elsewhere:
        command = [str(BINNACLE), "key", "list", "--url", guarded.suite.url, "--data-dir", elsewhere]
        keyless = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (keyless.returncode, "There is no signing key" in keyless.stderr) == (1, True)
    nowhere = subprocess.run(
        [str(BINNACLE), "tenant", "list", "--url", "http://127.0.0.1:1"], capture_output=True, text=True, check=False
    )
    assert (nowhere.returncode, "Nothing answers" in nowhere.stderr) == (1, True)


def test_redis_is_filled_from_the_log_after_it_lost_everything(guarded: Guarded) -> None:
    guarded.told("tenant", "create", "lasting", "--limit", "active_series=77")
    revoked, refused = guarded.key("lasting", "viewer", "ingester")
    guarded.told("key", "revoke", revoked, "--tenant", "lasting")
    kept, taken = guarded.key("lasting", "viewer", "ingester")
    # What was acknowledged a moment ago may still be in the journal alone.
    guarded.suite.stop()
    guarded.redis.empty()
    guarded.suite.start()
    guarded.until(taken, 200)
    guarded.until(refused, 401)
    assert json.loads(guarded.told("tenant", "show", "lasting"))["limits"]["active_series"] == 77
    listed = guarded.told("key", "list", "--tenant", "lasting")
    assert kept in listed
    assert revoked in listed

    def used() -> bool:
        keys = guarded.get("/api/v1/keys", guarded.admin("lasting")).json()["keys"]
        return [key["last_used_day"] != "" for key in keys if key["id"] == kept] == [True]

    eventually_sync(used, "the use of the key is known", TOLD_SECONDS)
    with hanging(guarded.suite, "aggregator"):
        # A collector that starts while no aggregator answers knows what the last one knew.
        former = guarded.suite.kill("collector")

        def sent(token: str) -> int:
            event = {"type": "note", "service": "shop"}
            return guarded.suite.http.post("/events", json=event, headers=bearer(token)).status_code

        def is_back() -> bool:
            child = guarded.suite.children().get("collector")
            return child is not None and child.pid != former

        eventually_sync(is_back, "the collector is back", TOLD_SECONDS)
        eventually_sync(lambda: sent(taken) == 200, "it takes events", TOLD_SECONDS)
        assert sent(refused) == 401
    asked = ("tenant", "show", "lasting")
    eventually_sync(lambda: guarded.run(*asked).returncode == 0, "the aggregator answers again", TOLD_SECONDS)
    guarded.redis.empty()
    guarded.redis.stop()
    guarded.told("tenant", "update", "lasting", "--display-name", "Without Redis")
    guarded.redis.start()
    assert json.loads(guarded.told("tenant", "show", "lasting"))["display_name"] == "Without Redis"
