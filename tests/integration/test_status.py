"""`binnacle status` on a running suite, as an operator calls it."""

import json
import subprocess

import pytest

from tests.support.suite import BINNACLE, SERVICES, Suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(180)]


def status(suite: Suite, *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(BINNACLE), "status", "--url", suite.url, *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_every_process_and_subsystem_is_told(suite: Suite) -> None:
    eventually_sync(lambda: suite.get("/stats")["total_events"] > 0, "the demo's events are stored", within=60)
    told: list[subprocess.CompletedProcess[str]] = []

    def has_rates() -> bool:
        # What somebody asked for a moment ago is told again.
        told.append(status(suite, "--json"))
        return bool(json.loads(told[-1].stdout)["rows_per_second"]["events"] > 0)

    eventually_sync(has_rates, "the demo's events are in the rates", within=60)
    asked = told[-1]
    found = json.loads(asked.stdout)
    parts = {part["name"]: part for part in found["parts"]}
    assert parts.keys() >= {*SERVICES, "edge", "redis", "store", "web app"}
    assert all(parts[name]["memory_bytes"] > 0 for name in SERVICES if parts[name]["status"] == "healthy")
    assert found["stored"]["total_events"] > 0
    healthy = all(part["status"] == "healthy" for part in parts.values())
    assert asked.returncode == (0 if healthy else 1)
    assert found["status"] == ("healthy" if healthy else "unhealthy")


def test_a_person_is_told_the_same(suite: Suite) -> None:
    shown = status(suite)
    assert shown.returncode in (0, 1), shown.stdout + shown.stderr
    assert all(name in shown.stdout for name in SERVICES)


@pytest.mark.parametrize(
    "metric", ["envoy_route_requests", "envoy_route_latency_ms", "envoy_refused", "envoy_active_connections"]
)
def test_what_the_edge_counts_can_be_asked_for(suite: Suite, metric: str) -> None:
    def told() -> bool:
        answer = suite.http.get(f"/api/analytics/timeseries/{metric}")
        return answer.status_code == 200 and any(each["points"] for each in answer.json()["series"])

    eventually_sync(told, f"{metric} is stored", within=60)
