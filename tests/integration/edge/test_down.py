"""A process that is down is said to be down, at once; the others go on."""

import grpc
import pytest

from binnacle.aggregator.v1 import query_service_pb2, query_service_pb2_grpc
from tests.integration.edge.conftest import Edge

pytestmark = [pytest.mark.network, pytest.mark.processes]


def test_rest_gets_503_at_once_with_a_time_to_come_back(crippled_edge: Edge) -> None:
    with crippled_edge.http() as http:
        answers = [http.get("/events") for _time in range(5)]
    answer = min(answers, key=lambda each: each.elapsed)
    # Of several the first: a busy machine may be late with any.
    assert answer.elapsed.total_seconds() < 1
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert (answer.json()["code"], answer.json()["details"][0]["reason"]) == (14, "UNAVAILABLE")


def test_grpc_gets_unavailable(crippled_edge: Edge) -> None:
    with grpc.insecure_channel(crippled_edge.target) as channel, pytest.raises(grpc.RpcError) as refused:
        query_service_pb2_grpc.QueryServiceStub(channel).ListTrackedEvents(query_service_pb2.ListTrackedEventsRequest())
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


def test_the_others_go_on(crippled_edge: Edge) -> None:
    with crippled_edge.http() as http:
        assert http.post("/events", content=b"{}").status_code == 200
