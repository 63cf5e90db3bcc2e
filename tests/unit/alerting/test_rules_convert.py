"""Rules from messages: what they come to, and what is refused under which name."""

import json
from dataclasses import replace
from typing import Any

import pytest

from services.alerting.convert.rule_records import rule_payload, rule_recorded
from services.alerting.convert.rules import rule_from, rule_message
from services.alerting.ports.alerts import Severity
from services.alerting.ports.rules import Action, ActiveTime, Choice, Lack, Level, Rule
from services.core.applying import Origin
from services.core.errors import InvalidInput
from services.core.records import AuditRecord
from tests.support.rule_examples import CONDITIONS, EXPRESSION, LEVELS, message, plain

FULL: dict[str, Any] = {
    "description": "What it is good for",
    "enabled": False,
    "for": "1m30s",
    "keep_firing": "5m",
    "interval": "30s",
    "grace": "500ms",
    "minimum_points": 3,
    "no_data": {"choice": "alert", "after": "0s"},
    "failure": {"choice": "resolve"},
    "labels": {"team": "shop"},
    "annotations": {"summary": "{{value}}"},
    "runbook_url": "https://example.com/runbook",
    "owner": "Ann",
    "action": {"receiver_id": "restart", "dry_run": True, "per_hour": 3, "resolves": True},
    "active_times": [{"weekdays": [5, 1], "from": "09:30", "to": "17:00", "time_zone": "Europe/Berlin"}],
}


def rule(**changes: Any) -> Rule:
    return rule_from(message(plain(**changes)))


@pytest.mark.parametrize("kind", CONDITIONS)
def test_a_rule_is_the_same_after_a_way_as_message_and_record(kind: str) -> None:
    made = replace(rule(kind=kind, **FULL), origin=Origin.FILE)
    again = replace(rule_from(rule_message(made)), origin=Origin.FILE)
    # What is told of a rule is kept by it.
    assert (again, hash(again)) == (made, hash(made))
    payload = json.dumps(rule_payload(made))
    record = AuditRecord(2_000_000, "acme", "rule", made.id, 7, "create", "ann", payload=payload)
    assert rule_recorded(record) == replace(made, version=7, updated_at=2.0, updated_by="ann")


def test_what_is_left_out_is_usual() -> None:
    made = rule()
    assert (made.enabled, made.interval, made.grace, made.minimum_points) == (True, 10.0, 2.0, 1)
    assert made.no_data == made.failure == Lack(Choice.KEEP, 300.0)
    assert (made.action, rule(action={"receiver_id": "restart"}).action) == (None, Action("restart", per_hour=10))
    assert made.levels == (Level(Severity.CRITICAL, 9.0, 8.0), Level(Severity.WARNING, 5.0, 5.0))


def test_what_is_told_is_kept() -> None:
    made = rule(**FULL)
    assert (made.hold, made.keep_firing, made.no_data, made.failure) == (
        90.0,
        300.0,
        Lack(Choice.ALERT, 0.0),
        Lack(Choice.RESOLVE, 300.0),
    )
    assert made.active_times == (ActiveTime((1, 5), 570, 1020, "Europe/Berlin"),)


def test_a_burn_rate_has_the_levels_of_its_windows() -> None:
    made = rule(kind="burn_rate")
    assert [(level.severity, level.threshold) for level in made.levels] == [
        (Severity.CRITICAL, 14.4),
        (Severity.CRITICAL, 6.0),
        (Severity.WARNING, 1.0),
    ]


def threshold(**changes: Any) -> dict[str, Any]:
    return {"condition": {"threshold": {**CONDITIONS["threshold"], **changes}}}


