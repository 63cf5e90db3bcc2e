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
    eventually_sync(lambda: moving(suite.get("/api/v1/business")["figures"]), "the business is moving", within=90)
    asked = {"earlier_seconds": "86400", "time_zone": "America/Sao_Paulo", "step_seconds": "3600"}
    answers = []

    def adds_up() -> bool:
        # Something may come between the questions that an answer is made of.
        end = (datetime.now(UTC) - timedelta(seconds=5)).isoformat(timespec="seconds").replace("+00:00", "Z")
        answers.append(suite.get("/api/v1/business", end_time=end, **asked))
        found = answers[-1]
        return bool(sum(point["purchases"] for point in found["points"]) == found["figures"]["purchases"])

    eventually_sync(adds_up, "the points add up to the whole")
    figures = answers[-1]["figures"]
    assert all(one["from_metric"] or one["from_purchases"] for one in figures["revenue"])
    assert answers[-1]["earlier"]["purchases"] == 0
    stub = business_service_pb2_grpc.BusinessServiceStub(channel)

    def is_told() -> bool:
        # An answer that somebody asked for a moment ago is told again.
        return bool(stub.GetBusiness(pb.GetBusinessRequest()).figures.purchases >= figures["purchases"])

    eventually_sync(is_told, "gRPC tells as much")


def test_sessions_and_their_stories(suite: Suite) -> None:
    def active() -> list[dict[str, Any]]:
        """Those of the demonstration: other tests send events of sessions, too."""
        listed: list[dict[str, Any]] = suite.get("/api/v1/sessions", active_only=True)["sessions"]
        wanted = {"country", "device", "browser", "referrer"}
        return [one for one in listed if wanted <= one["context"].keys()]

    eventually_sync(lambda: bool(active()), "there are sessions with their context", within=60)
    busiest = max(active(), key=lambda one: one["events"])
    assert busiest["active"]
    story = suite.get(f"/api/v1/sessions/{busiest['session_id']}", page_size=5)
    assert story["session"]["events"] >= busiest["events"]
    assert story["entries"][0]["event"]["session_id"] == busiest["session_id"]
    person = suite.get(f"/api/v1/users/{busiest['user_id']}/story")
    assert busiest["session_id"] in {one["session_id"] for one in person["sessions"]}
    # A page of the suite may have asked before there were any.
    eventually_sync(lambda: suite.get("/api/v1/session-figures")["figures"]["sessions"] > 0, "they are counted")
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
    eventually_sync(lambda: suite.get("/api/v1/uniques")["active_users"] > 0, "people are active", within=50)
    uniques = suite.get("/api/v1/uniques")
    assert 0 < uniques["active_users"] <= uniques["users"]

    def peak() -> dict[str, Any]:
        found: dict[str, Any] = suite.get("/api/v1/peak-hours", time_zone="Asia/Kolkata")
        return found

    assert len(peak()["hours"]) == 168
    eventually_sync(lambda: peak()["busiest_by_requests"]["requests"] > 0, "an hour has requests", within=50)

    def today() -> dict[str, Any]:
        [*_earlier, newest] = suite.get("/api/v1/user-retention")["cohorts"]
        return dict(newest)

    eventually_sync(lambda: today()["users"] > 0, "people came today", within=50)
    told = today()
    assert told["users"] == told["returned"][0] > 0


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

    def both_are_judged() -> bool:
        found = _judged(suite, body)
        broken = [one["event"]["data"]["total"] for one in found["violations"]]
        return (found["results"][0]["checked"], broken) == (2, [50])

    eventually_sync(both_are_judged, "both are judged, and one breaks the rule", within=50)
    assert {"purchase-total", "credits-balance"} <= {one["id"] for one in suite.get("/api/v1/business/rules")["rules"]}

    def checked() -> float:
        asked = suite.get("/api/v1/business/violations", rule_id="purchase-total")
        return float(asked["results"][0]["checked"])

    eventually_sync(lambda: checked() > 0, "purchases are checked")


def _judged(suite: Suite, body: dict[str, Any]) -> dict[str, Any]:
    return dict(suite.post("/api/v1/business/violations", body))
