"""What every answer of the edge has: errors as JSON, headers for browsers, nothing secret in the log."""

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus

import httpx
import pytest

from services.launcher.edge import RESPONSE_HEADERS
from tests.integration.edge.conftest import Edge, running_edge
from tests.integration.edge.tokens import bearer, token
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network]

BIG = 5 * 1024 * 1024


@pytest.fixture(scope="module")
def edge() -> Iterator[Edge]:
    with running_edge(auth=True, change=lambda _folder, told: replace(told, access_log=True)) as running:
        yield running


def raw(edge: Edge, text: bytes) -> tuple[bytes, bytes]:
    """Head and body of what is answered to a text as it stands."""
    with socket.create_connection(("127.0.0.1", edge.port), timeout=15) as made:
        made.sendall(text)
        answer = b""
        while part := made.recv(65_536):
            answer += part
    head, _end, body = answer.partition(b"\r\n\r\n")
    return head, body


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "code"),
    [
        ("GET", "/nowhere", {}, 404, 5),
        ("DELETE", "/events", {}, 404, 5),
        ("GET", "/events?nonsense=1", {}, 400, 3),
        ("GET", "/events?limit=many", {}, 400, 3),
        ("POST", "/events", {"content": b"x" * BIG}, 413, 3),
        ("GET", "/events", {"headers": {"x-much": "m" * 70_000}}, 431, 3),
        ("GET", "/events", {"headers": {f"x-{number}": "1" for number in range(200)}}, 431, 3),
    ],
)
def test_errors_are_json_wherever_they_arise(
    edge: Edge, method: str, path: str, more: dict[str, object], status: int, code: int
) -> None:
    headers = {**bearer(edge.jwt_key), **more.pop("headers", {})} if path != "/nowhere" else bearer(edge.jwt_key)  # type: ignore[dict-item]
    with edge.http() as http:
        answer = http.request(method, path, headers=headers, **more)  # type: ignore[arg-type]
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["code"] == code
    assert answer.json()["message"]
    for name, value in RESPONSE_HEADERS.items():
        assert answer.headers.get_list(name) == [value]


def test_who_asks_for_what_is_not_there_is_told_where_all_is(edge: Edge) -> None:
    with edge.http() as http:
        message = http.get("/api/v1/query_range", headers=bearer(edge.jwt_key)).json()["message"]
    assert message.endswith("/docs has all, /ws/info the sockets")


@pytest.mark.parametrize(
    "path", ["/events", "/nowhere", "/api/v1/live", "/binnacle.aggregator.v1.QueryService/Nothing"]
)
def test_so_is_a_missing_token(edge: Edge, path: str) -> None:
    answer = httpx.get(edge.url + path)
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    assert answer.json()["details"][0]["reason"] == "UNAUTHENTICATED"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "text",
    [
        b"GET / HTTP/1.1\r\nhost: a\r\nbad header\r\n\r\n",
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST /events HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /%00 HTTP/1.1\r\nhost: a\r\n\r\n",
    ],
)
def test_so_is_what_is_no_request(edge: Edge, text: bytes) -> None:
    head, body = raw(edge, text)
    assert int(head.split()[1]) == HTTPStatus.BAD_REQUEST
    assert json.loads(body)["code"] == 3
    assert json.loads(body)["message"].startswith("the request cannot be read")
    for name, value in RESPONSE_HEADERS.items():
        assert head.lower().count(f"{name}: {value}".encode()) == 1, "as in every answer, and not twice"


def test_data_is_kept_by_nobody_and_is_no_page(edge: Edge) -> None:
    answer = httpx.get(f"{edge.url}/services/shop/metrics", headers=bearer(edge.jwt_key))
    assert answer.status_code == HTTPStatus.OK
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_nothing_secret_is_logged(edge: Edge) -> None:
    mine = token(edge.jwt_key)
    with edge.http() as http:
        http.get("/events", headers={"authorization": f"Bearer {mine}", "x-api-key": "topsecret"})
        http.get(f"/events?access_token={mine}&password=topsecret", headers=bearer(edge.jwt_key))
        http.get("/services/topsecret-free/metrics", headers={"cookie": f"binnacle_token={mine}"})
    eventually_sync(lambda: "/services/topsecret-free/metrics" in edge.printed(), "the last request is logged")
    lines = [line for line in edge.printed().splitlines() if line.startswith("{")]
    assert all(json.loads(line)["event"] == "request" for line in lines)
    assert {"method", "path", "status", "duration_ms", "request_id", "reason"} <= set(json.loads(lines[-1]))
    logged = edge.printed().replace("topsecret-free", "")
    assert "topsecret" not in logged
    assert mine not in logged
    assert "eyJ" not in logged