def of(kind: str, **changes: Any) -> dict[str, Any]:
    return {**plain(kind), "condition": {kind: {**CONDITIONS[kind], **changes}}}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": "Upper"}, "rule.id"),
        ({"name": ""}, "rule.name"),
        ({"name": "n" * 201}, "rule.name"),
        ({"for": "8d"}, "rule.hold"),
        ({"interval": "500ms"}, "rule.interval"),
        ({"grace": "2h"}, "rule.grace"),
        ({"runbook_url": "javascript:alert(1)"}, "rule.runbook_url"),
        ({"labels": {f"l{n}": "" for n in range(21)}}, "rule.labels"),
        ({"annotations": {"summary": "s" * 2001}}, "rule.annotations.summary"),
        ({"no_data": {"after": "8d"}}, "rule.no_data.after"),
        ({"action": {"receiver_id": "Bad one"}}, "rule.action.receiver_id"),
        ({"action": {"receiver_id": "a", "per_hour": 1_001}}, "rule.action.per_hour"),
        ({"active_times": [{"weekdays": [8]}]}, "rule.active_times[0].weekdays"),
        ({"active_times": [{"from": "9:30"}]}, "rule.active_times[0].from"),
        ({"active_times": [{"time_zone": "Mars/Olympus"}]}, "rule.active_times[0].time_zone"),
        ({"levels": []}, "rule.levels"),
        ({"levels": [LEVELS[0], {"threshold": 1}]}, "rule.levels[1].severity"),
        ({"levels": [LEVELS[0], LEVELS[0]]}, "rule.levels"),
        ({"levels": [{"severity": "warning"}]}, "rule.levels[0].threshold"),
        ({"levels": [LEVELS[0], {"severity": "critical", "threshold": 4}]}, "rule.levels[0].threshold"),
        (
            {"levels": [{"severity": "warning", "threshold": 5, "recovery_threshold": 6}]},
            "rule.levels[0].recovery_threshold",
        ),
        ({"condition": {}}, "rule.condition"),
        (threshold(expressions=[]), "rule.condition.threshold.expressions"),
        (threshold(expressions=[{**EXPRESSION, "hidden": True}]), "rule.condition.threshold.expressions[0].hidden"),
        (threshold(expressions=[{"selection": {}}]), "rule.condition.threshold.expressions[0].selection.metric"),
        (
            threshold(expressions=[{"selection": {"metric": "m", "matchers": ["l=~("]}}]),
            "rule.condition.threshold.expressions[0].selection.matchers[0].value",
        ),
        (
            threshold(expressions=[{"calculation": {"left": "x", "operator": "add", "right": 1}}]),
            "rule.condition.threshold.expressions[0].calculation.left",
        ),
        (of("ratio", part={"metric": "m"}), "rule.condition.ratio.whole.grouping"),
        (of("change", period="1s"), "rule.condition.change.period"),
        (of("absence", after="1s"), "rule.condition.absence.after"),
        (of("event_match", conditions=[]), "rule.condition.event_match.conditions"),
        (of("event_match", by=["nonsense"]), "rule.condition.event_match.by[0]"),
        (of("event_rate", window="2d"), "rule.condition.event_rate.window"),
        (of("composite", formula={"all": []}), "rule.condition.composite.formula.all.formulas"),
        (
            of("composite", formula={"not": {"not": {"not": {"not": {"not": "a"}}}}}),
            "rule.condition.composite.formula.not.not.not.not.not",
        ),
        (of("burn_rate", objective=1), "rule.condition.burn_rate.objective"),
        ({**of("burn_rate"), "levels": LEVELS}, "rule.levels"),
        ({**of("absence"), "levels": LEVELS}, "rule.levels[0].threshold"),
        (
            of("burn_rate", windows=[{"severity": "info", "long": "5m", "short": "2m", "factor": 1}]),
            "rule.condition.burn_rate.windows[0].short",
        ),
    ],
)
def test_what_breaks_a_rule_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        rule_from(message({**plain(), **changes}))
    assert field in [violation.field for violation in refused.value.violations]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(InvalidInput) as refused:
        rule(name="", interval="2h", levels=[])
    assert {violation.field for violation in refused.value.violations} == {"rule.name", "rule.interval", "rule.levels"}
