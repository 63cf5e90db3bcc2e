"""Limits through the edge: what a client that speaks REST is told, and what can be asked for afterwards."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.suite import Suite, running_suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow]

SETTINGS = {
    "BINNACLE_LIMIT_REQUEST_POINTS": "500",
    "BINNACLE_LIMIT_REQUEST_BYTES": "1000000",
    "BINNACLE_LIMIT_LABELS_PER_SERIES": "3",
    "BINNACLE_LIMIT_ACTIVE_SERIES": "20",
}


@pytest.fixture(scope="module")
def limits_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("limits") / "limits.toml"
    path.write_text("")
    return path


@pytest.fixture(scope="module")
def limited(limits_file: Path) -> Iterator[Suite]:
    with running_suite(environment={**SETTINGS, "BINNACLE_LIMITS_FILE": str(limits_file)}) as running:
        yield running


def post(suite: Suite, path: str, body: object) -> httpx.Response:
    return suite.http.post(path, content=json.dumps(body), headers={"content-type": "application/json"})


def violation(answer: httpx.Response, status: int = 400) -> tuple[str, str]:
    """Field and rule of a refusal."""
    assert answer.status_code == status, answer.text
    [told] = [v for detail in answer.json()["details"] for v in detail.get("field_violations", ())]
    return told["field"], told["description"]


def warned(suite: Suite, **wanted: str) -> dict[str, Any]:
    """The intake warning that matches, once it is stored."""

    def find() -> list[dict[str, Any]]:
        listed = suite.get("/api/v1/intake-warnings")["warnings"]
        return [one for one in listed if all(one[name] == value for name, value in wanted.items())]

    eventually_sync(lambda: bool(find()), f"a warning of {wanted} is stored", within=40)
    return find()[0]


def test_too_many_points_and_too_many_bytes(limited: Suite) -> None:
    field, rule = violation(post(limited, "/events", [{"type": "a"}] * 501), 413)
    assert (field, rule) == ("events", "must hold at most 500 points (limit request_points); send it in parts")
    field, rule = violation(post(limited, "/events", [{"type": "a", "data": {"text": "x" * 10_000}}] * 120), 413)
    assert rule == "must be at most 1,000,000 bytes (limit request_bytes); send it in parts"
    huge = post(limited, "/events", [{"type": "a", "data": {"text": "x" * 10_000}}] * 500)
    assert (huge.status_code, huge.json()["details"][0]["domain"]) == (413, "binnacle")
    assert warned(limited, reason="request_size", field="events")["kind"] == "events"


def test_too_many_labels(limited: Suite) -> None:
    tags = {"a": "1", "b": "2", "c": "3", "token": "hunter2"}
    field, rule = violation(post(limited, "/metrics", {"name": "cpu", "value": 1, "tags": tags}))
    assert (field, rule) == ("tags", "must be at most 3 labels (limit labels_per_series)")
    told = warned(limited, reason="rule", source="cpu")
    assert told["sample"] == 'cpu{a="1", b="2", c="3", token="***"}'


def test_a_time_out_of_the_clock_skew(limited: Suite) -> None:
    answer = post(limited, "/events", {"type": "a", "service": "late", "timestamp": time.time() - 90_000})
    assert violation(answer) == ("timestamp", "must be within 24 hours of now")
    assert warned(limited, reason="clock_skew")["source"] == "late"


def test_a_cardinality_bomb_is_stopped_and_what_is_there_goes_on(limited: Suite) -> None:
    good = [{"name": "good", "value": 1, "tags": {"n": n}} for n in range(20)]
    assert post(limited, "/metrics", good).json()["accepted"] == 20
    bomb = [{"name": "bomb", "value": 1, "tags": {"n": n}} for n in range(200)]
    mixed = post(limited, "/metrics", good + bomb).json()
    assert (mixed["accepted"], mixed["rejected"]) == (20, 200)
    assert mixed["rejections"][0]["field"] == "metrics[20].name"
    _field, rule = violation(post(limited, "/metrics", bomb[0]))
    assert "20 series were written within the last hour (limit active_series)" in rule

    def summed() -> bool:
        return bool(warned(limited, reason="active_series", field="metrics.name")["count"] == 200)

    eventually_sync(summed, "every point is counted", within=40)
    eventually_sync(lambda: limited.get("/stats")["total_metrics"] >= 40, "the good ones are stored")


def test_more_than_the_rate_is_429_with_retry_after(limited: Suite, limits_file: Path) -> None:
    limits_file.write_text("[tenants.default]\npoints_per_second = 10\nburst_seconds = 1\n")
    answers: list[httpx.Response] = []

    def over() -> bool:
        answers.append(post(limited, "/events", [{"type": "a"}] * 30))
        return answers[-1].status_code != 200

    eventually_sync(over, "the rate is exceeded")
    refused = answers[-1]
    assert refused.status_code == 429, refused.text
    assert 1 <= int(refused.headers["retry-after"]) <= 5
    assert "10 points per second (limit points_per_second)" in refused.json()["message"]
    limits_file.write_text("")
    eventually_sync(lambda: post(limited, "/events", {"type": "a"}).status_code == 200, "the limit is lifted")
    assert warned(limited, reason="rate")["kind"] == "events"


def test_warnings_are_filtered_and_paged(limited: Suite) -> None:
    post(limited, "/logs", {"message": ""})
    warned(limited, kind="logs")
    listed = limited.get("/api/v1/intake-warnings", kind="logs")["warnings"]
    assert {one["kind"] for one in listed} == {"logs"}
    first = limited.get("/api/v1/intake-warnings", page_size=1)
    assert len(first["warnings"]) == 1
    second = limited.get("/api/v1/intake-warnings", page_size=1, page_token=first["next_page_token"])
    assert second["warnings"] != first["warnings"]
    early = limited.get("/api/v1/intake-warnings", end_time="2020-01-01T00:00:00Z")
    assert early["warnings"] == []
    bad = limited.http.get("/api/v1/intake-warnings", params={"page_size": 5_000})
    assert bad.status_code == 400
