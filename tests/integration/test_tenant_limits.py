"""What tenants may take, what they used, and what is never written: through the edge of a suite with authentication.

The edge shares its limits, as several do.
"""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from services.launcher.keys import issue_token
from tests.support.on_disk import files_with
from tests.support.outages import hanging, patience
from tests.support.suite import Suite, running_suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.timeout(300)]

TOLD_SECONDS = 60.0
QUOTA = 500
TIMES = 20
LASTS_SECONDS = 4.0


@dataclass
class Site:
    """A suite, and every token that was ever shown to it."""

    suite: Suite
    tokens: list[str] = field(default_factory=list)

    def client(self, tenant: str, *roles: str) -> httpx.Client:
        token = issue_token(self.suite.data_dir, tenant, roles or ("admin",), 600, tenant)
        self.tokens.append(token)
        return httpx.Client(base_url=self.suite.url, timeout=20.0, headers={"authorization": f"Bearer {token}"})

    def create(self, tenant: str, **limits: float) -> httpx.Client:
        """A new tenant with limits of its own; a client of an administrator of it."""
        with self.client("default") as admin:
            asked = {"id": tenant, "limits": limits}
            # What is configured is read once the suite has started, and again after a crash.
            eventually_sync(
                lambda: admin.post("/api/v1/tenants", json=asked).status_code == 200, f"{tenant} is made", patience(20)
            )
        return self.client(tenant)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    environment = {"BINNACLE_EDGE_LIMITS_SHARED": "1", "BINNACLE_LOG_LEVEL": "debug"}
    with running_suite(("--no-agent", "--auth", "jwt", "--access-log"), environment) as suite:
        yield Site(suite)


def events(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"type": "note", "service": "shop", **more}] * count


def test_secrets_reach_neither_the_disk_nor_anybody_who_reads(site: Site) -> None:
    secret = f"hunter-{uuid4().hex}"
    line = {"body": {"stringValue": "b"}, "attributes": [{"key": "db.password", "value": {"stringValue": secret}}]}
    otlp = {"resourceLogs": [{"scopeLogs": [{"logRecords": [line]}]}]}
    with site.client("secretive") as client:
        for path, body in (
            ("/events", events(1, data={"user": {"Password": secret}, "plain": "seen"})),
            ("/logs", {"message": "m", "attributes": {"api-key": secret}}),
            ("/metrics", {"name": "cpu", "value": 1, "tags": {"token": secret, "host": "a"}}),
            ("/v1/logs", otlp),
        ):
            assert client.post(path, json=body).status_code == 200, path

        def warned() -> set[tuple[str, str]]:
            listed = client.get("/api/v1/intake-warnings").json()["warnings"]
            return {(one["kind"], one["field"]) for one in listed if one["reason"] == "redacted"}

        expected = {("events", "Password"), ("logs", "api-key"), ("samples", "token"), ("logs", "db.password")}
        eventually_sync(lambda: warned() == expected, "each name is told", patience(20))
        [event] = client.get("/events").json()["events"]
        assert event["data"] == {"user": {"Password": "[redacted]"}, "plain": "seen"}
    assert files_with(site.suite.data_dir, secret) == []
    assert secret not in site.suite.log()


def test_limits_of_a_tenant_hold_within_a_minute_and_name_themselves(site: Site) -> None:
    with site.create("small", events_per_second=5) as small, site.client("large") as large:

        def refused() -> bool:
            return small.post("/events", json=events(50)).status_code == 429

        eventually_sync(refused, "the limit is known to the collector", TOLD_SECONDS)
        answer = small.post("/events", json=events(50))
        assert answer.status_code == 429
        assert "more than 5 events per second (limit events_per_second)" in answer.json()["message"]
        assert int(answer.headers["retry-after"]) >= 1
        assert small.post("/logs", json={"message": "other kinds go on"}).status_code == 200
        assert large.post("/events", json=events(50)).status_code == 200


def test_a_tenant_opens_no_more_sockets_than_it_may(site: Site) -> None:
    with site.create("narrow", streams=1):
        headers = {"authorization": f"Bearer {site.tokens[-1]}"}
        address = f"{site.suite.url.replace('http', 'ws')}/ws/dashboard"

        answers = []

        def refused() -> bool:
            try:
                with connect(address, additional_headers=headers):
                    return False
            except InvalidStatus as late:
                answers.append(late.response)
                return True

        with connect(address, additional_headers=headers):
            eventually_sync(refused, "the streamer knows the limit", TOLD_SECONDS)
        assert (answers[-1].status_code, answers[-1].headers["retry-after"]) == (429, "5")


def test_edges_count_together_and_let_pass_what_nobody_counts(site: Site) -> None:
    with site.create("slow", requests_per_second=5) as slow, site.client("default") as admin:

        def late() -> list[httpx.Response]:
            answers = [slow.get("/api/v1/usage") for _time in range(20)]
            return [answer for answer in answers if answer.status_code == 429]

        eventually_sync(lambda: bool(late()), "the edges know the tenant's rate", TOLD_SECONDS)
        refused = late()[0]
        assert refused.headers["retry-after"] == "1"
        assert refused.headers["x-ratelimit-limit"].startswith("5")
        assert refused.json()["details"][0]["reason"] == "OVERLOADED"
        # On a busy machine Redis may have been late once before.
        before = admin.get("/api/v1/pipeline").json().get("uncounted_time")

        def told() -> bool:
            slow.get("/api/v1/usage")
            return admin.get("/api/v1/pipeline").json().get("uncounted_time") not in (None, before)

        with hanging(site.suite, "redis"):
            eventually_sync(told, "it is told that requests pass uncounted", patience(20))
            site.suite.kill("redis")
        eventually_sync(lambda: bool(late()), "they are counted again", patience(30))


