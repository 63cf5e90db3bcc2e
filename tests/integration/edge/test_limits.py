"""Rates at the edge: of an address before anybody looks at its token, of a tenant and of each of its keys after."""

from collections.abc import Iterator
from functools import partial

import grpc
import httpx
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from binnacle.aggregator.v1 import query_service_pb2, query_service_pb2_grpc
from services.launcher.edge_limits import EdgeLimits
from tests.integration.edge.conftest import Edge, running_edge
from tests.integration.edge.tokens import bearer

pytestmark = [pytest.mark.network, pytest.mark.processes]

# So few that a busy machine asks for more in a second.
LIMITS = EdgeLimits(address=300, tenant=10, key=5, burst_seconds=1)
OF_AN_ADDRESS = EdgeLimits(address=20, tenant=10, key=5, burst_seconds=1)


@pytest.fixture(scope="module")
def limited_edge() -> Iterator[Edge]:
    with running_edge(auth=True, limits=LIMITS) as edge:
        yield edge


@pytest.fixture
def narrow_edge() -> Iterator[Edge]:
    with running_edge(auth=True, limits=OF_AN_ADDRESS) as edge:
        yield edge


def ask(edge: Edge, times: int, tenant: str, *keys: str) -> list[httpx.Response]:
    """Answers to as many questions with each key, as fast as one connection brings them."""
    headers = [bearer(edge.jwt_key, tenant=tenant, jti=key) for key in keys]
    with edge.http() as http:
        return [http.get("/events", headers=each) for _time in range(times) for each in headers]


def refused(answers: list[httpx.Response]) -> list[httpx.Response]:
    return [answer for answer in answers if answer.status_code == 429]


def test_a_key_that_asks_too_often_is_told_when_to_come_back(limited_edge: Edge) -> None:
    late = refused(ask(limited_edge, 3 * LIMITS.key, "one", "a"))
    assert late
    assert 1 <= int(late[0].headers["retry-after"]) <= 2
    assert late[0].headers["x-ratelimit-limit"].startswith(str(LIMITS.key))
    assert late[0].headers["x-ratelimit-remaining"] == "0"
    body = late[0].json()
    assert (body["code"], body["details"][0]["reason"]) == (8, "OVERLOADED")
    assert not refused(ask(limited_edge, 3, "one", "b")), "another key of the tenant"
    assert not refused(ask(limited_edge, 3, "two", "a")), "another tenant"


def test_keys_share_what_their_tenant_has(limited_edge: Edge) -> None:
    answers = ask(limited_edge, LIMITS.key // 2, "three", *map(str, range(8)))
    assert refused(answers)
    assert refused(answers)[0].headers["x-ratelimit-limit"].startswith(str(LIMITS.tenant))
    assert not refused(ask(limited_edge, 3, "four", "0"))


def test_grpc_is_told_so_in_its_own_words(limited_edge: Edge) -> None:
    metadata = tuple(bearer(limited_edge.jwt_key, tenant="five", jti="a").items())
    with grpc.insecure_channel(limited_edge.target) as channel:
        stub = query_service_pb2_grpc.QueryServiceStub(channel)
        question = query_service_pb2.ListTrackedEventsRequest(limit=2)
        with pytest.raises(grpc.RpcError) as late:
            list(map(partial(stub.ListTrackedEvents, metadata=metadata), [question] * (3 * LIMITS.key)))
    assert late.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    status = rpc_status.from_call(late.value)  # type: ignore[arg-type]
    retry = error_details_pb2.RetryInfo()
    assert status is not None
    assert any(detail.Unpack(retry) for detail in status.details)
    assert retry.retry_delay.seconds == 1


def test_who_brings_no_token_is_told_no_limits(limited_edge: Edge) -> None:
    with limited_edge.http() as http:
        assert "x-ratelimit-limit" not in http.get("/health").headers


def test_an_address_is_refused_before_its_token_is_looked_at(narrow_edge: Edge) -> None:
    with narrow_edge.http() as http:
        answers = [http.get("/events") for _time in range(4 * OF_AN_ADDRESS.address)]
    assert {answer.status_code for answer in answers} == {401, 429}
    assert refused(answers)[0].headers["retry-after"] == "1"
    assert refused(answers)[0].json()["details"][0]["reason"] == "OVERLOADED"
