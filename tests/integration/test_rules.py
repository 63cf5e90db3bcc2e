"""Rules as an operator has them: by REST, as files, tried before they are applied; silences over them."""

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.launcher.edge import MAX_BODY_BYTES, MAX_LARGE_BYTES
from services.runtime.yaml_files import load
from tests.support.outages import patience
from tests.support.suite import BINNACLE, Suite
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(300)]
RULES, SILENCES = "/api/v1/rules", "/api/v1/silences"
READY_MADE = Path(__file__).with_name("ready_made_test.yaml")

FILE = """
rules:
  - id: queue-long
    name: The queue is long
    condition:
      threshold: {expressions: [{selection: {metric: rules_queue, function: last}}]}
    levels: [{severity: critical, threshold: 100, recovery_threshold: 50}]
"""
TESTS = """
rule_files: [rules.yaml]
tests:
  - name: it fires until it is short enough
    interval: 10s
    series:
      - {metric: rules_queue, labels: {host: a}, values: "10 200 60 60 40 40 40"}
      - {metric: rules_queue, labels: {host: b}, values: "10x6"}
    expect:
      - {at: 5s, rule: queue-long}
      - {at: 12s, rule: queue-long, alerts: [{severity: critical, labels: {host: a}, value: 200}]}
      - {at: 35s, rule: queue-long, alerts: [{labels: {host: a}}]}
      - {at: 45s, rule: queue-long}
  - name: this one is wrong
    interval: 10s
    series:
      - {metric: rules_queue, labels: {host: a}, values: "200x6"}
    expect:
      - {at: 35s, rule: queue-long}
"""


def rule(metric: str, **told: Any) -> dict[str, Any]:
    selection = {"metric": metric, "function": "FUNCTION_LAST"}
    return {
        "name": f"Too much {metric}",
        "condition": {"threshold": {"expressions": [{"selection": selection}]}},
        "levels": [{"severity": "SEVERITY_WARNING", "threshold": 5}],
        **told,
    }


