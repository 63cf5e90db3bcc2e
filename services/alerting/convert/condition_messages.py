"""Conditions of rules as messages."""

from functools import singledispatch

from binnacle.rules.v1 import rules_pb2 as pb
from services.alerting.convert.conditions import COMPARISONS, SEVERITIES
from services.alerting.ports.rules import (
    Absence,
    AllOf,
    AnomalyScore,
    AnyOf,
    BurnRate,
    BurnWindow,
    Change,
    Composite,
    EventMatch,
    EventRate,
    Formula,
    OfRule,
    Ratio,
    StaleHeartbeat,
    Threshold,
)
from services.runtime.event_conditions import condition as event_condition
from services.runtime.label_matchers import matcher_message
from services.runtime.questions import expression_message, selection_message
from services.runtime.times import duration


@singledispatch
def condition_message(condition: object) -> pb.Condition:
    """A condition as a message."""
    raise TypeError(f"{condition!r} is no condition")


@condition_message.register
def _threshold(condition: Threshold) -> pb.Condition:
    return pb.Condition(
        threshold=pb.Threshold(
            expressions=map(expression_message, condition.expressions),
            comparison=COMPARISONS.number(condition.comparison),
        )
    )


@condition_message.register
def _ratio(condition: Ratio) -> pb.Condition:
    return pb.Condition(
        ratio=pb.Ratio(
            part=selection_message(condition.part),
            whole=selection_message(condition.whole),
            minimum_whole=condition.minimum_whole,
            comparison=COMPARISONS.number(condition.comparison),
        )
    )


@condition_message.register
def _change(condition: Change) -> pb.Condition:
    return pb.Condition(
        change=pb.Change(
            selection=selection_message(condition.selection),
            period=duration(condition.period),
            percent=condition.percent,
            comparison=COMPARISONS.number(condition.comparison),
        )
    )


@condition_message.register
def _absence(condition: Absence) -> pb.Condition:
    return pb.Condition(
        absence=pb.Absence(
            metric=condition.metric,
            matchers=map(matcher_message, condition.matchers),
            by=condition.by,
            after=duration(condition.after),
        )
    )


@condition_message.register
def _stale_heartbeat(condition: StaleHeartbeat) -> pb.Condition:
    grace = duration(condition.grace) if condition.grace else None
    return pb.Condition(stale_heartbeat=pb.StaleHeartbeat(services=condition.services, grace=grace))


@condition_message.register
def _event_match(condition: EventMatch) -> pb.Condition:
    return pb.Condition(
        event_match=pb.EventMatch(conditions=map(event_condition, condition.conditions), by=condition.by)
    )


@condition_message.register
def _event_rate(condition: EventRate) -> pb.Condition:
    return pb.Condition(
        event_rate=pb.EventRate(
            conditions=map(event_condition, condition.conditions),
            by=condition.by,
            window=duration(condition.window),
            comparison=COMPARISONS.number(condition.comparison),
            among=map(event_condition, condition.among),
        )
    )


@condition_message.register
def _composite(condition: Composite) -> pb.Condition:
    return pb.Condition(composite=pb.Composite(formula=_formula(condition.formula), by=condition.by))


def _formula(formula: Formula) -> pb.Formula:
    match formula:
        case OfRule(rule_id):
            return pb.Formula(rule=rule_id)
        case AllOf(formulas):
            return pb.Formula(all=pb.Formula.Several(formulas=map(_formula, formulas)))
        case AnyOf(formulas):
            return pb.Formula(any=pb.Formula.Several(formulas=map(_formula, formulas)))
    return pb.Formula(**{"not": _formula(formula.formula)})  # type: ignore[arg-type]


@condition_message.register
def _burn_rate(condition: BurnRate) -> pb.Condition:
    return pb.Condition(
        burn_rate=pb.BurnRate(
            bad=selection_message(condition.bad),
            total=selection_message(condition.total),
            objective=condition.objective,
            windows=map(_window, condition.windows),
        )
    )


def _window(window: BurnWindow) -> pb.BurnRate.Window:
    return pb.BurnRate.Window(
        severity=SEVERITIES.number(window.severity),
        long=duration(window.long),
        short=duration(window.short),
        factor=window.factor,
    )


@condition_message.register
def _anomaly_score(condition: AnomalyScore) -> pb.Condition:
    return pb.Condition(anomaly_score=pb.AnomalyScore(selection=selection_message(condition.selection)))
