"""With authentication on: how clients of live connections bring their tokens, and what is told of them."""

import json
import time

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.integration.edge.conftest import Edge
from tests.integration.edge.tokens import bearer, token

pytestmark = [pytest.mark.network, pytest.mark.processes]

SOCKET = "/ws/v1/live"
FORM = "binnacle.v1.json"


def test_it_is_told_when_a_token_expires(guarded_edge: Edge) -> None:
    expires = int(time.time()) + 3_456
    headers = {**bearer(guarded_edge.jwt_key, exp=expires), "x-binnacle-expires": "9999999999"}
    with guarded_edge.http() as http:
        http.get("/events", headers=headers)
    assert float(guarded_edge.log.calls[-1].metadata["x-binnacle-expires"]) == expires


def test_a_socket_brings_its_token_after_the_form_of_its_frames(guarded_edge: Edge) -> None:
    protocols = [FORM, f"bearer.{token(guarded_edge.jwt_key)}"]
    url = f"ws://127.0.0.1:{guarded_edge.port}{SOCKET}"
    with connect(url, proxy=None, additional_headers={"sec-websocket-protocol": ", ".join(protocols)}) as socket:
        assert json.loads(socket.recv())["tenant"] == "acme"


def test_a_wrong_token_in_the_protocols_is_refused(guarded_edge: Edge) -> None:
    headers = {"sec-websocket-protocol": f"{FORM}, bearer.{token(b'x' * 32)}"}
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{guarded_edge.port}{SOCKET}", proxy=None, additional_headers=headers)
    assert refused.value.response.status_code == 401


def test_a_stream_of_events_brings_its_token_in_the_url(guarded_edge: Edge) -> None:
    events = {"accept": "text/event-stream"}
    with guarded_edge.http() as http:
        assert http.get("/api/v1/live", headers=events).status_code == 401
        answer = http.get("/api/v1/live", params={"access_token": token(guarded_edge.jwt_key)}, headers=events)
        assert answer.status_code != 401
