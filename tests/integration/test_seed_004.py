"""Seed 004 at its literal paths, through the edge, on a running suite."""

import itertools
import json
import statistics
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.support.outages import patience
from tests.support.suite import Suite, running_suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow]


@pytest.fixture(scope="module")
def quiet() -> Iterator[Suite]:
    """A suite without demo and agent, so that every figure is this module's own."""
    with running_suite() as running:
        yield running


@pytest.fixture(scope="module")
def traffic(quiet: Suite) -> Suite:
    """Known traffic: 100 requests of which 4 fail, latencies 1 to 100 ms, one heartbeat, one purchase."""
    requests = [
        {
            "type": "request",
            "service": "catalog",
            "user_id": f"user-{number % 10}",
            "session_id": f"session-{number % 5}",
            "data": {"endpoint": "/products", "status_code": 500 if number < 4 else 200, "latency_ms": number + 1},
        }
        for number in range(100)
    ]
    assert quiet.post("/events", requests) == {"accepted": 100, "rejected": 0, "rejections": []}
    purchase = {"type": "purchase", "service": "checkout", "user_id": "user-1", "data": {"total": 99.99}}
    assert quiet.post("/events", purchase)["accepted"] == 1
    metric = {
        "name": "latency",
        "value": 45.2,
        "unit": "ms",
        "tags": {"service": "productcatalog", "endpoint": "/search"},
    }
    assert quiet.post("/metrics", metric)["accepted"] == 1
    heartbeat = {
        "service": "productcatalog",
        "status": "healthy",
        "metrics": {"request_count": 1000, "error_count": 5, "avg_latency": 23.5, "uptime": 72.5},
    }
    assert quiet.post("/heartbeat", heartbeat)["accepted"] == 1
    eventually_sync(lambda: quiet.get("/events")["count"] == 101, "all events can be asked for")

    def counted() -> list[float]:
        stats = quiet.get("/stats")
        return [stats[f"total_{kind}"] for kind in ("events", "metrics", "heartbeats")]

    eventually_sync(lambda: counted() == [101, 1, 1], "everything is counted")
    return quiet


def moment(text: str) -> datetime:
    assert text.endswith("Z")
    return datetime.fromisoformat(text)


def test_events_with_filters_and_limit(traffic: Suite) -> None:
    answer = traffic.get("/events", type="purchase")
    assert set(answer) == {"events", "count", "limit"}
    assert (answer["count"], answer["limit"]) == (1, 100)
    (event,) = answer["events"]
    assert set(event) == {"type", "service", "user_id", "timestamp", "data"}
    assert abs((moment(event["timestamp"]) - datetime.now(UTC)).total_seconds()) < 60
    limited = traffic.get("/events", service="catalog", limit=7)
    assert (len(limited["events"]), limited["count"], limited["limit"]) == (7, 100, 7)
    assert traffic.get("/events", service="nobody") == {"events": [], "count": 0, "limit": 100}


def test_the_dashboard_has_every_field_with_its_meaning(traffic: Suite) -> None:
    board = traffic.get("/dashboard")
    assert set(board) == {"overview", "services", "realtime_stats", "updated_at"}
    overview = board["overview"]
    assert overview["total_requests"] == 100
    assert overview["active_users"] == 10
    assert overview["error_rate"] == pytest.approx(4.0)
    assert overview["average_latency_ms"] == pytest.approx((5050 + 45.2) / 101)
    assert overview["requests_per_second"] > 0
    told = board["services"]["productcatalog"]
    assert told == {
        "name": "productcatalog",
        "status": "healthy",
        "uptime_hours": 72.5,
        "request_count": 1000,
        "error_count": 5,
        "avg_latency_ms": 23.5,
        "last_heartbeat": told["last_heartbeat"],
    }
    inferred = board["services"]["catalog"]
    assert (inferred["status"], inferred["request_count"], inferred["error_count"]) == ("degraded", 100, 4)
    assert not inferred.get("last_heartbeat")
    stats = board["realtime_stats"]
    assert set(stats) == {
        "requests_last_1min",
        "errors_last_1min",
        "active_connections",
        "top_endpoints",
        "recent_events",
    }
    assert stats["top_endpoints"][0] == {"endpoint": "/products", "count": 100, "avg_time_ms": pytest.approx(50.5)}
    assert [event["type"] for event in stats["recent_events"]] == ["purchase"]
    moment(board["updated_at"])


