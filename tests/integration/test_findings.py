"""Events, log lines, errors and traces through the edge, by REST and by gRPC."""

import secrets
import time
from typing import Any

import grpc
import pytest

from binnacle.aggregator.v1 import log_service_pb2 as pb, log_service_pb2_grpc
from binnacle.query.v1.filters_pb2 import AttributeCondition, LogFilter
from tests.support.suite import Suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow]

TRACE = secrets.token_hex(16)
ROOT, CALL, ANSWER = (secrets.token_hex(8) for _span in range(3))
SHOP, BANK = f"shop-{TRACE[:6]}", f"bank-{TRACE[:6]}"


def text(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


def span(span_id: str, parent: str, name: str, kind: int, start: int, length: int, **more: Any) -> dict[str, Any]:
    times = {"startTimeUnixNano": str(start), "endTimeUnixNano": str(start + length)}
    return {"traceId": TRACE, "spanId": span_id, "parentSpanId": parent, "name": name, "kind": kind, **times, **more}


def told(suite: Suite) -> None:
    """One trace of two services with its log lines, as OpenTelemetry has them, in JSON."""
    now = time.time_ns() - 10_000_000_000
    raised = [text("exception.type", "Declined"), text("exception.message", "card 4711 declined")]
    failed = {"status": {"code": 2}, "events": [{"timeUnixNano": str(now), "name": "exception", "attributes": raised}]}
    by_service = {
        SHOP: [span(ROOT, "", "POST /buy", 2, now, 9_000_000), span(CALL, ROOT, "charge", 3, now + 10**6, 7_000_000)],
        BANK: [span(ANSWER, CALL, "charge", 2, now + 2 * 10**6, 5_000_000, **failed)],
    }
    resources = [
        {"resource": {"attributes": [text("service.name", service)]}, "scopeSpans": [{"spans": spans}]}
        for service, spans in by_service.items()
    ]
    assert suite.http.post("/v1/traces", json={"resourceSpans": resources}).status_code == 200
    lines = [
        {
            "timeUnixNano": str(now + number),
            "severityNumber": 9,
            "body": {"stringValue": f"order {number} taken"},
            "traceId": TRACE,
            "attributes": [text("plan", "pro" if number % 2 else "free")],
        }
        for number in range(6)
    ]
    logs = {"resource": {"attributes": [text("service.name", SHOP)]}, "scopeLogs": [{"logRecords": lines}]}
    assert suite.http.post("/v1/logs", json={"resourceLogs": [logs]}).status_code == 200


@pytest.fixture(scope="module")
def telling(suite: Suite) -> Suite:
    """The suite, once it knows what was told."""
    told(suite)
    asked = {"filter.services": SHOP}
    eventually_sync(lambda: len(suite.get("/api/v1/logs", **asked)["lines"]) == 6, "the lines are stored", within=40)
    eventually_sync(lambda: len(suite.get("/api/v1/traces", **asked)["traces"]) == 1, "the trace is stored", within=40)
    return suite


def test_log_lines(telling: Suite) -> None:
    asked = {"filter.services": SHOP, "filter.text": "ORDER taken -3", "filter.levels": "LOG_LEVEL_INFO"}
    page = telling.get("/api/v1/logs", **asked, page_size=3, with_total=True)
    assert [line["message"] for line in page["lines"]] == ["order 5 taken", "order 4 taken", "order 2 taken"]
    assert page["total"] == 5
    following = telling.get("/api/v1/logs", **asked, page_size=3, with_total=True, page_token=page["next_page_token"])
    assert [line["message"] for line in following["lines"]] == ["order 1 taken", "order 0 taken"]
    line_id = page["lines"][1]["line_id"]
    around = telling.get(f"/api/v1/logs/{line_id}/context", before=1, after=1)
    assert [around[place][0]["message"] for place in ("before", "after")] == ["order 3 taken", "order 5 taken"]
    patterns = telling.get("/api/v1/logs/patterns", **{"filter.services": SHOP})
    assert [(one["template"], one["count"]) for one in patterns["patterns"]] == [("order <*> taken", 6)]
    histogram = telling.get("/api/v1/logs/histogram", **{"filter.services": SHOP})["histogram"]
    assert [(series["name"], series["total"]) for series in histogram["series"]] == [("info", 6)]
    plan = {"path": ["plan"], "operator": "OPERATOR_EQUAL", "text": "pro"}
    found = telling.http.post("/api/v1/logs/search", json={"filter": {"services": [SHOP], "attributes": [plan]}})
    assert len(found.json()["lines"]) == 3
    refused = telling.http.get("/api/v1/logs", params={"filter.pattern": "(a"})
    assert refused.status_code == 400
    assert "filter.pattern" in refused.text


def test_log_lines_by_grpc(telling: Suite) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{telling.port}") as channel:
        logs: Any = log_service_pb2_grpc.LogServiceStub(channel)
        plan = AttributeCondition(path=["plan"], operator=AttributeCondition.OPERATOR_NOT_EQUAL, text="pro")
        found = logs.ListLogs(pb.ListLogsRequest(filter=LogFilter(trace_id=TRACE, attributes=[plan])), timeout=10)
        assert [line.message for line in found.lines] == ["order 4 taken", "order 2 taken", "order 0 taken"]


def test_traces_and_the_map(telling: Suite) -> None:
    listed = telling.get("/api/v1/traces", **{"filter.services": BANK, "filter.failed": True})
    [trace] = listed["traces"]
    assert (trace["trace_id"], trace["service"], trace["operation"]) == (TRACE, SHOP, "POST /buy")
    whole = telling.get(f"/api/v1/traces/{TRACE}")
    assert [(one["service"], one["depth"]) for one in whole["spans"]] == [(SHOP, 0), (SHOP, 1), (BANK, 2)]
    assert [one["self_ms"] for one in whole["spans"]] == [2, 2, 5]
    assert len(whole["logs"]) == 6

    def edges() -> dict[tuple[str, str], tuple[float, float]]:
        drawn = telling.get("/api/v1/service-map")
        return {(edge["caller"], edge["callee"]): (edge["calls"], edge["errors"]) for edge in drawn["edges"]}

    # What somebody asked for a moment ago is told again.
    eventually_sync(lambda: edges().get((SHOP, BANK)) == (1, 1), "the call is drawn")


def test_errors(telling: Suite) -> None:
    [group] = telling.get("/api/v1/errors", **{"filter.services": BANK})["groups"]
    assert (group["type"], group["message"], group["count"]) == ("Declined", "card <*> declined", 1)
    one = telling.get(f"/api/v1/errors/{group['fingerprint']}")["group"]
    assert one["sample"]["trace_id"] == TRACE
    errors = telling.get(f"/api/v1/errors/{group['fingerprint']}/occurrences")["occurrences"]
    assert [error["message"] for error in errors] == ["card 4711 declined"]


def test_events(telling: Suite) -> None:
    asked = {"filter.types": "request", "filter.services": "frontend"}
    eventually_sync(lambda: telling.get("/api/v1/events/search", **asked)["events"], "the demo tells", within=30)
    request = {"filter": {"types": ["request"], "attributes": [{"path": ["status_code"], "number": 200}]}}

    def statuses() -> set[int]:
        found = telling.http.post("/api/v1/events/search", json={**request, "page_size": 5}).json()
        return {event["data"]["status_code"] for event in found["events"]}

    eventually_sync(lambda: statuses() != set(), "one went well", within=30)
    assert statuses() == {200}

    def types() -> set[str]:
        histogram = telling.get("/api/v1/events/histogram", split="SPLIT_TYPE")["histogram"]
        return {series["name"] for series in histogram["series"]}

    eventually_sync(lambda: "request" in types(), "requests are in the histogram")
    exemplars = telling.get("/api/v1/exemplars", metric="no.such.metric")
    assert exemplars["exemplars"] == []


def test_the_demo_has_traces(telling: Suite) -> None:
    def calls() -> set[tuple[str, str]]:
        return {(edge["caller"], edge["callee"]) for edge in telling.get("/api/v1/service-map")["edges"]}

    wanted = {("frontend", "gateway"), ("gateway", "accounts-db")}
    eventually_sync(lambda: wanted <= calls(), "the demo's services call each other", within=90)
    kinds = {node["name"]: node["kind"] for node in telling.get("/api/v1/service-map")["nodes"]}
    assert (kinds["gateway"], kinds["accounts-db"]) == ("KIND_SERVICE", "KIND_DATABASE")
    longest = telling.get("/api/v1/traces", order="TRACE_ORDER_LONGEST", **{"filter.services": "frontend"})
    assert all(trace["span_count"] >= 3 for trace in longest["traces"] if trace["service"] == "frontend")
