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

from tests.support.suite import BINNACLE, CHILDREN, Suite, running_suite
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


def refused(suite: Suite, *arguments: str) -> str:
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
    said = refused(own_suite, "--port", "0", "--data-dir", str(own_suite.data_dir))
    assert f"process {own_suite.launcher_pid}" in said


def test_a_second_suite_on_its_port_is_refused(own_suite: Suite, tmp_path: Path) -> None:
    said = refused(own_suite, "--port", str(own_suite.port), "--data-dir", str(tmp_path))
    assert f"Port {own_suite.port} on 127.0.0.1 is taken" in said


@pytest.mark.parametrize("name", ["envoy", "redis", "streamer", "alerting", "collector", "aggregator"])
def test_a_killed_child_is_back_within_a_second(own_suite: Suite, name: str) -> None:
    killed = own_suite.kill(name)
    eventually_sync(
        lambda: name in (now := own_suite.children()) and now[name].pid != killed, f"{name} runs again", within=1
    )
    own_suite.wait_ready()


def test_killed_it_takes_all_along_and_starts_again_with_its_data(own_suite: Suite) -> None:
    own_suite.wait_ready()
    own_suite.post("/events", {"type": "purchase", "service": "checkout", "data": {"total": 3}})
    children = own_suite.children().values()
    own_suite.stop(signal.SIGKILL)
    eventually_sync(lambda: not any(map(alive, children)), "no child outlives the launcher", within=3)
    own_suite.start()
    eventually_sync(
        lambda: own_suite.get("/events", type="purchase")["count"] == 1, "what was acknowledged is there", within=10
    )


def test_stopping_ends_streams_in_order_and_leaves_nothing() -> None:
    with running_suite(("--no-agent",)) as suite:
        children = suite.children().values()
        with connect(f"ws://127.0.0.1:{suite.port}/ws/dashboard") as viewer:
            viewer.recv()
            started = time.monotonic()
            assert suite.stop() == 0
            assert time.monotonic() - started < 10
            with suppress(ConnectionClosed):
                deque(viewer, maxlen=0)
            assert viewer.protocol.close_rcvd is not None, "the socket was cut instead of closed"
        assert not any(map(alive, children))
        with socket.create_server(("127.0.0.1", suite.port)):
            pass


def test_with_authentication_a_printed_token_opens_the_suite() -> None:
    with running_suite(("--no-agent", "--auth", "jwt")) as suite:
        assert suite.http.get("/dashboard").status_code == 401
        command = [str(BINNACLE), "token", "--tenant", "acme", "--role", "admin", "--data-dir", str(suite.data_dir)]
        token = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        headers = {"authorization": f"Bearer {token}"}
        assert suite.http.post("/events", json={"type": "search"}, headers=headers).status_code == 200
        assert suite.http.get("/dashboard", headers=headers).status_code == 200
