"""Who is told of incidents, as an operator sets it up: from a file, tried before it is needed."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.suite import BINNACLE, Suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(300)]
NOTIFIERS = "/api/v1/notifiers"
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
