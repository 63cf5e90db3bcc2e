"""`binnacle status` on a running suite, as an operator calls it."""

import json
import subprocess

import pytest

from tests.support.suite import BINNACLE, SERVICES, Suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow]


def status(suite: Suite, *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(BINNACLE), "status", "--url", suite.url, *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_every_process_and_subsystem_is_told(suite: Suite) -> None:
    def told() -> bool:
        found = json.loads(status(suite, "--json").stdout)
        parts = {part["name"]: part for part in found["parts"]}
        assert parts.keys() >= {*SERVICES, "edge", "redis", "store", "web app"}
        flowing = found["rows_per_second"].get("events", 0) > 0 and found["stored"]["total_events"] > 0
        return flowing and all(parts[name]["memory_bytes"] and parts[name]["status"] == "healthy" for name in SERVICES)

    eventually_sync(told, "every service is healthy, and events come in", within=60)


def test_the_exit_status_says_whether_all_is_healthy(suite: Suite) -> None:
    shown = status(suite)
    healthy = "unhealthy" not in shown.stdout
    assert shown.returncode == (0 if healthy else 1), shown.stdout + shown.stderr
    assert all(name in shown.stdout for name in SERVICES)
