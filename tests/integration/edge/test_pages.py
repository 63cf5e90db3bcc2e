"""Page files and sockets go to the streamer's own listener."""

import json

import pytest
from websockets.sync.client import connect

from tests.integration.edge.conftest import Edge

pytestmark = [pytest.mark.network, pytest.mark.processes]


@pytest.mark.parametrize("path", ["/", "/app", "/app/services/cart", "/assets/index-1.js", "/favicon.svg"])
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


def test_a_plain_get_reaches_the_path_of_a_socket(open_edge: Edge) -> None:
    with open_edge.http() as http:
        assert http.get("/ws/stats").text == "page /ws/stats"
