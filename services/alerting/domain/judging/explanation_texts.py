"""Why groups are in their states, in words."""

import math
from operator import ge, gt, le, lt

from services.alerting.domain.telling.texts import clock_time, span
from services.alerting.ports.alerts import AlertState
from services.alerting.ports.judging import GroupStanding
from services.alerting.ports.rules import Absence, BurnRate, Comparison, EventMatch, Level, Rule
from services.core.figure_texts import exact_text, figure_text

_SIDES = {
    Comparison.ABOVE: "above",
    Comparison.AT_LEAST: "at or above",
    Comparison.BELOW: "below",
    Comparison.AT_MOST: "at or below",
}
_IS_ACROSS = {Comparison.ABOVE: gt, Comparison.AT_LEAST: ge, Comparison.BELOW: lt, Comparison.AT_MOST: le}


def text_of(rule: Rule, standing: GroupStanding, level: Level) -> str:
    """Why a group is in its state, by the level that holds, or the mildest."""
    if standing.lacking_since is not None:
        value = "" if math.isnan(standing.value) else f" The last value was {figure_text(standing.value)}."
        return f"There has been no data since {clock_time(standing.lacking_since)}.{value}{_state(rule, standing)}"
    if math.isnan(standing.value):
        return "It was not judged yet."
    judged = _without_threshold(rule, standing) if level.threshold is None else _compared(rule, standing, level)
    return f"{judged} ({level.severity.value}).{_state(rule, standing)}"


def _compared(rule: Rule, standing: GroupStanding, level: Level) -> str:
    """A value beside the threshold of a level, or its recovery threshold where it is between them."""
    bound, recovery, comparison = level.threshold, level.recovery, _comparison(rule)
    assert bound is not None
    value, side = figure_text(standing.value, bound), f"{_SIDES[comparison]} {exact_text(bound)}"
    if standing.level < 0:
        return f"{value} is not {side}"
    if _IS_ACROSS[comparison](standing.value, bound) or recovery is None:
        return f"{value} is {side}"
    value = figure_text(standing.value, recovery)
    return f"{value} is not {side} any more, but has not come back across {exact_text(recovery)} yet"


def _comparison(rule: Rule) -> Comparison:
    usual = Comparison.AT_LEAST if isinstance(rule.condition, BurnRate) else Comparison.ABOVE
    return Comparison(getattr(rule.condition, "comparison", usual))


def _without_threshold(rule: Rule, standing: GroupStanding) -> str:
    """What is judged by more than a value, in words."""
    holds = standing.level >= 0
    match rule.condition:
        case Absence(after=after):
            bound = f"{'at least' if holds else 'not yet'} {exact_text(after)} s"
            return f"The newest sample is {figure_text(standing.value, after)} s old, {bound}"
        case EventMatch():
            return f"{_count(standing.value, 'event')} matched" if holds else "No event matched of late"
    fire = "fires" if standing.value == 1 else "fire"
    firing = f"{_count(standing.value, 'alert')} of the rules that it names {fire}"
    return f"The condition {'holds' if holds else 'does not hold'}: {firing}"


def _count(number: float, thing: str) -> str:
    return f"{exact_text(number)} {thing}" if number == 1 else f"{exact_text(number)} {thing}s"


def _state(rule: Rule, standing: GroupStanding) -> str:
    alert = standing.alert
    if alert is None:
        return ""
    match alert.state:
        case AlertState.PENDING:
            return f" It is pending since {clock_time(alert.started_at)} and fires after {span(rule.hold)}."
        case AlertState.KEEP_FIRING:
            return f" It ended at {clock_time(alert.changed_at)} and goes on firing for {span(rule.keep_firing)}."
        case AlertState.FIRING:
            return f" It fires since {clock_time(alert.fired_at or alert.started_at)}."
    return f" It is in the state {alert.state.value} since {clock_time(alert.changed_at)}."
