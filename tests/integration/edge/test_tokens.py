"""With authentication on: who may pass, and as whom."""

import json
import time

import grpc
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from binnacle.aggregator.v1 import query_service_pb2, query_service_pb2_grpc
from tests.integration.edge.conftest import KNOWN, Edge
from tests.integration.edge.tokens import bearer, token

pytestmark = [pytest.mark.network, pytest.mark.processes]


@pytest.mark.parametrize("path", ["/events", "/metrics", "/stats", "/dashboard", "/nowhere", "/app/../events"])
def test_every_path_without_a_token_is_401_unknown_ones_too(guarded_edge: Edge, path: str) -> None:
    with guarded_edge.http() as http:
        answer = http.get(path)
    assert (answer.status_code, answer.json()["code"]) == (401, 16)


@pytest.mark.parametrize("path", ["/health", "/", "/app/x", "/assets/a.js"])
def test_health_and_page_files_are_open(guarded_edge: Edge, path: str) -> None:
    with guarded_edge.http() as http:
        assert http.get(path).status_code == 200


SPOOFED = {
    "x-binnacle-tenant": "victim",
    "x-binnacle-roles": "admin",
    "x-binnacle-subject": "root",
    "x-binnacle-key": "abc",
    "x-binnacle-expires": "9999999999",
    "x-binnacle-caller": "peer",
    "x-binnacle-aside": "1",
}


def test_open_paths_take_no_identity_from_the_client(guarded_edge: Edge) -> None:
    spoofed = SPOOFED
    with guarded_edge.http() as http:
        http.get("/health", headers=spoofed)
        assert http.get("/", headers=spoofed).headers["x-tenant-seen"] == ""
    metadata = guarded_edge.log.calls[-1].metadata
    told = {name: metadata[name] for name in SPOOFED if name in metadata}
    assert told == {"x-binnacle-tenant": "default", "x-binnacle-caller": KNOWN}


@pytest.mark.parametrize("path", ["/health", "/events", "/stats", "/dashboard"])
def test_without_authentication_nobody_takes_an_identity_either(open_edge: Edge, path: str) -> None:
    with open_edge.http() as http:
        http.get(path, headers=SPOOFED)
    metadata = open_edge.log.calls[-1].metadata
    told = {name: metadata[name] for name in SPOOFED if name in metadata}
    assert told == {"x-binnacle-tenant": "default", "x-binnacle-caller": KNOWN}


def test_a_token_says_tenant_and_roles(guarded_edge: Edge) -> None:
    with guarded_edge.http() as http:
        answer = http.get("/events", headers={**SPOOFED, **bearer(guarded_edge.jwt_key, exp=2_000_000_000)})
    assert answer.status_code == 200
    metadata = guarded_edge.log.calls[-1].metadata
    told = {name: metadata[name] for name in SPOOFED if name in metadata}
    assert told == {
        "x-binnacle-tenant": "acme",
        "x-binnacle-roles": "viewer,editor",
        "x-binnacle-expires": "2000000000",
        "x-binnacle-caller": KNOWN,
    }
    assert "authorization" not in metadata


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "bEaRer", "bearer "])
def test_the_scheme_before_a_token_is_spelt_as_its_sender_likes(guarded_edge: Edge, scheme: str) -> None:
    held, forged = token(guarded_edge.jwt_key), token(b"x" * 32)
    cookie = {"cookie": f"binnacle_token={held}"}
    with guarded_edge.http() as http:
        assert http.get("/events", headers={"authorization": f"{scheme} {held}"}).status_code == 200
        metadata = guarded_edge.log.calls[-1].metadata
        assert (metadata["x-binnacle-tenant"], "authorization" in metadata) == ("acme", False)
        # It is meant, as any other header is: no cookie makes up for it.
        assert http.get("/events", headers=cookie | {"authorization": f"{scheme} {forged}"}).status_code == 401
        assert http.get("/events", headers={"authorization": f"Basic {held}"}).status_code == 401


def test_a_token_without_a_tenant_gives_none(guarded_edge: Edge) -> None:
    headers = {"x-binnacle-tenant": "victim", **bearer(guarded_edge.jwt_key, tenant=None)}
    with guarded_edge.http() as http:
        http.get("/events", headers=headers)
    assert "x-binnacle-tenant" not in guarded_edge.log.calls[-1].metadata


