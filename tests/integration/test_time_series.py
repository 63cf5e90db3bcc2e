"""Time series through the edge: gRPC, REST with a body, REST with a URL; fresh within a second or two."""

import time
from typing import Any

import grpc
import pytest

from binnacle.aggregator.v1 import time_series_service_pb2 as service, time_series_service_pb2_grpc
from binnacle.query.v1 import query_pb2 as pb
from tests.support.metric_queries import selected
from tests.support.suite import Suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(120)]

METRIC = "warehouse_temperature"


def known(values: list[Any]) -> list[float]:
    """Without the steps that hold nothing: an hour or a day may just have begun."""
    return [value for value in values if isinstance(value, float | int)]


def test_what_was_written_is_told_by_grpc_and_rest(suite: Suite) -> None:
    now = time.time()
    for number, value in enumerate((3.0, 5.0)):
        suite.post("/metrics", {"name": METRIC, "value": value, "tags": {"hall": str(number)}})
    by_url = {"metric": METRIC, "function": "last", "aggregation": "sum", "step": "3600s"}

    def total() -> float:
        found = suite.get("/api/v1/query", **by_url)["answer"]["results"][0].get("series", [])
        return sum(sum(known(series["values"])) for series in found)

    eventually_sync(lambda: total() == 8.0, "both are in an answer")
    body = {
        "query": {
            "expressions": [
                {"name": "each", "selection": {"metric": METRIC, "function": "FUNCTION_MAXIMUM"}},
                {
                    "name": "doubled",
                    "calculation": {
                        "left": {"expression": "each"},
                        "operator": "OPERATOR_MULTIPLY",
                        "right": {"number": 2},
                    },
                },
            ],
            "step": "86400s",
        }
    }
    answer = suite.post("/api/v1/query", body)["answer"]
    assert [result["name"] for result in answer["results"]] == ["each", "doubled"]
    told = {series["labels"]["hall"]: known(series["values"]) for series in answer["results"][1]["series"]}
    assert told == {"0": [6.0], "1": [10.0]}
    explained = suite.post("/api/v1/query:explain", body)
    assert explained["plans"][0]["tier"] == "TIER_DAYS"
    assert explained["plans"][0]["series"] == 2
    with grpc.insecure_channel(suite.url.removeprefix("http://")) as channel:
        stub = time_series_service_pb2_grpc.TimeSeriesServiceStub(channel)
        query = pb.TimeSeriesQuery(expressions=[selected(METRIC, pb.FUNCTION_COUNT)])
        query.start_time.FromSeconds(int(now) - 60)
        told_by_grpc = stub.QueryTimeSeries(service.QueryTimeSeriesRequest(query=query)).answer
        assert sum(sum(v for v in series.values if v == v) for series in told_by_grpc.results[0].series) == 2
        token = told_by_grpc.refresh_token
        again = stub.QueryTimeSeries(service.QueryTimeSeriesRequest(query=query, refresh_token=token)).answer
        assert not again.full