def run(suite: Suite, *arguments: str) -> subprocess.CompletedProcess[str]:
    options = [] if arguments[0] in ("import", "test") else ["--url", suite.url]
    command = [str(BINNACLE), "rules", *arguments, *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


def created(suite: Suite, held: dict[str, Any]) -> dict[str, Any]:
    answer = suite.http.post(RULES, json=held)
    assert answer.is_success, answer.text
    made: dict[str, Any] = answer.json()["rule"]
    return made


def send(suite: Suite, metric: str, value: float) -> None:
    answer = suite.http.post("/metrics", json={"name": metric, "value": value, "tags": {"host": "a"}})
    answer.raise_for_status()


def firing(suite: Suite, rule_id: str) -> list[dict[str, Any]]:
    alerts = suite.http.get("/api/v1/alerts", params={"rule_id": rule_id}).json()["alerts"]
    return [alert for alert in alerts if alert["state"].lower().endswith("firing")]


def refused(answer: httpx.Response) -> list[str]:
    [told] = [each for each in answer.json()["details"] if "field_violations" in each or "fieldViolations" in each]
    violations = told.get("field_violations") or told["fieldViolations"]
    return [each["field"] for each in violations]


def test_a_rule_is_judged_as_soon_as_it_is_created_and_as_it_is_changed(suite: Suite) -> None:
    made = created(suite, rule("rules_temperature"))
    assert made["id"] == "too-much-rules-temperature"
    path = f"{RULES}/{made['id']}"

    def fires() -> bool:
        send(suite, "rules_temperature", 6)
        return bool(firing(suite, made["id"]))

    eventually_sync(fires, "the new rule fires", within=patience(20))
    made["levels"][0].update(threshold=7, recovery_threshold=7)
    changed = suite.http.put(path, json=made).raise_for_status().json()["rule"]
    assert int(changed["version"]) > int(made["version"])
    assert suite.http.put(path, json=made).status_code == httpx.codes.CONFLICT

    def is_over() -> bool:
        send(suite, "rules_temperature", 6)
        return not firing(suite, made["id"])

    eventually_sync(is_over, "the changed rule does not fire", within=patience(20))
    told = suite.http.get(path).raise_for_status().json()
    assert told["rule"]["origin"] == "ORIGIN_CALL"
    assert told["status"]["rule_id"] == made["id"]
    suite.http.delete(path).raise_for_status()
    gone = suite.http.get(path)
    assert gone.status_code == httpx.codes.NOT_FOUND, gone.text + suite.log()[-8000:]


def test_what_is_wrong_with_a_rule_is_named(suite: Suite) -> None:
    wrong = rule("m", levels=[{"severity": "SEVERITY_WARNING"}], interval="7200s")
    answer = suite.http.post(RULES, json=wrong)
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert set(refused(answer)) == {"rule.levels[0].threshold", "rule.interval"}


def test_ready_made_rules_are_there(suite: Suite) -> None:
    rules = suite.http.get(RULES, params={"origin": "ORIGIN_READY_MADE", "page_size": 1000}).json()
    assert {"service-error-rate", "heartbeat-stale", "binnacle-lag"} <= {each["id"] for each in rules["rules"]}
    assert len(rules["statuses"]) == len(rules["rules"]) == rules["total"]


def test_a_silence_holds_back_what_fires(suite: Suite) -> None:
    made = created(suite, rule("rules_pressure"))

    def fires() -> bool:
        send(suite, "rules_pressure", 6)
        return bool(firing(suite, made["id"]))

    eventually_sync(fires, "the rule fires", within=patience(20))
    matcher = {"label": "__rule__", "value": made["id"]}
    silence = {"matchers": [matcher], "comment": "known", "end_time": "2099-01-01T00:00:00Z"}
    assert suite.http.post(SILENCES, json=silence).status_code == httpx.codes.BAD_REQUEST
    silence["recurrence"] = {"from": "00:00", "duration": "86400s"}  # type: ignore[assignment]
    del silence["end_time"]
    held = suite.http.post(SILENCES, json=silence).raise_for_status().json()["silence"]
    assert held["phase"] == "PHASE_HOLDING"

    def is_silenced() -> bool:
        return all(alert["silenced_by"] == [held["id"]] for alert in firing(suite, made["id"]))

    eventually_sync(is_silenced, "the alert is silenced", within=patience(20))

    def counted() -> list[int]:
        return [each["alerts"] for each in suite.http.get(SILENCES).json()["silences"] if each["id"] == held["id"]]

    eventually_sync(lambda: counted() == [1], "its silence says so", within=patience(20))
    ended = suite.http.delete(f"{SILENCES}/{held['id']}").raise_for_status().json()["silence"]
    assert ended["phase"] == "PHASE_ENDED"
    eventually_sync(
        lambda: not any(alert["silenced_by"] for alert in firing(suite, made["id"])), "it is told again", patience(20)
    )
    suite.http.delete(f"{RULES}/{made['id']}").raise_for_status()


def test_files_are_compared_applied_and_exported(suite: Suite, tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(FILE)
    differs = run(suite, "diff", str(tmp_path))
    assert (differs.returncode, "+- id: queue-long" in differs.stdout) == (1, True), differs.stdout + differs.stderr
    applied = run(suite, "apply", str(tmp_path))
    assert (applied.returncode, applied.stdout.split()) == (0, ["queue-long"]), applied.stderr
    assert run(suite, "diff", str(tmp_path)).returncode == 0
    assert load(run(suite, "export").stdout) == load(FILE)
    path.write_text(FILE.replace("threshold: 100", "threshold: 10"))
    wrong = run(suite, "apply", str(tmp_path))
    assert wrong.returncode == 1
    assert f"{path}: queue-long.levels[0].recovery_threshold" in wrong.stderr
    tried = run(suite, "test", "--since", "10m", "--url", suite.url, str(path))
    assert "queue-long" in tried.stdout
    path.write_text("rules: []")
    assert run(suite, "apply", str(tmp_path)).returncode == 0
    assert suite.http.get(f"{RULES}/queue-long").status_code == httpx.codes.NOT_FOUND


def test_more_rules_come_at_once_than_anything_else_over_rest(suite: Suite) -> None:
    rules = [rule("rules_many", id=f"many-{number}", description="x" * 1_900) for number in range(2_500)]
    body = json.dumps({"rules": rules, "dry_run": True}).encode()
    assert MAX_BODY_BYTES < len(body) < MAX_LARGE_BYTES
    answer = suite.http.post(f"{RULES}:apply", content=body, timeout=patience(60)).raise_for_status()
    assert {each["change"] for each in answer.json()["differences"]} == {"CHANGE_CREATED"}
    for size, status in ((MAX_LARGE_BYTES // 2, 429), (2 * MAX_LARGE_BYTES, 413)):
        large = json.dumps({"rules": [rule("rules_many", description="x" * size)]}).encode()
        refused = suite.http.post(f"{RULES}:apply", content=large, timeout=patience(60))
        assert refused.status_code == status, refused.text
        assert "shorten the" in refused.json()["message"]


def test_tests_in_files_are_run_against_the_very_engine(suite: Suite, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(FILE)
    (tmp_path / "rules_test.yaml").write_text(TESTS)
    ran = run(suite, "test", str(tmp_path), str(READY_MADE))
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "3 of 4 tests went well" in ran.stdout, ran.stdout
    assert 'at 35s, alerts of queue-long: expected none; found firing critical 200 {host="a"}' in ran.stdout


def test_rules_of_prometheus_are_imported(suite: Suite, tmp_path: Path) -> None:
    path = tmp_path / "prometheus.yml"
    path.write_text("groups: [{name: g, rules: [{alert: Down, expr: up == 0, for: 5m}, {record: r, expr: up}]}]\n")
    made = run(suite, "import", str(path))
    assert [each["id"] for each in load(made.stdout)["rules"]] == ["down"]
    assert "g/r: not converted: records a series" in made.stderr
    (tmp_path / "ours.yaml").write_text(made.stdout)
    path.unlink()
    assert run(suite, "diff", str(tmp_path)).returncode == 1
