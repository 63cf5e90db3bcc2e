"""Why groups are in their states, in words."""

import math

import pytest

from services.alerting.domain.judging.explanation_texts import text_of
from services.alerting.ports.alerts import AlertState, Severity
from services.alerting.ports.judging import GroupStanding
from services.alerting.ports.rules import (
    Absence,
    BurnRate,
    Comparison,
    Composite,
    Condition,
    EventMatch,
    Level,
    OfRule,
    Rule,
)
from services.core.questions import Selection
from tests.support.alerts import SHOP, START, alert, rule

CPU = Selection("cpu")
PLAIN = Level(Severity.WARNING)
FAST = Level(Severity.CRITICAL, 14.4, 14.4)
ABSENT, NAMING = Absence("cpu", (), (), 300.0), Composite(OfRule("a"))
SINCE = "2027-01-15 08:00:00 UTC"


def standing(value: float, level: int, lacking_since: float | None = None) -> GroupStanding:
    return GroupStanding(SHOP, AlertState.INACTIVE, value, level, START, lacking_since, None)


def judged(condition: Condition, value: float, holds: bool, level: Level = PLAIN) -> str:
    return text_of(Rule("one", "One", condition, (level,)), standing(value, 0 if holds else -1), level)


@pytest.mark.parametrize(
    ("comparison", "value", "level", "text"),
    [
        (Comparison.ABOVE, 91.23456, 0, "91.2 is above 90 (critical)."),
        (Comparison.ABOVE, 90.01, 0, "90.01 is above 90 (critical)."),
        (Comparison.ABOVE, 85.0, 0, "85 is not above 90 any more, but has not come back across 80 yet (critical)."),
        (Comparison.ABOVE, 85.0, -1, "85 is not above 90 (critical)."),
        (Comparison.AT_LEAST, 90.0, 0, "90 is at or above 90 (critical)."),
    ],
)
def test_a_value_is_told_beside_its_threshold(comparison: Comparison, value: float, level: int, text: str) -> None:
    busy = rule(comparison=comparison)
    assert text_of(busy, standing(value, level), busy.levels[0]) == text


@pytest.mark.parametrize(
    ("condition", "value", "holds", "level", "text"),
    [
        (ABSENT, 312.4, True, PLAIN, "The newest sample is 312 s old, at least 300 s (warning)."),
        (ABSENT, 12.0, False, PLAIN, "The newest sample is 12 s old, not yet 300 s (warning)."),
        (EventMatch(()), 1.0, True, PLAIN, "1 event matched (warning)."),
        (EventMatch(()), 3.0, True, PLAIN, "3 events matched (warning)."),
        (EventMatch(()), 1.0, False, PLAIN, "No event matched of late (warning)."),
        (NAMING, 1.0, False, PLAIN, "The condition does not hold: 1 alert of the rules that it names fires (warning)."),
        (NAMING, 2.0, True, PLAIN, "The condition holds: 2 alerts of the rules that it names fire (warning)."),
        (BurnRate(CPU, CPU, 0.99), 14.4, True, FAST, "14.4 is at or above 14.4 (critical)."),
    ],
)
def test_what_is_no_threshold_is_told_in_words(
    condition: Condition, value: float, holds: bool, level: Level, text: str
) -> None:
    assert judged(condition, value, holds, level) == text


def test_what_is_missing_is_told_with_the_last_value() -> None:
    busy = rule()
    lacking = standing(83.3333333, -1, lacking_since=START)
    assert text_of(busy, lacking, busy.levels[0]) == f"There has been no data since {SINCE}. The last value was 83.3."
    assert text_of(busy, standing(math.nan, -1), busy.levels[0]) == "It was not judged yet."


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (AlertState.PENDING, f" It is pending since {SINCE} and fires after 2 min."),
        (AlertState.FIRING, " It fires since 2027-01-15 08:00:10 UTC."),
        (AlertState.KEEP_FIRING, " and goes on firing for 5 min."),
    ],
)
def test_the_state_is_told_with_its_times(state: AlertState, text: str) -> None:
    busy = rule(hold=120.0, keep_firing=300.0)
    group = GroupStanding(SHOP, state, 91.0, 0, START, None, alert(state=state))
    assert text_of(busy, group, busy.levels[0]).endswith(text)