def test_an_unknown_path_is_404_with_a_token(guarded_edge: Edge) -> None:
    with guarded_edge.http() as http:
        assert http.get("/nowhere", headers=bearer(guarded_edge.jwt_key)).status_code == 404


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"exp": int(time.time()) - 3600}, 401),
        ({"exp": None}, 401),
        ({"iss": "somebody"}, 401),
        ({"aud": "others"}, 403),
    ],
)
def test_a_wrong_token_is_refused(guarded_edge: Edge, claims: dict[str, object], status: int) -> None:
    with guarded_edge.http() as http:
        assert http.get("/events", headers=bearer(guarded_edge.jwt_key, **claims)).status_code == status


def test_a_foreign_signature_is_refused(guarded_edge: Edge) -> None:
    with guarded_edge.http() as http:
        assert http.get("/events", headers=bearer(b"x" * 32)).status_code == 401


@pytest.mark.parametrize("sent", ["", "Bearer x.y.z"])
def test_whom_it_refuses_the_edge_tells_what_to_do(guarded_edge: Edge, sent: str) -> None:
    headers = {"authorization": sent} if sent else {}
    with guarded_edge.http() as http:
        body = http.get("/events", headers=headers).json()
    with grpc.insecure_channel(guarded_edge.target) as channel:
        stub, request = query_service_pb2_grpc.QueryServiceStub(channel), query_service_pb2.ListTrackedEventsRequest()
        with pytest.raises(grpc.RpcError) as refused:
            stub.ListTrackedEvents(request, metadata=tuple(headers.items()))
    assert (body["code"], body["details"][0]["reason"]) == (16, "UNAUTHENTICATED")
    said, _colon, advice = body["message"].partition(": ")
    assert "Jwt" in said
    assert "authorization: Bearer <token>" in advice
    assert refused.value.details() == body["message"]
    # By itself the edge would quote the address there.
    assert "realm" not in str(refused.value.trailing_metadata())


def test_a_token_for_others_is_not_taken_for_a_page_of_another_site(guarded_edge: Edge) -> None:
    with guarded_edge.http() as http:
        message = http.get("/events", headers=bearer(guarded_edge.jwt_key, aud="others")).json()["message"]
    assert "a token the audience of BINNACLE_JWT_AUDIENCE" in message


def test_grpc_is_refused_with_a_status_and_passes_with_a_token(guarded_edge: Edge) -> None:
    request = query_service_pb2.ListTrackedEventsRequest(limit=2)
    with grpc.insecure_channel(guarded_edge.target) as channel:
        stub = query_service_pb2_grpc.QueryServiceStub(channel)
        with pytest.raises(grpc.RpcError) as refused:
            stub.ListTrackedEvents(request)
        metadata = tuple(bearer(guarded_edge.jwt_key).items())
        assert stub.ListTrackedEvents(request, metadata=metadata).limit == 2
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("place", ["header", "query", "cookie"])
def test_a_socket_brings_its_token_where_a_browser_can_put_it(guarded_edge: Edge, place: str) -> None:
    held = token(guarded_edge.jwt_key)
    query = f"?access_token={held}" if place == "query" else ""
    headers = {
        "header": {"authorization": f"Bearer {held}"},
        "cookie": {"cookie": f"binnacle_token={held}"},
        "query": {},
    }[place]
    with connect(f"ws://{guarded_edge.target}/ws/dashboard{query}", additional_headers=headers) as socket:
        first = json.loads(socket.recv())
    assert first["tenant"] == "acme"
    assert held not in first["path"]


def test_a_socket_without_a_token_arrives_without_a_tenant(guarded_edge: Edge) -> None:
    with connect(f"ws://{guarded_edge.target}/ws/live", additional_headers={"x-binnacle-tenant": "victim"}) as socket:
        assert json.loads(socket.recv())["tenant"] is None


def test_a_socket_with_a_wrong_token_is_refused(guarded_edge: Edge) -> None:
    with (
        pytest.raises(InvalidStatus, match="401"),
        connect(f"ws://{guarded_edge.target}/ws/live?access_token={token(b'x' * 32)}"),
    ):
        pass


@pytest.mark.parametrize("path", ["/ws/live", "/events", "/api/v1/live"])
def test_no_refusal_tells_the_token(guarded_edge: Edge, path: str) -> None:
    held = token(guarded_edge.jwt_key, exp=int(time.time()) - 60)
    with guarded_edge.http() as http:
        answer = http.get(f"{path}?access_token={held}")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "access_token" not in f"{answer.headers} {answer.text}"


