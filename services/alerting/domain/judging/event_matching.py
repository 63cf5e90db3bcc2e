"""Whether conditions hold for an event, as the store has it."""

import json
import math
from collections.abc import Callable, Sequence

from services.alerting.ports.sources import Event
from services.core.event_conditions import EventCondition, Operator

Expressions = Callable[[str, str], bool]
"""Whether an expression of RE2 matches a text as a whole."""
COLUMNS = ("type", "service", "user_id", "session_id")


def all_hold(conditions: Sequence[EventCondition], event: Event, expressions: Expressions) -> bool:
    """Whether all conditions hold."""
    return all(_holds(condition, event, expressions) for condition in conditions)


def text_of(event: Event, field: str) -> str:
    """A field as text: numbers, booleans and what is nested as JSON; empty where it is absent or null."""
    value = _value(event, field)
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _value(event: Event, field: str) -> object:
    if field in COLUMNS:
        return getattr(event, field)
    found: object = event.data
    for name in field.removeprefix("data.").split("."):
        if not isinstance(found, dict):
            return None
        found = found.get(name)
    return found


def _holds(condition: EventCondition, event: Event, expressions: Expressions) -> bool:
    text = text_of(event, condition.field)
    match condition.operator:
        case Operator.EQUAL:
            return text in condition.values
        case Operator.NOT_EQUAL:
            return text not in condition.values
        case Operator.MATCHES:
            return any(expressions(value, text) for value in condition.values)
        case Operator.NOT_MATCHES:
            return not any(expressions(value, text) for value in condition.values)
        case Operator.PRESENT:
            return text != ""
        case Operator.ABSENT:
            return text == ""
    return _compares(condition, _value(event, condition.field))


def _compares(condition: EventCondition, value: object) -> bool:
    number, bound = _number(value), float(condition.values[0])
    match condition.operator:
        case Operator.LESS:
            return number < bound
        case Operator.AT_MOST:
            return number <= bound
        case Operator.GREATER:
            return number > bound
        case _:
            return number >= bound


def _number(value: object) -> float:
    """A value as number; NaN, which compares with nothing, where it is none."""
    if isinstance(value, int | float):
        return float(value)
    try:
        return float(value) if isinstance(value, str) else math.nan
    except ValueError:
        return math.nan
