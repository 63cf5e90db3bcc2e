"""Bad input gets a clear error that names the field, and harms nothing else."""

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.support.suite import Suite, running_suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow]


@pytest.fixture(scope="module")
def quiet() -> Iterator[Suite]:
    with running_suite() as running:
        yield running


def fields(answer: httpx.Response) -> set[str]:
    """The fields an error names; checks its form."""
    assert answer.headers["content-type"].startswith("application/json"), answer.text
    body = answer.json()
    assert body["message"], body
    return {v["field"] for detail in body["details"] for v in detail.get("field_violations", ())}


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/events", '{"service": "a"}', "type"),
        ("/events", '{"type": 7}', "type"),
        ("/events", '{"type": "x", "service": ["a"]}', "service"),
        ("/events", '{"type": "x", "colour": "red"}', "colour"),
        ("/events", '{"type": "x", "timestamp": "2001-01-01T00:00:00Z"}', "timestamp"),
        ("/events", '{"type": "x", "timestamp": "tomorrow"}', "timestamp"),
        ("/metrics", '{"value": 1}', "name"),
        ("/metrics", '{"name": "x"}', "value"),
        ("/metrics", '{"name": "x", "value": "12.5"}', "value"),
        ("/metrics", '{"name": "x", "value": NaN}', "value"),
        ("/metrics", '{"name": "x", "value": 1, "timestamp": 95000000000}', "timestamp"),
        ("/heartbeat", '{"service": "a"}', "status"),
        ("/heartbeat", '{"service": "a", "status": "healthy", "metrics": {"uptime": "long"}}', "metrics.uptime"),
    ],
)
def test_a_rule_that_is_broken_names_the_field(quiet: Suite, path: str, body: str, field: str) -> None:
    answer = quiet.http.post(path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400, answer.text
    if "NaN" in body:
        assert "NaN" in answer.text or "nan" in answer.text or "malformed" in answer.text
    else:
        assert any(field in named for named in fields(answer)), answer.text


@pytest.mark.parametrize("body", [b'{"type": ', b"\xff\xfe", b"", b"[", b"17", b'"text"', b"null"])
def test_broken_json_is_a_400(quiet: Suite, body: bytes) -> None:
    answer = quiet.http.post("/events", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert answer.json()["message"]


def test_good_points_beside_bad_ones_are_kept(quiet: Suite) -> None:
    before = quiet.get("/events", type="kept")["count"]
    answer = quiet.post("/events", [{"type": "kept"}, {"type": ""}, {"type": "kept"}, {"service": "x"}])
    assert (answer["accepted"], answer["rejected"]) == (2, 2)
    assert {r["field"] for r in answer["rejections"]} == {"events[1].type", "events[3].type"}
    eventually_sync(lambda: quiet.get("/events", type="kept")["count"] == before + 2, "the good ones are stored")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing/here", 404),
        ("POST", "/dashboard", 404),
        ("GET", "/events?colour=red", 400),
        ("GET", "/events?limit=many", 400),
        ("GET", "/events?limit=5000", 400),
        ("GET", "/api/v1/events?page_token=foreign", 400),
        ("GET", "/services/nobody/metrics", 404),
        ("GET", "/binnacle.aggregator.v1.AppendService/Append", 404),
    ],
)
def test_unknown_paths_and_parameters(quiet: Suite, method: str, path: str, status: int) -> None:
    answer = quiet.http.request(method, path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json()["message"]


def test_a_body_too_large_is_a_413(quiet: Suite) -> None:
    body = json.dumps([{"type": "large", "data": {"text": "x" * 1000}}] * 6000)
    answer = quiet.http.post("/events", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert answer.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("path", ["/api/v1/silences", "/api/v1/dashboards", "/api/v1/query"])
def test_one_field_too_large_is_a_413_where_bodies_become_messages(quiet: Suite, path: str) -> None:
    answer = quiet.http.post(path, json={"comment": "x" * 5 * 2**20})
    assert answer.status_code == 413
    assert answer.json()["message"]


def test_broken_protobuf_is_no_fault_of_ours(quiet: Suite) -> None:
    frame = b"\x00\x00\x00\x00\x04\xff\xff\xff\xff"
    answer = quiet.http.post(
        "/binnacle.collector.v1.IngestService/WriteEvents",
        content=frame,
        headers={"content-type": "application/grpc-web+proto", "x-grpc-web": "1"},
    )
    status = answer.headers.get("grpc-status") or answer.text.split("grpc-status:")[1].split()[0]
    assert status == "3"
    # Whatever came in, the suite goes on.
    assert quiet.health()["status"] == "healthy"


def test_nothing_of_it_was_stored(quiet: Suite) -> None:
    stats = quiet.get("/stats")
    assert set(stats["events_by_type"]) <= {"kept"}
    assert stats["total_metrics"] == 0
    assert stats["total_heartbeats"] == 0
