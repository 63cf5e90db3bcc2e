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
    eventually_sync(lambda: bool(there(suite.get(path, **parameters))), f"{path} holds what the demo tells", within=60)
    return dict(suite.get(path, **parameters))


def test_services_and_endpoints(suite: Suite) -> None:
    def beating(answer: Answer) -> bool:
        return sum(not one["inferred"] for one in answer["services"]) >= 12

    listed = once(suite, "/api/v1/services", beating)
    shop = next(one for one in listed["services"] if one["service"] == "checkout")
    assert shop["status"] in ("healthy", "degraded", "unhealthy")
    assert shop["version"].count(".") == 2
    assert isinstance(shop["uptime_hours"], float)
    assert listed["total"]["requests"] > 0
    assert listed["total"]["latency"]["p99_ms"] >= listed["total"]["latency"]["p50_ms"] > 0
    one = once(suite, "/api/v1/services/frontend", lambda answer: len(answer["endpoints"]) >= 2, window_seconds=600)
    assert one["endpoints"][0]["traffic"]["requests"] >= one["endpoints"][1]["traffic"]["requests"] > 0
    slowest = suite.get("/api/v1/endpoints", order="ORDER_SLOWEST", page_size=3)
    assert len(slowest["endpoints"]) == 3
    following = suite.get(
        "/api/v1/endpoints", order="ORDER_SLOWEST", page_size=3, page_token=slowest["next_page_token"]
    )
    latencies = [one["traffic"]["latency"]["p95_ms"] for one in (*slowest["endpoints"], *following["endpoints"])]
    assert latencies == sorted(latencies, reverse=True)


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
    reliability = once(suite, "/api/v1/reliability", lambda answer: len(answer["services"]) >= 12)
    assert reliability["overall"]["uptime_percent"] > 0
    assert reliability["overall"]["budget"]["burn_rates"]
    assert {part["name"] for part in reliability["optimization_score"]["parts"]} >= {"success", "budget"}
    pipeline = suite.get("/api/v1/pipeline")
    assert {flow["kind"]: flow["rows"] for flow in pipeline["flows"]}["events"] > 0
    assert pipeline["journals"][0]["connected"]
    assert pipeline["lag"]["p50_seconds"] > 0
    system = once(suite, "/api/v1/system", lambda answer: answer["machines"])
    assert system["machines"][0]["memory_percent"] > 0
    assert once(suite, "/api/v1/system", lambda answer: answer["databases"])["database_connections"] > 0
    agents = once(suite, "/api/v1/agents", lambda answer: answer["from_metric"])
    assert {kind["kind"] for kind in agents["kinds"]} >= {"sales", "support", "billing"}
    clients = once(suite, "/api/v1/clients", lambda answer: answer["page_views"] and answer.get("load_time"))
    assert clients["active_clients"] > 0
    changes = suite.get("/api/v1/changes", kind="deploy")
    assert {change["kind"] for change in changes["changes"]} == {"deploy"}
    assert isinstance(suite.get("/api/v1/outages")["outages"], list)


def test_services_by_grpc(suite: Suite) -> None:
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
