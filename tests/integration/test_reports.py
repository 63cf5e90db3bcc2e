"""The reports through the edge, by REST and by gRPC, with the demo's data."""

from collections.abc import Callable
from typing import Any

import grpc
import httpx
import pytest

from binnacle.aggregator.v1 import service_catalog_service_pb2 as pb, service_catalog_service_pb2_grpc
from tests.support.suite import Suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow]

Answer = dict[str, Any]


def once(suite: Suite, path: str, there: Callable[[Answer], Any], **parameters: Any) -> Answer:
    """The answer, once it holds what the demo tells."""
    answers: list[Answer] = []

    def holds() -> bool:
        answers.append(suite.get(path, **parameters))
        return bool(there(answers[-1]))

    eventually_sync(holds, f"{path} holds what the demo tells", within=90)
    return answers[-1]


def test_services_and_endpoints(suite: Suite) -> None:
    def beating(answer: Answer) -> bool:
        versions = {one["service"]: one.get("version") for one in answer["services"]}
        beats = sum(not one["inferred"] for one in answer["services"])
        return beats >= 12 and bool(versions.get("checkout")) and bool(answer["total"]["latency"]["p50_ms"])

    listed = once(suite, "/api/v1/services", beating)
    shop = next(one for one in listed["services"] if one["service"] == "checkout")
    assert shop["status"] in ("healthy", "degraded", "unhealthy")
    assert shop["version"].count(".") == 2
    assert isinstance(shop["uptime_hours"], float)
    assert listed["total"]["requests"] > 0
    assert listed["total"]["latency"]["p99_ms"] >= listed["total"]["latency"]["p50_ms"] > 0
    one = once(suite, "/api/v1/services/frontend", lambda answer: len(answer["endpoints"]) >= 2, window_seconds=600)
    assert one["endpoints"][0]["traffic"]["requests"] >= one["endpoints"][1]["traffic"]["requests"] > 0
    asked = {"order": "ORDER_SLOWEST", "page_size": 3}

    def pages_are_in_order() -> bool:
        # Of the newest second something may come between the pages.
        slowest = suite.get("/api/v1/endpoints", **asked)
        following = suite.get("/api/v1/endpoints", **asked, page_token=slowest["next_page_token"])
        pages = (*slowest["endpoints"], *following["endpoints"])
        latencies = [one["traffic"]["latency"]["p95_ms"] for one in pages]
        return len(slowest["endpoints"]) == 3 and latencies == sorted(latencies, reverse=True)

    eventually_sync(pages_are_in_order, "the slowest come first")


def test_traffic_over_time(suite: Suite) -> None:
    asked = {"window_seconds": 120, "step_seconds": 10, "by_service": True, "time_zone": "Europe/Berlin"}
    found = once(suite, "/api/v1/traffic", lambda answer: len(answer["series"]) >= 12, **asked)
    assert {len(series["points"]) for series in found["series"]} <= {12, 13}
    assert any(point["traffic"]["requests"] for point in found["series"][0]["points"])


def test_the_other_reports_move(suite: Suite) -> None:
    integrations = once(suite, "/api/v1/integrations", lambda answer: len(answer["integrations"]) >= 3)
    name = integrations["integrations"][0]["integration"]
    one = suite.get(f"/api/v1/integrations/{name}")
    assert one["integration"]["calls"]["calls"] > 0
    assert one["endpoints"]

    def scored(answer: Answer) -> bool:
        parts = {part["name"] for part in answer["optimization_score"]["parts"]}
        return len(answer["services"]) >= 12 and parts >= {"success", "budget"}

    reliability = once(suite, "/api/v1/reliability", scored)
    assert reliability["overall"]["uptime_percent"] > 0
    assert reliability["overall"]["budget"]["burn_rates"]

    def flowing(answer: Answer) -> bool:
        rows = {flow["kind"]: flow["rows"] for flow in answer["flows"]}
        connected, lag = answer["journals"][0]["connected"], answer["lag"]["p50_seconds"]
        return bool(rows.get("events", 0) > 0 and connected and lag > 0)

    once(suite, "/api/v1/pipeline", flowing)
    system = once(suite, "/api/v1/system", lambda answer: answer["machines"])
    assert system["machines"][0]["memory_percent"] > 0
    assert once(suite, "/api/v1/system", lambda answer: answer["databases"])["database_connections"] > 0
    agents = once(suite, "/api/v1/agents", lambda answer: answer["from_metric"])
    assert {kind["kind"] for kind in agents["kinds"]} >= {"sales", "support", "billing"}
    clients = once(suite, "/api/v1/clients", lambda answer: answer["page_views"] and answer.get("load_time"))
    assert clients["active_clients"] > 0
    changes = once(suite, "/api/v1/changes", lambda answer: answer["changes"], kind="deploy")
    assert {change["kind"] for change in changes["changes"]} == {"deploy"}
    assert isinstance(suite.get("/api/v1/outages")["outages"], list)


def test_services_by_grpc(suite: Suite) -> None:
    once(suite, "/api/v1/services", lambda answer: answer["total"]["requests"])
    with grpc.insecure_channel(f"127.0.0.1:{suite.port}") as channel:
        stub: Any = service_catalog_service_pb2_grpc.ServiceCatalogServiceStub(channel)
        assert stub.ListServices(pb.ListServicesRequest()).total.requests > 0


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/services/nobody", 404),
        ("/api/v1/integrations/nobody", 404),
        ("/api/v1/services?window_seconds=99999999", 400),
        ("/api/v1/traffic?step_seconds=7", 400),
        ("/api/v1/reliability?target_percent=3", 400),
        ("/api/v1/changes?kind=x", 400),
        ("/api/v1/system?no_such_field=1", 400),
    ],
)
def test_bad_questions_have_a_status_of_their_own(suite: Suite, path: str, status: int) -> None:
    answer: httpx.Response = suite.http.get(path)
    assert answer.status_code == status, answer.text
