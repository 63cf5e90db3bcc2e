"""The examples of clients/examples run as they are, against a real suite."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.suite import Suite
from tests.support.waiting import eventually_sync

EXAMPLES = Path(__file__).parents[2] / "clients/examples"

pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(180)]


def toolchain(name: str) -> str:
    """The program; the test is skipped, saying so, where there is none."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run(command: Sequence[str], suite: Suite, folder: Path = EXAMPLES) -> str:
    environment = {**os.environ, "BINNACLE_URL": suite.url, "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def arrived(suite: Suite, service: str, type_: str) -> None:
    """The event is in the store, and the heartbeat on the dashboard."""

    def there() -> bool:
        events = suite.get("/events", service=service)["events"]
        return type_ in {event["type"] for event in events} and service in suite.get("/dashboard")["services"]

    eventually_sync(there, f"{service} is on the dashboard with its event {type_}")


def test_curl(suite: Suite) -> None:
    toolchain("curl")
    run([toolchain("sh"), "curl.sh"], suite)
    arrived(suite, "example-curl", "purchase")


def test_python_over_rest(suite: Suite) -> None:
    run([sys.executable, "python_httpx.py"], suite)
    arrived(suite, "example-python", "search")


def test_node(suite: Suite) -> None:
    run([toolchain("node"), "node/main.mjs"], suite)
    arrived(suite, "example-node", "page_view")


def test_go(suite: Suite) -> None:
    go = toolchain("go")
    run([go, "vet", "."], suite, EXAMPLES / "go")
    run([go, "run", "-C", "go", "."], suite)
    arrived(suite, "example-go", "product_view")