def test_usage_is_what_was_sent_whatever_is_killed(site: Site) -> None:
    name, sent = f"metered-{uuid4().hex[:8]}", {"events": 0, "log_lines": 0, "points": 0, "requests": 0}
    bodies: list[tuple[str, str, Any, int]] = [
        ("/events", "events", events(7), 7),
        ("/logs", "log_lines", [{"message": f"m{number}"} for number in range(3)], 3),
        ("/metrics", "points", [{"name": "cpu", "value": 1, "tags": {"n": number}} for number in range(5)], 5),
    ]
    with site.client(name) as client:
        for number in range(30):
            path, kind, body, count = bodies[number % len(bodies)]
            if number in (6, 20):
                site.suite.kill("collector")
            if number == 12:
                site.suite.kill("aggregator")
            _until_taken(client, path, body)
            sent[kind] += count
            sent["requests"] += 1
        refused = client.post("/events", json=[{"type": "no such type"}, {"type": "good"}])
        assert refused.json()["rejected"] == 1
        sent["events"] += 1
        sent["requests"] += 1

        def used() -> dict[str, Any]:
            answer = client.get("/api/v1/usage")
            return answer.json()["total"] if answer.status_code == 200 else {}

        def all_there() -> bool:
            found = used()
            is_counted = {kind: found.get(kind) for kind in sent} == sent and found["refused"] == 1
            # How many series there are is told by a collector that may just have begun.
            return is_counted and found["active_series"] == 5 and found["bytes"] > 0

        eventually_sync(all_there, f"{sent} are used", patience(40))
        with site.client("default") as admin, site.client("another") as another:
            asked = {"tenant_id": name}
            assert admin.get("/api/v1/usage", params=asked).json()["total"]["events"] == sent["events"]
            unseen = another.get("/api/v1/usage", params=asked)
            absent = another.get("/api/v1/usage", params={"tenant_id": "nobody"})
            assert (unseen.status_code, absent.status_code) == (404, 404)


def _until_taken(client: httpx.Client, path: str, body: Any) -> None:
    named = {"idempotency-key": uuid4().hex}

    def taken() -> bool:
        try:
            return client.post(path, json=body, headers=named).status_code == 200
        except httpx.TransportError:
            return False

    eventually_sync(taken, f"{path} is taken", patience(30))


def test_one_tenant_at_twenty_times_its_quota_takes_nothing_from_another(site: Site) -> None:
    batch = json.dumps(events(QUOTA)).encode()
    with site.create("greedy", events_per_second=QUOTA) as greedy, site.client("modest", "ingester") as modest:
        eventually_sync(lambda: _post(greedy, batch) == 429, "the quota is known", TOLD_SECONDS)
        offered, stop = [0], threading.Event()

        def flood() -> int:
            taken = 0
            while not stop.wait(LASTS_SECONDS / 250):
                offered[0] += QUOTA
                taken += QUOTA * (_post(greedy, batch) == 200)
            return taken

        with ThreadPoolExecutor(1) as pool:
            began = time.monotonic()
            flooding = pool.submit(flood)
            few = json.dumps(events(10)).encode()
            good = [_post(modest, few) == 200 for _time in _paced(began, LASTS_SECONDS, 50)]
            stop.set()
            taken, lasted = flooding.result(), time.monotonic() - began
    assert offered[0] >= TIMES * QUOTA * lasted / patience(1)
    assert taken <= QUOTA * (lasted + 4)
    assert sum(good) / len(good) > 0.95
    assert len(good) > 0.95 * 50 * LASTS_SECONDS / patience(1)


def _post(client: httpx.Client, body: bytes) -> int:
    return client.post("/events", content=body, headers={"content-type": "application/json"}).status_code


def _paced(began: float, seconds: float, a_second: int) -> Iterator[None]:
    """So many times a second, as far as time allows."""
    number = 0
    while time.monotonic() - began < seconds:
        yield
        number += 1
        time.sleep(max(0.0, began + number / a_second - time.monotonic()))


def test_no_token_is_in_any_log(site: Site) -> None:
    with site.client("default") as client:
        broken = f"{site.tokens[-1][:-6]}AAAAAA"
        client.get("/dashboard", headers={"authorization": f"Bearer {broken}"})
        client.get("/api/v1/live", params={"access_token": broken}, headers={"accept": "text/event-stream"})
        client.get("/ws/dashboard", params={"access_token": broken})
        client.get("/api/v1/events", params={"access_token": site.tokens[-1]})
        client.post("/api/v1/tenants", json={"id": site.tokens[-1], "display_name": broken})
    log = site.suite.log()
    assert "/api/v1/usage" in log, "requests are logged"
    told = [part for token in (*site.tokens, broken) for part in (token, token.split(".")[2]) if part in log]
    assert not told
