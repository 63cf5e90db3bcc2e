"""Tests of rules in files: what they say, and whether alerts are as expected."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from binnacle.alerting.v1 import rule_service_pb2 as pb
from binnacle.alerts.v1 import alerts_pb2
from services.launcher.failures import LauncherError
from services.launcher.rules.files import read_rules
from services.launcher.rules.judging import fault, standing_at
from services.launcher.rules.rule_tests import Expectation, RuleTest, read_tests

RULES = """
rules:
  - id: slow
    name: Slow
    condition: {threshold: {expressions: [{selection: {metric: latency}}]}}
    levels: [{severity: warning, threshold: 200}]
"""
TESTS = """
rule_files: [rules.yaml]
tests:
  - name: it fires
    start: mon 09:30
    interval: 30s
    series:
      - {metric: latency, labels: {service: shop}, values: "1 _ 5x2 1+2x2 _x2 10-5x1"}
    expect:
      - {at: 2m, rule: slow, alerts: [{labels: {service: shop}}]}
      - {at: 1m, rule: slow}
"""


def written(folder: Path, tests: str = TESTS) -> RuleTest:
    (folder / "rules.yaml").write_text(RULES)
    (folder / "test.yaml").write_text(tests)
    [test] = read_tests([folder])
    return test


def test_a_test_is_read(tmp_path: Path) -> None:
    test = written(tmp_path)
    [series] = test.series
    assert series.values == [1, None, 5, 5, 5, 1, 3, 5, None, None, 10, 5]
    assert (test.interval, test.length) == (30.0, 120.0)
    assert [rule.id for rule in test.rules.things] == ["slow"]
    assert len(read_rules([tmp_path]).things) == 1


@pytest.mark.parametrize(
    ("now", "begin"),
    [
        ("2026-05-04T09:34", "2026-05-04T09:30"),
        ("2026-05-04T09:32", "2026-04-27T09:30"),
        ("2026-05-08T00:00", "2026-05-04T09:30"),
    ],
)
def test_it_begins_as_late_as_it_can(tmp_path: Path, now: str, begin: str) -> None:
    found = written(tmp_path).begin(datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(begin).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("values: one", 'values: "1 _ 5x2 1+2x2 _x2 10-5x1"'),
        ("at: soon", "at: 2m"),
        ("rule: other", "rule: slow"),
        ("start: noon", "start: mon 09:30"),
        ("metric: ''", "metric: latency"),
        ("events: [{at: 1s, kind: x}]\n    interval: 30s", "interval: 30s"),
        ("alerts: [{state: asleep}]", "alerts: [{labels: {service: shop}}]"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, wrong: str, right: str) -> None:
    with pytest.raises(LauncherError, match=r"test.yaml"):
        written(tmp_path, TESTS.replace(right, wrong, 1))


def answer() -> pb.TestRuleResponse:
    response = pb.TestRuleResponse()
    tested = response.alerts.add()
    tested.alert.labels["service"] = "shop"
    for at, what in ((10, "pending"), (20, "firing"), (40, "resolved")):
        step = tested.steps.add(what=what, severity=alerts_pb2.SEVERITY_WARNING, value=at * 10.0)
        step.time.FromSeconds(at)
    return response


@pytest.mark.parametrize(
    ("at", "alerts", "right"),
    [
        (5.0, [], True),
        (10.0, [{"state": "pending"}], True),
        (20.0, [{"severity": "warning", "value": 200, "labels": {"service": "shop"}}], True),
        (39.0, [{}], True),
        (40.0, [], True),
        (20.0, [], False),
        (20.0, [{"state": "pending"}], False),
        (20.0, [{"labels": {"service": "cart"}}], False),
        (20.0, [{"value": 5}], False),
        (20.0, [{}, {}], False),
    ],
)
def test_alerts_are_compared(at: float, alerts: list[dict[str, object]], right: bool) -> None:
    told = fault(Expectation(at, "slow", alerts), list(standing_at(answer(), at)))
    assert (told == "") is right
