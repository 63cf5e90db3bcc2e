"""REST through the edge: our paths, strictly, and every refusal as JSON."""

import gzip
import json

import httpx
import pytest

from services.launcher.edge import MAX_BODY_BYTES
from tests.integration.edge.conftest import Edge

pytestmark = [pytest.mark.network, pytest.mark.processes]


def error(answer: httpx.Response) -> dict[str, object]:
    """The body of a refusal, which has the shape of google.rpc.Status."""
    assert answer.headers["content-type"].startswith("application/json"), answer.text
    body = answer.json()
    assert isinstance(body["code"], int)
    assert body["message"]
    return dict(body)


def test_get_prints_every_field_under_its_name_in_the_contract(open_edge: Edge) -> None:
    with open_edge.http() as http:
        body = http.get("/services/cart/metrics").json()
    assert body["service"] == "cart"
    assert body["request_count"] == 5e9
    assert body["p95_latency_ms"] == 0


def test_a_path_parameter_may_hold_any_character(open_edge: Edge) -> None:
    with open_edge.http() as http:
        body = http.get("/services/shop%2Fcart%3A1%20b/metrics").json()
    assert body["service"] == "shop/cart:1 b"


def test_query_parameters_reach_the_request(open_edge: Edge) -> None:
    with open_edge.http() as http:
        answer = http.get("/events?type=a+b&limit=3")
    assert (answer.status_code, answer.json()["limit"]) == (200, 3)
    assert getattr(open_edge.log.calls[-1].request, "type") == "a b"  # noqa: B009 - the message's own type is unknown here


def test_a_body_arrives_as_it_was_sent(open_edge: Edge) -> None:
    body = b'[{"value": 12.5, "unknown": true},\n {"value": 1}]'
    with open_edge.http() as http:
        answer = http.post("/events", content=body, headers={"content-type": "application/json"})
    assert answer.json() == {"accepted": 1, "rejected": 0, "rejections": []}
    content = open_edge.log.calls[-1].request.content  # type: ignore[attr-defined]
    assert (content.data, content.content_type) == (body, "application/json")


def test_text_is_answered_as_text(open_edge: Edge) -> None:
    with open_edge.http() as http:
        answer = http.get("/metrics")
    assert (answer.text, answer.headers["content-type"]) == ("up 1\n", "text/plain; version=0.0.4")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("POST", "/nowhere", 404),
        ("DELETE", "/events", 404),
        ("GET", "/events?colour=red", 400),
        ("GET", "/events?limit=many", 400),
        ("GET", "/dashboard/extra", 404),
        ("GET", "/application", 404),
    ],
)
def test_what_the_contract_does_not_know_is_refused_in_json(
    open_edge: Edge, method: str, path: str, status: int
) -> None:
    with open_edge.http() as http:
        answer = http.request(method, path)
    assert answer.status_code == status, answer.text
    assert error(answer)["details"]


def test_an_unknown_parameter_is_named(open_edge: Edge) -> None:
    with open_edge.http() as http:
        message = str(error(http.get("/events?colour=red"))["message"])
    assert "colour" in message
    assert "/docs has what each path takes" in message


def test_a_services_refusal_keeps_its_details(open_edge: Edge) -> None:
    with open_edge.http() as http:
        answer = http.post("/events", content=b"bad")
    body = error(answer)
    assert (answer.status_code, body["code"], body["message"]) == (400, 3, "events[0].type: is missing")
    details = body["details"]
    assert isinstance(details, list)
    assert details[0]["reason"] == "INVALID_INPUT"
    (violation,) = details[1]["field_violations"]
    assert (violation["field"], violation["description"]) == ("events[0].type", "is missing")


def test_a_full_queue_is_429(open_edge: Edge) -> None:
    with open_edge.http() as http:
        answer = http.post("/events", content=b"full")
    assert (answer.status_code, error(answer)["code"]) == (429, 8)
    assert answer.headers["retry-after"] == "3"


def test_the_largest_body_passes_and_one_byte_more_is_413(open_edge: Edge) -> None:
    with open_edge.http() as http:
        assert http.post("/events", content=b" " * MAX_BODY_BYTES).status_code == 200
        answer = http.post("/events", content=b" " * (MAX_BODY_BYTES + 1))
    assert answer.status_code == 413
    assert str(MAX_BODY_BYTES) in str(error(answer)["message"])


def test_a_request_id_is_made_forwarded_and_given_back(open_edge: Edge) -> None:
    with open_edge.http() as http:
        answer = http.get("/events")
        refused = http.get("/nowhere")
    assert answer.headers["x-request-id"] == open_edge.log.calls[-1].metadata["x-request-id"]
    assert refused.headers["x-request-id"] in json.dumps(error(refused)["details"])


def test_a_clients_own_request_id_is_kept(open_edge: Edge) -> None:
    with open_edge.http() as http:
        http.get("/events", headers={"x-request-id": "mine"})
    assert open_edge.log.calls[-1].metadata["x-request-id"] == "mine"


def test_spoofed_identity_is_overwritten(open_edge: Edge) -> None:
    with open_edge.http() as http:
        http.get("/events", headers={"x-binnacle-tenant": "victim", "x-binnacle-roles": "admin"})
    metadata = open_edge.log.calls[-1].metadata
    assert metadata["x-binnacle-tenant"] == "default"
    assert "x-binnacle-roles" not in metadata


def test_large_json_is_compressed_for_who_can_read_it(open_edge: Edge) -> None:
    with open_edge.http() as http:
        packed = http.get("/dashboard", headers={"accept-encoding": "gzip"})
        brotli = http.get("/dashboard", headers={"accept-encoding": "br, gzip"}, extensions={})
        plain = http.get("/dashboard", headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert brotli.headers["content-encoding"] == "br"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()
    assert len(gzip.compress(plain.content)) < len(plain.content)


def test_a_page_of_another_site_may_not_write(open_edge: Edge) -> None:
    """A simple request needs no preflight, so CORS alone would let it through."""
    before = len(open_edge.log.calls)
    with open_edge.http() as http:
        answer = http.post(
            "/events", content=b"{}", headers={"origin": "https://evil.example", "content-type": "text/plain"}
        )
        assert "BINNACLE_CORS_ORIGINS" in str(error(answer)["message"])
        assert answer.status_code == 403
        assert len(open_edge.log.calls) == before
        proxied = {"origin": "https://my.proxy.example", "sec-fetch-site": "same-origin"}
        assert http.post("/events", content=b"{}", headers=proxied).status_code == 200


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [("http://localhost:3000", True), ("http://127.0.0.1:8099", True), ("http://localhost.evil.example", False)],
)
def test_pages_of_this_machine_may_call(open_edge: Edge, origin: str, allowed: bool) -> None:
    headers = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
    }
    with open_edge.http() as http:
        answer = http.options("/events", headers=headers)
    assert (answer.headers.get("access-control-allow-origin") == origin) is allowed
