"""Sessions, business figures and people through the edge: over REST and by gRPC, with the demo's traffic."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest

from binnacle.aggregator.v1 import business_service_pb2 as pb, business_service_pb2_grpc
from tests.support.suite import Suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.fixture
def channel(suite: Suite) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(f"127.0.0.1:{suite.port}") as opened:
        yield opened


def moving(figures: dict[str, Any]) -> bool:
    """Whether what happens every few seconds has happened, whatever the time of day."""
    often = (figures["campaigns"]["sent"], figures["messages"]["received"], figures["ai"]["cost"])
    return all((*often, figures["revenue"], figures["searches"]["count"], figures["top_products"]))


def test_the_demo_moves_the_business(suite: Suite, channel: grpc.Channel) -> None:
    eventually_sync(lambda: moving(suite.get("/api/v1/business")["figures"]), "the business is moving", within=50)
    # What is older than this does not change between the questions that an answer is made of.
    asked = {
        "end_time": (datetime.now(UTC) - timedelta(seconds=5)).isoformat(timespec="seconds").replace("+00:00", "Z")
    }
    asked |= {"earlier_seconds": "86400", "time_zone": "America/Sao_Paulo"}
    found = suite.get("/api/v1/business", step_seconds=3_600, **asked)
    figures = found["figures"]
    assert sum(point["purchases"] for point in found["points"]) == figures["purchases"]
    assert all(one["from_metric"] or one["from_purchases"] for one in figures["revenue"])
    assert found["earlier"]["purchases"] == 0
    by_grpc = business_service_pb2_grpc.BusinessServiceStub(channel).GetBusiness(pb.GetBusinessRequest())
    assert by_grpc.figures.purchases >= figures["purchases"]


def test_sessions_and_their_stories(suite: Suite) -> None:
    eventually_sync(lambda: bool(suite.get("/api/v1/sessions")["sessions"]), "there are sessions")
    busiest = max(suite.get("/api/v1/sessions", active_only=True)["sessions"], key=lambda one: one["events"])
    assert busiest["active"]
    assert {"country", "device", "browser", "referrer"} <= busiest["context"].keys()
    story = suite.get(f"/api/v1/sessions/{busiest['session_id']}", page_size=5)
    assert story["session"]["events"] >= busiest["events"]
    assert story["entries"][0]["event"]["session_id"] == busiest["session_id"]
    person = suite.get(f"/api/v1/users/{busiest['user_id']}/story")
    assert busiest["session_id"] in {one["session_id"] for one in person["sessions"]}
    assert suite.get("/api/v1/session-figures")["figures"]["sessions"] > 0
    assert suite.http.get("/api/v1/sessions/nobody").status_code == 404


def test_features_funnels_uniques_peak_hours_and_cohorts(suite: Suite) -> None:
    eventually_sync(lambda: bool(suite.get("/api/v1/features")["features"]), "features are used", within=50)
    steps = [
        {"type": "page_view", "conditions": [{"field": "data.page", "operator": "OPERATOR_PRESENT"}]},
        {"type": "product_view"},
        {"type": "purchase"},
    ]
    body = {"steps": steps, "window_seconds": 1_800, "breakdown": "data.country"}
    eventually_sync(lambda: suite.post("/api/v1/funnels", body)["steps"][0]["count"] > 0, "somebody began", within=50)
    found = suite.post("/api/v1/funnels", body)
    counts = [step["count"] for step in found["steps"]]
    assert counts == sorted(counts, reverse=True)
    assert sum(group["steps"][0]["count"] for group in found["groups"]) == counts[0]
    uniques = suite.get("/api/v1/uniques")
    assert 0 < uniques["active_users"] <= uniques["users"]
    peak = suite.get("/api/v1/peak-hours", time_zone="Asia/Kolkata")
    assert (len(peak["hours"]), peak["busiest_by_requests"]["requests"] > 0) == (168, True)
    [*_earlier, today] = suite.get("/api/v1/user-retention")["cohorts"]
    assert today["users"] == today["returned"][0] > 0


def test_what_breaks_a_rule_is_listed(suite: Suite) -> None:
    service = "rules-test"
    rule = {
        "id": "small",
        "types": ["purchase"],
        "conditions": {
            "conditions": [{"field": "data.total", "operator": "OPERATOR_LESS", "values": ["10"]}],
            "where": [{"field": "service", "values": [service]}],
        },
    }
    bought = [{"type": "purchase", "service": service, "data": {"total": total}} for total in (5, 50)]
    suite.post("/events", bought)
    since = (datetime.now(UTC) - timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    body = {"rules": [rule], "start_time": since}
    eventually_sync(lambda: _judged(suite, body)["results"][0]["checked"] == 2, "both are judged", within=50)
    found = _judged(suite, body)
    assert [one["event"]["data"]["total"] for one in found["violations"]] == [50]
    assert {"purchase-total", "credits-balance"} <= {one["id"] for one in suite.get("/api/v1/business/rules")["rules"]}
    assert suite.get("/api/v1/business/violations", rule_id="purchase-total")["results"][0]["checked"] > 0


def _judged(suite: Suite, body: dict[str, Any]) -> dict[str, Any]:
    return dict(suite.post("/api/v1/business/violations", body))
