"""Messages as people write them, and back."""

from typing import Any

import pytest

from binnacle.rules.v1 import rules_pb2
from services.alerting.convert.rules import rule_from
from services.core.errors import InvalidInput
from services.runtime.plain_messages import fill, plain_of
from services.runtime.rule_files import rules_in, rules_text
from services.runtime.spans import seconds_from, span_text
from services.runtime.yaml_files import dump, load
from tests.support.rule_examples import CONDITIONS, message, plain


def faults(held: Any) -> dict[str, str]:
    return {fault.field: fault.description for fault in fill(rules_pb2.Rule(), held, "rule")}


@pytest.mark.parametrize("kind", CONDITIONS)
def test_what_is_written_is_read_again(kind: str) -> None:
    made = message(plain(kind))
    assert message(plain_of(made)) == made
    [exported] = rules_in(load(rules_text([made])))
    assert rule_from(exported) == rule_from(made)


def test_what_goes_without_saying_is_left_out_of_files() -> None:
    made = message(plain(enabled=True, interval="10s", grace="2s", no_data={"choice": "keep", "after": "5m"}))
    [held] = load(rules_text([made]))["rules"]
    assert set(held) == {"id", "name", "condition", "levels"}
    assert load(rules_text([message(plain(**{"for": "1m30s"}))]))["rules"][0]["for"] == "1m30s"


def test_short_forms() -> None:
    made = message(plain("composite"))
    formula = made.condition.composite.formula
    assert formula.all.formulas[0].rule == "one"
    assert getattr(formula.all.formulas[1].any.formulas[1], "not").rule == "three"
    [matcher] = message(plain()).condition.threshold.expressions[0].selection.matchers
    assert (matcher.label, matcher.value) == ("service", "shop")


@pytest.mark.parametrize(
    ("held", "field"),
    [
        ({"nmae": "x"}, "rule.nmae"),
        ({"name": 5}, "rule.name"),
        ({"for": "soon"}, "rule.for"),
        ({"enabled": "yes"}, "rule.enabled"),
        ({"levels": {"severity": "warning"}}, "rule.levels"),
        ({"levels": [{"severity": "grave"}]}, "rule.levels[0].severity"),
        ({"levels": [{"threshold": "5"}]}, "rule.levels[0].threshold"),
        ({"labels": {"team": 5}}, "rule.labels.team"),
        ({"minimum_points": -1}, "rule.minimum_points"),
        ({"minimum_points": 1.5}, "rule.minimum_points"),
        ({"condition": {"absence": {"matchers": ["nonsense"]}}}, "rule.condition.absence.matchers[0]"),
        ({"condition": {"absence": {"metric": "a"}, "composite": {"by": []}}}, "rule.condition"),
        ("text", "rule"),
    ],
)
def test_what_is_wrong_is_named(held: Any, field: str) -> None:
    assert field in faults(held)


def test_a_file_tells_all_that_is_wrong() -> None:
    with pytest.raises(InvalidInput) as refused:
        rules_in({"rules": [{"nmae": "x"}, {"for": "soon"}]})
    assert [fault.field for fault in refused.value.violations] == ["rules[0].nmae", "rules[1].for"]
    with pytest.raises(InvalidInput):
        rules_in({"rule": []})


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90.0), ("1h30m", 5400.0), ("500ms", 0.5), ("7d", 604_800.0), ("1.5s", 1.5)]
)
def test_spans_of_time(text: str, seconds: float) -> None:
    assert seconds_from(text) == seconds
    assert seconds_from(span_text(seconds)) == seconds


@pytest.mark.parametrize("text", ["", "5", "s", "5 s", "-5s", "5x"])
def test_what_is_no_span(text: str) -> None:
    assert seconds_from(text) is None


def test_yaml_means_what_it_looks_like() -> None:
    text = "from: 10:30\nto: 09:30\nword: yes\nswitch: on\nday: 2026-01-02\nnumber: 5\nshare: 0.5\nright: true\nnone:\n"
    held = {"from": "10:30", "to": "09:30", "word": "yes", "switch": "on", "day": "2026-01-02", "number": 5}
    assert load(text) == {**held, "share": 0.5, "right": True, "none": None}
    assert load(dump(held)) == held


@pytest.mark.parametrize("text", ["a: [", "a: 1\na: 2", "a: !!python/object:os.system {}"])
def test_yaml_that_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        load(text)
