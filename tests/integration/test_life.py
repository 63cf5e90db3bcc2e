"""Start, stop, crash, restart, side by side: the life of a suite as an operator sees it."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.ledger import LedgerWriter, stored_entries
from tests.support.suite import BINNACLE, CHILDREN, SERVICES, Suite, free_port, running_suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="binnacle-test-") as folder:
        yield Path(folder) / "data"


def up(*options: str) -> subprocess.CompletedProcess[str]:
    """`binnacle up` that is expected to refuse."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("BINNACLE_")}
    return subprocess.run(
        [str(BINNACLE), "up", *options], capture_output=True, text=True, timeout=30, env=clean, check=False
    )


def test_stop_and_start_again_with_the_data_there(data_dir: Path) -> None:
    with Suite(data_dir) as suite:
        assert set(suite.children()) == set(CHILDREN)
        children = list(suite.children().values())
        with LedgerWriter(suite) as writer:
            writer.wait_for_more(20)
        assert suite.stop() == 0
        assert not [child for child in children if child.is_running()]
        before = time.monotonic()
        suite.start()
        assert time.monotonic() - before < 10
        eventually_sync(
            lambda: set(writer.acknowledged) <= set(stored_entries(suite)), "what was acknowledged is there again"
        )
        assert suite.get("/dashboard")["overview"]["total_requests"] == len(stored_entries(suite))


def test_no_child_outlives_a_killed_launcher(data_dir: Path) -> None:
    with Suite(data_dir) as suite:
        children = list(suite.children().values())
        with LedgerWriter(suite) as writer:
            writer.wait_for_more(20)
        suite.stop(signal.SIGKILL)
        gone, alive = psutil.wait_procs(children, timeout=5)
        assert not alive, alive
        assert len(gone) == len(CHILDREN)
        suite.start()
        eventually_sync(
            lambda: set(writer.acknowledged) <= set(stored_entries(suite)), "what was acknowledged is there again"
        )


@pytest.mark.parametrize("name", CHILDREN)
def test_a_child_that_dies_is_back_at_once(name: str, suite: Suite) -> None:
    killed = suite.kill(name)

    def is_back() -> bool:
        found = suite.children().get(name)
        return found is not None and found.pid != killed

    eventually_sync(is_back, f"{name} is back", within=3)
    suite.wait_ready(15)


def test_two_suites_side_by_side_never_meet() -> None:
    with running_suite() as one, running_suite() as other:
        one.post("/events", {"type": "only-in-one"})
        eventually_sync(lambda: bool(one.get("/events")["count"] == 1), "the event is in the first")
        assert other.get("/events")["count"] == 0


def test_one_folder_serves_one_suite(data_dir: Path) -> None:
    with Suite(data_dir):
        refused = up("--port", str(free_port()), "--data-dir", str(data_dir))
    assert refused.returncode != 0
    assert str(data_dir) in refused.stdout + refused.stderr


def test_a_taken_port_is_said(suite: Suite, data_dir: Path) -> None:
    refused = up("--port", str(suite.port), "--data-dir", str(data_dir))
    assert refused.returncode != 0
    assert str(suite.port) in refused.stdout + refused.stderr


def test_other_addresses_need_authentication(data_dir: Path) -> None:
    refused = up("--host", "0.0.0.0", "--port", str(free_port()), "--data-dir", str(data_dir))
    assert refused.returncode != 0
    assert "auth" in refused.stdout + refused.stderr


def test_the_log_has_a_line_for_each_process_then_the_address(suite: Suite) -> None:
    log = suite.log()
    for name in CHILDREN:
        assert name in log
    assert log.index(suite.url) > max(log.index(name) for name in SERVICES)


def test_with_authentication_everything_but_the_open_paths_needs_a_token(data_dir: Path) -> None:
    with Suite(data_dir, options=("--no-agent", "--auth", "jwt")) as suite:
        for path in ("/dashboard", "/events", "/nothing/here"):
            assert suite.http.get(path).status_code == 401
        assert suite.http.get("/health").status_code == 200
        assert suite.http.get("/", headers={"accept": "text/html"}).status_code == 200
        token = subprocess.run(
            [str(BINNACLE), "token", "--tenant", "acme", "--role", "viewer", "--data-dir", str(data_dir)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        assert "\n" not in token
        headers = {"authorization": f"Bearer {token}"}
        posted = suite.http.post("/events", json={"type": "hello"}, headers=headers)
        assert posted.status_code == 200
        eventually_sync(
            lambda: suite.http.get("/events", headers=headers).json()["count"] == 1, "the tenant sees its event"
        )
        other = headers | {"x-binnacle-tenant": "another"}
        assert suite.http.get("/events", headers=other).json()["count"] == 1
