"""`binnacle up` as an operator meets it: start, crash, stop, start again."""

import signal
import socket
import subprocess
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.support.ledger import LedgerWriter, stored_entries
from tests.support.outages import patience
from tests.support.suite import BINNACLE, CHILDREN, SERVICES, Suite, running_suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.network, pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def own_suite() -> Iterator[Suite]:
    """A suite that the tests of this file may hurt."""
    with running_suite(("--no-agent",)) as suite:
        yield suite


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def refused(*arguments: str) -> str:
    """What `binnacle up` says when it does not start."""
    command = [str(BINNACLE), "up", "--no-agent", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_one_process_each_and_one_port_for_all(own_suite: Suite) -> None:
    children = own_suite.children()
    assert set(children) == set(CHILDREN)
    processes = [psutil.Process(own_suite.launcher_pid), *children.values()]
    listening = {
        (connection.laddr.ip, connection.laddr.port)
        for process in processes
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {("127.0.0.1", own_suite.port)}


def test_a_second_suite_on_its_data_is_refused(own_suite: Suite) -> None:
    said = refused("--port", "0", "--data-dir", str(own_suite.data_dir))
    assert f"process {own_suite.launcher_pid}" in said


def test_a_second_suite_on_its_port_is_refused(own_suite: Suite, tmp_path: Path) -> None:
    said = refused("--port", str(own_suite.port), "--data-dir", str(tmp_path))
    assert f"Port {own_suite.port} on 127.0.0.1 is taken" in said


@pytest.mark.parametrize("name", ["envoy", "redis", "streamer", "alerting", "collector", "aggregator"])
def test_a_killed_child_is_back_at_once(own_suite: Suite, name: str) -> None:
    killed = own_suite.kill(name)
    eventually_sync(
        lambda: name in (now := own_suite.children()) and now[name].pid != killed, f"{name} runs again", patience(5)
    )
    own_suite.wait_ready()


def test_killed_it_takes_all_along_and_starts_again_with_its_data(own_suite: Suite) -> None:
    own_suite.wait_ready()
    own_suite.post("/events", {"type": "purchase", "service": "checkout", "data": {"total": 3}})
    children = own_suite.children().values()
    own_suite.stop(signal.SIGKILL)
    eventually_sync(lambda: not any(map(alive, children)), "no child outlives the launcher")
    own_suite.start()
    eventually_sync(
        lambda: own_suite.get("/events", type="purchase")["count"] == 1, "what was acknowledged is there", within=60
    )


def test_stopping_ends_streams_in_order_and_leaves_nothing() -> None:
    with running_suite(("--no-agent",)) as suite:
        children = suite.children().values()
        with connect(f"ws://127.0.0.1:{suite.port}/ws/dashboard") as viewer:
            viewer.recv()
            started = time.monotonic()
            assert suite.stop() == 0
            assert time.monotonic() - started < patience(15)
            with suppress(ConnectionClosed):
                deque(viewer, maxlen=0)
            assert viewer.protocol.close_rcvd is not None, "the socket was cut instead of closed"
        assert not any(map(alive, children))
        with socket.create_server(("127.0.0.1", suite.port)):
            pass


def test_stop_and_start_again_with_the_data_there() -> None:
    with running_suite() as suite:
        with LedgerWriter(suite) as writer:
            writer.wait_for_more(20)
        assert suite.stop() == 0
        before = time.monotonic()
        suite.start()
        assert time.monotonic() - before < patience(20)
        eventually_sync(
            lambda: set(writer.acknowledged) <= set(stored_entries(suite)), "what was acknowledged is there again"
        )
        # One that was not answered may come in late.
        eventually_sync(
            lambda: suite.get("/dashboard")["overview"]["total_requests"] == len(stored_entries(suite)),
            "the page says as many as the store",
        )


def test_two_suites_side_by_side_never_meet() -> None:
    with running_suite() as one, running_suite() as other:
        one.post("/events", {"type": "only-in-one"})
        eventually_sync(lambda: bool(one.get("/events")["count"] == 1), "the event is in the first")
        assert other.get("/events")["count"] == 0


def test_other_addresses_need_authentication(tmp_path: Path) -> None:
    assert "--auth jwt" in refused("--host", "0.0.0.0", "--port", "0", "--data-dir", str(tmp_path))


def test_the_log_has_a_line_for_each_process_then_the_address(suite: Suite) -> None:
    eventually_sync(lambda: suite.url in suite.log(), "the address is told")
    log = suite.log()
    for name in CHILDREN:
        assert name in log
    assert log.index(suite.url) > max(log.index(name) for name in SERVICES)


def test_with_authentication_everything_but_the_open_paths_needs_a_token() -> None:
    with running_suite(("--no-agent", "--auth", "jwt")) as suite:
        for path in ("/dashboard", "/events", "/nothing/here"):
            assert suite.http.get(path).status_code == 401
        assert suite.http.get("/health").status_code == 200
        assert suite.http.get("/", headers={"accept": "text/html"}).status_code == 200
        token = subprocess.run(
            [str(BINNACLE), "token", "--tenant", "acme", "--role", "admin", "--data-dir", str(suite.data_dir)],
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