def test_service_metrics_have_percentiles(traffic: Suite) -> None:
    metrics = traffic.get("/services/catalog/metrics")
    assert metrics["request_count"] == 100
    assert metrics["error_rate"] == pytest.approx(4.0)
    for field, exact in (("p50_latency_ms", 50), ("p95_latency_ms", 95), ("p99_latency_ms", 99)):
        # Within 1 percent of a value between this rank and the next.
        assert exact * 0.99 <= metrics[field] <= (exact + 1) * 1.01
    assert metrics["endpoints"][0]["endpoint"] == "/products"
    assert traffic.http.get("/services/nobody/metrics").status_code == 404


def test_stats_count_what_is_stored(traffic: Suite) -> None:
    stats = traffic.get("/stats")
    assert stats["total_events"] == 101
    assert stats["events_by_type"] == {"request": 100, "purchase": 1}
    assert stats["total_heartbeats"] == 1
    assert stats["total_metrics"] == 1
    assert stats["active_services"] == 2


def test_health_is_one_superset_body(traffic: Suite) -> None:
    health = traffic.health()
    assert health["status"] == "healthy"
    assert set(health["components"]) >= {"collector", "aggregator", "streamer", "alerting"}

    def told_to_programs() -> dict[str, Any]:
        answer: dict[str, Any] = traffic.http.get("/", headers={"accept": "application/json"}).json()
        return answer

    eventually_sync(lambda: told_to_programs().get("status") == "healthy", "it is told at / to programs")
    page = traffic.http.get("/", headers={"accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "accept" in page.headers["vary"].lower()


def test_numbers_are_json_numbers(traffic: Suite) -> None:
    def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from strings(inner, f"{path}.{key}")
        elif isinstance(value, list):
            for inner in value:
                yield from strings(inner, path)
        elif isinstance(value, str):
            yield path, value

    for path in ("/dashboard", "/events", "/stats", "/services/catalog/metrics"):
        for where, text in strings(traffic.get(path)):
            assert not text.replace(".", "").isdigit(), f"{path}{where} is a number in quotes"


def test_the_socket_gives_snapshot_then_updates_and_events(traffic: Suite) -> None:
    with connect(f"ws://127.0.0.1:{traffic.port}/ws/dashboard") as socket:
        first = json.loads(socket.recv(timeout=30))
        assert first["type"] == "snapshot"
        assert set(first["data"]) == {"overview", "services", "realtime_stats", "updated_at"}
        assert first["data"]["overview"]["total_requests"] == 100
        assert first["data"]["realtime_stats"]["active_connections"] >= 1
        traffic.post(
            "/events", {"type": "search", "service": "frontend", "data": {"query": "lamp", "results_count": 3}}
        )
        seen: list[dict[str, Any]] = []
        kinds: Counter[str] = Counter()
        while kinds["dashboard_update"] < 5 or not kinds["event"]:
            seen.append(json.loads(socket.recv(timeout=30)))
            kinds[seen[-1]["type"]] += 1
            assert kinds["dashboard_update"] < 20
        (event,) = [message["data"] for message in seen if message["type"] == "event"]
        assert event["type"] == "search"
        assert event["data"] == {"query": "lamp", "results_count": 3}
        moments = [moment(m["data"]["updated_at"]) for m in seen if m["type"] == "dashboard_update"]
        gaps = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(moments)]
        # A busy machine may be late once, and the next comes all the sooner.
        assert 0.5 < statistics.median(gaps) < patience(2), gaps
