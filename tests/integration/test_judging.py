"""Rules of several kinds through the edge: how they fare, why they fire, what they would have done."""

import time
from typing import Any

import pytest

from tests.support.outages import patience
from tests.support.suite import Suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(300)]
RULES = "/api/v1/rules"
METRIC = "judging_heat"
BOOM = {"field": "type", "values": ["boom"]}


def heat(function: str, metric: str = METRIC) -> dict[str, Any]:
    return {"threshold": {"expressions": [{"selection": {"metric": metric, "function": function, "window": "60s"}}]}}


KINDS: dict[str, tuple[dict[str, Any], float | None]] = {
    "judging-last": (heat("FUNCTION_LAST"), 5.0),
    "judging-average": (heat("FUNCTION_AVERAGE"), 5.0),
    "judging-unknown": (heat("FUNCTION_AVERAGE", "judging_nothing"), 5.0),
    "judging-match": (
        {"event_match": {"conditions": [{"field": "type", "values": ["boom"]}], "by": ["service"]}},
        None,
    ),
    "judging-both": (
        {"composite": {"formula": {"all": {"formulas": [{"rule": "judging-last"}, {"rule": "judging-average"}]}}}},
        None,
    ),
}


def rule(rule_id: str, **told: Any) -> dict[str, Any]:
    condition, threshold = KINDS[rule_id]
    level = {"severity": "SEVERITY_WARNING"} | ({} if threshold is None else {"threshold": threshold})
    return {"id": rule_id, "name": rule_id, "condition": condition, "levels": [level], "interval": "1s", **told}


def firing(suite: Suite, rule_id: str) -> list[dict[str, Any]]:
    alerts = suite.http.get("/api/v1/alerts", params={"rule_id": rule_id}).json()["alerts"]
    return [alert for alert in alerts if alert["state"].lower().endswith("firing")]


def health(suite: Suite, rule_id: str) -> tuple[str, str]:
    status = suite.http.get(f"{RULES}/{rule_id}").raise_for_status().json()["status"]
    return status["health"].removeprefix("HEALTH_"), status["problem"]


def moment(seconds: float) -> str:
    """A whole second, so far from now."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def test_rules_of_several_kinds_fire_and_say_how_they_fare(suite: Suite) -> None:
    for rule_id in KINDS:
        suite.http.post(RULES, json=rule(rule_id)).raise_for_status()

    def all_fire() -> bool:
        suite.http.post("/metrics", json={"name": METRIC, "value": 9, "tags": {"host": "a"}}).raise_for_status()
        suite.http.post("/events", json={"type": "boom", "service": "shop", "data": {}}).raise_for_status()
        return all(firing(suite, rule_id) for rule_id in KINDS if rule_id != "judging-unknown")

    eventually_sync(all_fire, "the rules fire", within=patience(40))
    assert [alert["labels"] for alert in firing(suite, "judging-match")] == [{"service": "shop"}]
    eventually_sync(lambda: health(suite, "judging-unknown")[0] == "HOPELESS", "it can never fire", within=patience(30))
    assert "judging_nothing" in health(suite, "judging-unknown")[1]
    for rule_id in ("judging-last", "judging-both"):
        eventually_sync(lambda: health(suite, rule_id) == ("GOOD", ""), f"{rule_id} fares well", within=patience(30))  # noqa: B023 - called at once

    explained = suite.http.post(f"{RULES}/judging-average/explain", json={}).raise_for_status().json()
    [why] = explained["explanations"]
    assert why["labels"] == {"host": "a"}
    assert why["text"].startswith("9 is above 5 (warning). It fires since")
    assert [part["name"] for part in why["parts"]] == ["a"]
    assert len(why["series"][0]["values"]) == len(why["times_unix_ms"])

    trials: list[dict[str, Any]] = []

    def is_tried() -> bool:
        # What was judged as it came may not be in the store yet, and a second that has begun is no whole one.
        asked = {"rule": rule("judging-last"), "start_time": moment(-300), "end_time": moment(0)}
        trials.append(suite.http.post(f"{RULES}:test", json=asked).raise_for_status().json())
        return bool(trials[-1]["total"])

    eventually_sync(is_tried, "it would have fired", within=patience(20))
    trial = trials[-1]
    assert (trial["total"], trial["fired"], trial["groups"]) == (1, 1, 1)
    assert [step["what"] for step in trial["alerts"][0]["steps"]] == ["firing"]
    for rule_id in KINDS:
        suite.http.delete(f"{RULES}/{rule_id}").raise_for_status()
