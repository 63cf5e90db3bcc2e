"""Conditions of rules, from messages."""

from collections.abc import Callable, Mapping
from typing import Any

from binnacle.alerts.v1 import alerts_pb2
from binnacle.query.v1 import query_pb2
from binnacle.rules.v1 import rules_pb2 as pb
from services.alerting.domain.rules.names import rules_named
from services.alerting.ports.alerts import Severity
from services.alerting.ports.rules import (
    BURN_WINDOWS,
    Absence,
    AllOf,
    AnomalyScore,
    AnyOf,
    BurnRate,
    BurnWindow,
    Change,
    Comparison,
    Composite,
    Condition,
    EventMatch,
    EventRate,
    Formula,
    Not,
    OfRule,
    Ratio,
    StaleHeartbeat,
    Threshold,
)
from services.core.errors import InvalidInput
from services.core.event_conditions import EventCondition, Operator
from services.core.matching import MAX_LABEL, NAME
from services.runtime.event_conditions import MOST_CONDITIONS, conditions_from, field_from
from services.runtime.faults import DAY, HOUR, MINUTE, SECOND, Faults
from services.runtime.questions import expressions_from, matchers_in, selection_from
from services.runtime.regular_expressions import is_expression
from services.runtime.words import Words

MAX_SERVICES, MAX_FIELDS, MAX_LABELS, MAX_NAMES, MAX_DEPTH, MAX_WINDOWS = 100, 5, 20, 20, 5, 4
SEVERITIES: Words[Severity] = Words(alerts_pb2.Severity, Severity)
COMPARISONS: Words[Comparison] = Words(pb.Comparison, Comparison, Comparison.ABOVE)
EXPRESSIONS = (Operator.MATCHES, Operator.NOT_MATCHES)


def condition_from(faults: Faults, field: str, given: pb.Condition) -> Condition:
    """What is judged. Raises InvalidInput where nothing can be made of it."""
    kind = given.WhichOneof("kind")
    if kind is None:
        raise InvalidInput.of(field, f"must be one of {', '.join(_MAKERS)}")
    return _MAKERS[kind](faults, f"{field}.{kind}", getattr(given, kind))


def _threshold(faults: Faults, field: str, given: pb.Threshold) -> Threshold:
    expressions = expressions_from(faults, f"{field}.expressions", given.expressions)
    return Threshold(expressions, _comparison(field, given))


def _ratio(faults: Faults, field: str, given: pb.Ratio) -> Ratio:
    part = selection_from(faults, f"{field}.part", given.part)
    whole = selection_from(faults, f"{field}.whole", given.whole)
    same = _labels(given.part) == _labels(given.whole)
    faults.require(same, f"{field}.whole.grouping", "must have the same labels as that of the part")
    least = faults.number(f"{field}.minimum_whole", given.minimum_whole)
    faults.require(least >= 0, f"{field}.minimum_whole", "must not be negative")
    return Ratio(part, whole, least, _comparison(field, given))


def _labels(given: query_pb2.Selection) -> tuple[bool, frozenset[str], frozenset[str]]:
    grouping = given.grouping
    return given.HasField("grouping"), frozenset(grouping.by), frozenset(grouping.without)


def _change(faults: Faults, field: str, given: pb.Change) -> Change:
    selection = selection_from(faults, f"{field}.selection", given.selection)
    period = faults.span(f"{field}.period", given.period, 10 * SECOND, 30 * DAY)
    return Change(selection, period, given.percent, _comparison(field, given))


def _absence(faults: Faults, field: str, given: pb.Absence) -> Absence:
    named = given.metric or any(one.label == NAME for one in given.matchers)
    faults.require(bool(named), f"{field}.metric", f"must be the name of a metric, without a matcher on {NAME}")
    matchers = matchers_in(faults, f"{field}.matchers", given.matchers)
    by = faults.names(f"{field}.by", given.by, MAX_LABELS, MAX_LABEL)
    return Absence(given.metric, matchers, by, faults.span(f"{field}.after", given.after, 10 * SECOND, 7 * DAY))


def _stale_heartbeat(faults: Faults, field: str, given: pb.StaleHeartbeat) -> StaleHeartbeat:
    services = faults.names(f"{field}.services", given.services, MAX_SERVICES)
    return StaleHeartbeat(services, faults.span(f"{field}.grace", given.grace, 0.0, HOUR))


def _event_match(faults: Faults, field: str, given: pb.EventMatch) -> EventMatch:
    conditions = _event_conditions(faults, f"{field}.conditions", given.conditions, least=1)
    return EventMatch(conditions, _fields(faults, f"{field}.by", given.by))


