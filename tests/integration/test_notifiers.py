"""Who is told of incidents, as an operator sets it up: from a file, tried before it is needed."""

import os
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.outages import patience
from tests.support.suite import BINNACLE, Suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(300)]
NOTIFIERS, SILENCES = "/api/v1/notifiers", "/api/v1/silences"
TOKYO, NIGHTS, NIGHTLY = ZoneInfo("Asia/Tokyo"), ("held", "told"), "nightly work"
FILE = """
receivers:
  - {id: ops-chat, slack: {webhook_url: "${OPS_CHAT}"}}
  - {id: desk, webhook: {url: "http://127.0.0.1:9/hook"}, template: {title: "{{heading}}: {{title}}"}}
  - {id: ann, webhook: {url: "https://192.0.2.10/ann"}}
rotations:
  - id: on-call
    people: [{name: Ann, receivers: [ann]}]
    first_day: "2026-01-05"
    hand_over: "09:00"
    time_zone: Europe/Berlin
    overrides: [{start_time: "2026-02-01T00:00:00Z", end_time: "2026-02-02T00:00:00Z", person: Ann}]
escalations:
  - {id: nobody-came, steps: [{after: 10m, tell: [on-call]}]}
routes:
  - {matchers: [service="nobody-has-this"], tell: [ops-chat], escalation: nobody-came}
"""
SECRET = "https://hooks.slack.com/services/T0/B0/nobody-may-see-this"


@pytest.fixture
def file(suite: Suite, tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "notifiers.yaml"
    path.write_text(FILE)
    yield path
    suite.http.put(NOTIFIERS, json={"notifiers": {}}).raise_for_status()


@pytest.fixture
def nights(suite: Suite, file: Path) -> Iterator[None]:
    """A rule about each of two metrics, of which somebody is told."""
    file.write_text(FILE.replace("routes:", 'routes:\n  - {matchers: [team="night"], tell: [desk]}'))
    assert run(suite, "apply", str(file)).returncode == 0
    for name in NIGHTS:
        selection = {"metric": f"night_{name}", "function": "FUNCTION_LAST"}
        rule = {
            "id": f"night-{name}",
            "name": f"Night {name}",
            "condition": {"threshold": {"expressions": [{"selection": selection}]}},
            "levels": [{"severity": "SEVERITY_WARNING", "threshold": 5}],
            "labels": {"team": "night"},
        }
        suite.http.post("/api/v1/rules", json=rule).raise_for_status()
    yield
    for name in NIGHTS:
        suite.http.delete(f"/api/v1/rules/night-{name}").raise_for_status()
    for silence in suite.http.get(SILENCES).json()["silences"]:
        if silence["comment"] == NIGHTLY:
            suite.http.delete(f"{SILENCES}/{silence['id']}").raise_for_status()


def run(suite: Suite, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(BINNACLE), "notifiers", *arguments, "--url", suite.url]
    environment = {**os.environ, "OPS_CHAT": SECRET}
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False, env=environment)


def test_a_file_is_set_up_as_it_stands_and_comes_back_without_its_secrets(suite: Suite, file: Path) -> None:
    assert run(suite, "diff", str(file)).returncode == 1
    assert run(suite, "apply", str(file)).returncode == 0
    assert run(suite, "diff", str(file)).returncode == 0
    exported = run(suite, "export").stdout
    assert "nobody-came" in exported
    file.write_text(exported)
    # Secrets that are left out are those that were there.
    assert run(suite, "apply", str(file)).stderr.strip() == "Notifiers: as they were."
    shown = suite.http.get(NOTIFIERS).json()
    assert shown["notifiers"]["receivers"][0]["secrets"] == ["webhook_url"]
    assert shown["on_call"][0]["person"] == "Ann"
    assert SECRET not in exported + str(shown) + str(suite.http.get("/api/v1/audit").json())
    previewed = suite.http.post(f"{NOTIFIERS}:preview", json={"labels": {"service": "nobody-has-this"}}).json()
    told = [(one["after"], one["receiver_id"], one["person"]) for one in previewed["notifications"]]
    assert told == [("0s", "ops-chat", ""), ("600s", "ann", "Ann")]


