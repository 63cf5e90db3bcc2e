"""What HTTP/2 makes easy to misuse: the edge's memory stays bounded, and who behaves hardly notices."""

import socket
import time
from collections.abc import Iterator
from http import HTTPStatus

import httpx
import numpy as np
import psutil
import pytest

from tests.integration.edge.conftest import Edge, running_edge
from tests.support.attacks import ATTACKS, attacking
from tests.support.outages import patience
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow]

FULL_STREAMS = 10_000
CALLS, ROUNDS, MOST_ROUNDS = 250, 2, 6
# By what the edge knows an attack.
KNOWN_BY = {
    "rapid_reset": "http.edge.downstream_rq_too_many_premature_resets",
    "many_streams": "http.edge.downstream_rq_http2_total",
    "much_metadata": "http2.header_overflow",
    "ping_flood": "http2.outbound_control_flood",
}
MOST_GROWTH = 96 * 1024 * 1024
# What a request that goes on costs the edge (35 KiB measured, with all its filters), and a half as much.
STREAM_BYTES = 52 * 1024
# Below it the scheduler of two busy cores is measured, one of which the attacker keeps busy.
HICCUP_SECONDS = 0.03
SLOW_CONNECTIONS = 100
HEADERS_SECONDS = 10.0


@pytest.fixture(scope="module")
def edge() -> Iterator[Edge]:
    with running_edge(auth=False) as running:
        yield running


def told(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    answer = b""
    while part := connection.recv(65_536):
        answer += part
    return answer


def late(http: httpx.Client) -> float:
    """The 99th percentile of a client's calls, in seconds."""
    took = []
    for _number in range(CALLS):
        began = time.perf_counter()
        assert http.get("/health").status_code == HTTPStatus.OK
        took.append(time.perf_counter() - began)
    return float(np.percentile(took, 99))


@pytest.mark.parametrize("name", ATTACKS)
def test_who_behaves_hardly_notices(edge: Edge, name: str, scale: float) -> None:
    envoy = psutil.Process(edge.pid)
    before, count = envoy.memory_info().rss, max(1_000, round(FULL_STREAMS * scale))
    most = MOST_GROWTH + (count * STREAM_BYTES if name == "many_streams" else 0)
    quiet: list[float] = []
    attacked: list[float] = []
    with edge.http() as http:
        late(http)
        # The best of each: what else runs here comes and goes.
        while len(quiet) < ROUNDS or (len(quiet) < MOST_ROUNDS and not hardly_noticed(quiet, attacked)):
            quiet.append(late(http))
            with attacking(name, edge.port, count):
                attacked.append(late(http))
                # The attacker gives way to all that runs here.
                eventually_sync(lambda: edge.statistics().get(KNOWN_BY[name], 0) > 0, "the edge knows the attack")
                grown = envoy.memory_info().rss - before
                assert grown < most, f"the edge grew by {grown / 2**20:.0f} MiB"
    counted = edge.statistics()
    # Whoever is sent away with all its streams takes no connection of the services along.
    assert [each for each in counted if each.startswith("cluster.") and each.endswith("flood") and counted[each]] == []
    assert hardly_noticed(quiet, attacked), (quiet, attacked)


def hardly_noticed(quiet: list[float], attacked: list[float]) -> bool:
    """Whether calls took about as long beside an attack."""
    return min(attacked) <= max(2 * min(quiet), min(quiet) + patience(HICCUP_SECONDS))


def test_who_never_finishes_its_headers_is_sent_away(edge: Edge) -> None:
    slow = [socket.create_connection(("127.0.0.1", edge.port), timeout=60) for _number in range(SLOW_CONNECTIONS)]
    try:
        began = time.monotonic()
        for each in slow:
            each.sendall(b"GET /health HTTP/1.1\r\nhost: edge\r\nx-slow: ")
        with edge.http() as http:
            late(http)
        answers = [told(each) for each in slow]
        assert all(answer.startswith(b"HTTP/1.1 408") for answer in answers)
        assert b'"reason":"DEADLINE"' in answers[0].replace(b": ", b":")
        assert time.monotonic() - began >= HEADERS_SECONDS - 1
    finally:
        for each in slow:
            each.close()
