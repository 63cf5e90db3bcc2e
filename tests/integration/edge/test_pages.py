"""Page files and sockets go to the streamer's own listener."""

import json

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.integration.edge.conftest import Edge

pytestmark = [pytest.mark.network, pytest.mark.processes]


@pytest.mark.parametrize(
    "path", ["/", "/app", "/app/services/cart", "/assets/index-1.js", "/favicon.svg", "/monitoring/dashboard"]
)
def test_page_files_come_from_the_pages_listener(open_edge: Edge, path: str) -> None:
    with open_edge.http() as http:
        answer = http.get(path)
    assert (answer.status_code, answer.text) == (200, f"page {path}")


def test_a_socket_passes_both_ways_with_its_tenant(open_edge: Edge) -> None:
    address = f"ws://{open_edge.target}/ws/dashboard?since=1"
    with connect(address, additional_headers={"x-binnacle-tenant": "victim"}) as socket:
        assert json.loads(socket.recv()) == {"tenant": "default", "path": "/ws/dashboard?since=1"}
        socket.send("ping")
        assert socket.recv() == "ping"


def test_a_page_of_this_machine_may_open_a_socket(open_edge: Edge) -> None:
    with connect(f"ws://{open_edge.target}/ws/dashboard", origin=Origin("http://localhost:3000")) as socket:
        assert json.loads(socket.recv())["tenant"] == "default"


def test_a_page_of_another_site_may_not(open_edge: Edge) -> None:
    with (
        pytest.raises(InvalidStatus, match="403"),
        connect(f"ws://{open_edge.target}/ws/dashboard", origin=Origin("https://evil.example")),
    ):
        pass


def test_a_plain_get_of_a_sockets_path_is_rest(open_edge: Edge) -> None:
    with connect(f"ws://{open_edge.target}/ws/stats") as socket:
        assert json.loads(socket.recv())["path"] == "/ws/stats"
    with open_edge.http() as http:
        assert http.get("/ws/stats").json()["active_connections"] == 3
        assert http.get("/ws/nothing").status_code == 404