@pytest.mark.parametrize("path", ["/events", "/ws/stats", "/ws/nothing"])
def test_tokens_in_the_query_open_nothing_but_sockets(guarded_edge: Edge, path: str) -> None:
    with guarded_edge.http() as http:
        assert http.get(f"{path}?access_token={token(guarded_edge.jwt_key)}").status_code == 401


def test_a_cookie_opens_calls_to_its_own_page_alone(guarded_edge: Edge) -> None:
    cookie = {"cookie": f"binnacle_token={token(guarded_edge.jwt_key)}"}
    own, foreign = ({"origin": "https://any.example", "sec-fetch-site": site} for site in ("same-origin", "cross-site"))
    with guarded_edge.http() as http:
        assert http.get("/events", headers=cookie).status_code == 200
        assert http.post("/events", json=[], headers=cookie | own).status_code == 200
        assert http.post("/events", json=[], headers=cookie | foreign).status_code == 403
        wrong = {"cookie": f"binnacle_token={token(b'x' * 32)}"}
        assert http.get("/events", headers=wrong).status_code == 401


def test_whoever_brings_a_header_means_it_whatever_their_cookie_holds(guarded_edge: Edge) -> None:
    header = bearer(guarded_edge.jwt_key)
    stale = {"cookie": f"binnacle_token={token(guarded_edge.jwt_key, exp=int(time.time()) - 60)}"}
    another = {"cookie": f"binnacle_token={token(guarded_edge.jwt_key, tenant='other')}"}
    forged = {"authorization": f"Bearer {token(b'x' * 32)}"}
    with guarded_edge.http() as http:
        for cookie in (stale, another):
            assert http.get("/events", headers=cookie | header).status_code == 200
            assert guarded_edge.log.calls[-1].metadata["x-binnacle-tenant"] == "acme"
        # No cookie makes up for it.
        assert http.get("/events", headers=another | forged).status_code == 401
    with connect(f"ws://{guarded_edge.target}/ws/dashboard", additional_headers=another | header) as socket:
        assert json.loads(socket.recv())["tenant"] == "acme"


@pytest.mark.parametrize("place", ["query", "subprotocol"])
def test_so_does_whoever_brings_one_where_a_browser_can(guarded_edge: Edge, place: str) -> None:
    """A browser has no say in which cookies go along, those of other ports of its machine too."""
    cookies = [token(guarded_edge.jwt_key, exp=int(time.time()) - 60), token(guarded_edge.jwt_key, tenant="other"), "x"]

    def told(held: str, cookie: str) -> str:
        query = f"?access_token={held}" if place == "query" else ""
        headers = {"cookie": f"binnacle_token={cookie}"}
        headers |= {"sec-websocket-protocol": f"a, bearer.{held}"} if place == "subprotocol" else {}
        url = f"ws://{guarded_edge.target}/ws/live{query}"
        with connect(url, proxy=None, additional_headers=headers) as socket:
            return str(json.loads(socket.recv())["tenant"])

    assert [told(token(guarded_edge.jwt_key), cookie) for cookie in cookies] == ["acme"] * 3
    with pytest.raises(InvalidStatus, match="401"):
        told(token(b"x" * 32), token(guarded_edge.jwt_key))


def test_an_empty_token_in_the_query_is_none(guarded_edge: Edge) -> None:
    with connect(f"ws://{guarded_edge.target}/ws/live?access_token=", proxy=None) as socket:
        assert json.loads(socket.recv())["tenant"] is None


def test_a_stream_of_events_takes_the_token_of_its_address_before_a_cookie(guarded_edge: Edge) -> None:
    stale = {"accept": "text/event-stream", "cookie": "binnacle_token=x"}
    with guarded_edge.http() as http:
        assert http.get("/api/v1/live", headers=stale).status_code == 401
        address = f"/api/v1/live?access_token={token(guarded_edge.jwt_key)}"
        assert http.get(address, headers=stale).status_code != 401


def test_a_preflight_needs_no_token(guarded_edge: Edge) -> None:
    headers = {"origin": "http://localhost:3000", "access-control-request-method": "POST"}
    with guarded_edge.http() as http:
        assert http.options("/events", headers=headers).status_code == 200