def test_a_test_says_why_it_does_not_arrive_and_is_listed(suite: Suite, file: Path) -> None:
    assert run(suite, "apply", str(file)).returncode == 0
    tried = run(suite, "test", "desk")
    assert tried.returncode == 1
    assert "not allowed by name" in tried.stdout
    wanted = {"receiver_id": "desk", "outcome": "OUTCOME_GIVEN_UP"}

    def is_listed() -> bool:
        found = suite.http.get(f"{NOTIFIERS}/deliveries", params=wanted).json()["deliveries"]
        return [(one["reason"], one["kind"]) for one in found] == [("REASON_TEST", "webhook")]

    eventually_sync(is_listed, "the attempt is listed", within=30)
    listed = run(suite, "deliveries", "--receiver", "desk", "--outcome", "given-up").stdout
    assert " desk given-up: TEST: Binnacle reaches you: 127.0.0.1 is an address of this machine" in listed
    assert run(suite, "deliveries", "--receiver", "desk", "--outcome", "delivered").stdout == ""
    wanted["outcome"] = "OUTCOME_DELIVERED"
    assert suite.http.get(f"{NOTIFIERS}/deliveries", params=wanted).json()["deliveries"] == []


def test_what_is_wrong_in_a_file_is_named(suite: Suite, file: Path) -> None:
    file.write_text(FILE.replace("tell: [ops-chat]", "tell: [nobody]"))
    refused = run(suite, "apply", str(file))
    assert refused.returncode != 0
    assert "nobody" in refused.stderr
    file.write_text(FILE.replace("${OPS_CHAT}", "${LACKING}"))
    assert "LACKING" in run(suite, "apply", str(file)).stderr


def test_a_recurring_silence_holds_a_notification_back_in_its_window_and_lets_it_go_after(
    suite: Suite, nights: None
) -> None:
    begins = datetime.now(TOKYO).replace(second=0, microsecond=0) - timedelta(hours=1)
    window = {"from": f"{begins:%H:%M}", "duration": "10800s", "weekdays": [begins.isoweekday()]}
    holding = _silenced(suite, "held", {**window, "time_zone": "Asia/Tokyo"})
    assert holding["phase"] == "PHASE_HOLDING"
    # The same on another day of the week, and by another clock, is not now.
    other_day = [begins.isoweekday() % 7 + 1]
    for others in ({"weekdays": other_day, "time_zone": "Asia/Tokyo"}, {"weekdays": [], "time_zone": "UTC"}):
        assert _silenced(suite, "told", {**window, **others})["phase"] == "PHASE_WAITING"
    eventually_sync(lambda: _sends_and_has(suite, "told"), "what is not held back is told", within=patience(20))
    eventually_sync(lambda: _silenced_by(suite, "held") == [holding["id"]], "the alert is marked", within=patience(20))
    assert _told(suite, "held") == []

    ends = datetime.now(TOKYO) + timedelta(seconds=3)
    window["duration"] = f"{(ends - begins).total_seconds():.3f}s"
    holding["recurrence"] = {**window, "time_zone": "Asia/Tokyo"}
    suite.http.put(f"{SILENCES}/{holding['id']}", json=holding).raise_for_status()
    eventually_sync(lambda: bool(_told(suite, "held")), "it is told afterwards", within=patience(20))
    [told] = _told(suite, "held")
    assert datetime.fromisoformat(told["time"]) >= ends
    assert told["reason"] == "REASON_OPENED"
    assert _silenced_by(suite, "held") == []


def _silenced(suite: Suite, name: str, recurrence: dict[str, Any]) -> dict[str, Any]:
    """A silence of one of these rules, as it stands."""
    matcher = {"label": "__rule__", "value": f"night-{name}"}
    given = {"matchers": [matcher], "comment": NIGHTLY, "recurrence": recurrence}
    made: dict[str, Any] = suite.http.post(SILENCES, json=given).raise_for_status().json()["silence"]
    return made


def _sends_and_has(suite: Suite, name: str) -> bool:
    samples = [{"name": f"night_{one}", "value": 9, "tags": {"service": f"night-{one}"}} for one in NIGHTS]
    suite.http.post("/metrics", json=samples).raise_for_status()
    return bool(_told(suite, name))


def _told(suite: Suite, name: str) -> list[dict[str, Any]]:
    """Attempts to tell of an alert of one of these rules."""
    found: list[dict[str, Any]] = suite.http.get(f"{NOTIFIERS}/deliveries").json()["deliveries"]
    return [one for one in found if f"Night {name}" in one["title"]]


def _silenced_by(suite: Suite, name: str) -> list[str] | None:
    """What holds back the alert of one of these rules; None where there is none."""
    alerts = suite.http.get("/api/v1/alerts", params={"rule_id": f"night-{name}", "active": True}).json()["alerts"]
    return alerts[0]["silenced_by"] if alerts else None