def _event_rate(faults: Faults, field: str, given: pb.EventRate) -> EventRate:
    conditions = _event_conditions(faults, f"{field}.conditions", given.conditions)
    among = _event_conditions(faults, f"{field}.among", given.among)
    told = not among or len(conditions) + len(among) <= MOST_CONDITIONS
    faults.require(told, f"{field}.among", f"must be at most {MOST_CONDITIONS}, those of conditions included")
    by = _fields(faults, f"{field}.by", given.by)
    window = faults.span(f"{field}.window", given.window, SECOND, DAY)
    return EventRate(conditions, by, window, _comparison(field, given), among)


def _event_conditions(faults: Faults, field: str, given: Any, least: int = 0) -> tuple[EventCondition, ...]:
    found: tuple[EventCondition, ...] = ()
    with faults.gathered():
        found = conditions_from(field, given, least)
    for place, one in enumerate(found):
        right = one.operator not in EXPRESSIONS or all(map(is_expression, one.values))
        faults.require(right, f"{field}[{place}].values", "must be regular expressions of RE2")
    return found


def _fields(faults: Faults, field: str, given: Any) -> tuple[str, ...]:
    for place, name in enumerate(given):
        with faults.gathered():
            field_from(f"{field}[{place}]", name)
    return faults.names(field, given, MAX_FIELDS, 600)


def _composite(faults: Faults, field: str, given: pb.Composite) -> Composite:
    formula = _formula(f"{field}.formula", given.formula, MAX_DEPTH)
    faults.require(
        len(list(rules_named(formula))) <= MAX_NAMES, f"{field}.formula", f"must name at most {MAX_NAMES} rules"
    )
    return Composite(formula, faults.names(f"{field}.by", given.by, MAX_LABELS, MAX_LABEL))


def _formula(field: str, given: pb.Formula, depth: int) -> Formula:
    if not depth:
        raise InvalidInput.of(field, f"must be at most {MAX_DEPTH} deep")
    match given.WhichOneof("kind"):
        case "rule":
            return OfRule(given.rule)
        case "all":
            return AllOf(_several(f"{field}.all", given.all, depth))
        case "any":
            return AnyOf(_several(f"{field}.any", given.any, depth))
        case "not":
            return Not(_formula(f"{field}.not", getattr(given, "not"), depth - 1))
    raise InvalidInput.of(field, "must be one of rule, all, any, not")


def _several(field: str, given: pb.Formula.Several, depth: int) -> tuple[Formula, ...]:
    if not given.formulas:
        raise InvalidInput.of(f"{field}.formulas", "must be at least one")
    return tuple(_formula(f"{field}.formulas[{n}]", one, depth - 1) for n, one in enumerate(given.formulas))


def _burn_rate(faults: Faults, field: str, given: pb.BurnRate) -> BurnRate:
    bad = selection_from(faults, f"{field}.bad", given.bad)
    total = selection_from(faults, f"{field}.total", given.total)
    for name, one in (("bad", bad), ("total", total)):
        counts = one.function in ("increase", "count", "sum")
        faults.require(counts, f"{field}.{name}.function", "must be increase, count or sum")
    same = _labels(given.bad) == _labels(given.total)
    faults.require(same, f"{field}.total.grouping", "must have the same labels as that of the bad")
    faults.require(0 < given.objective < 1, f"{field}.objective", "must be above 0 and below 1, such as 0.999")
    faults.require(len(given.windows) <= MAX_WINDOWS, f"{field}.windows", f"must be at most {MAX_WINDOWS}")
    windows = tuple(_window(faults, f"{field}.windows[{n}]", one) for n, one in enumerate(given.windows))
    return BurnRate(bad, total, given.objective, windows or BURN_WINDOWS)


def _window(faults: Faults, field: str, given: pb.BurnRate.Window) -> BurnWindow:
    severity = SEVERITIES.word(f"{field}.severity", given.severity)
    long = faults.span(f"{field}.long", given.long, 5 * MINUTE, 30 * DAY)
    short = faults.span(f"{field}.short", given.short, MINUTE, 30 * DAY)
    faults.require(short * 3 <= long, f"{field}.short", "must be at most a third of the long one")
    faults.require(faults.number(f"{field}.factor", given.factor) > 0, f"{field}.factor", "must be above 0")
    return BurnWindow(severity, long, short, given.factor)


def _anomaly_score(faults: Faults, field: str, given: pb.AnomalyScore) -> AnomalyScore:
    return AnomalyScore(selection_from(faults, f"{field}.selection", given.selection))


def _comparison(field: str, given: Any) -> Comparison:
    return COMPARISONS.word(f"{field}.comparison", given.comparison)


_MAKERS: Mapping[str, Callable[[Faults, str, Any], Condition]] = {
    "threshold": _threshold,
    "ratio": _ratio,
    "change": _change,
    "absence": _absence,
    "stale_heartbeat": _stale_heartbeat,
    "event_match": _event_match,
    "event_rate": _event_rate,
    "composite": _composite,
    "burn_rate": _burn_rate,
    "anomaly_score": _anomaly_score,
}
