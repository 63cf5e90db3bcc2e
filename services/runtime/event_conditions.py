"""Conditions on events, from messages and back."""

import math
import re
from collections.abc import Sequence

from binnacle.query.v1 import query_pb2 as pb
from services.core.errors import InvalidInput
from services.core.event_conditions import EventCondition, Operator

MOST_CONDITIONS, MOST_VALUES, MAX_VALUE = 10, 100, 1_000
_FIELD = re.compile(r"type|service|user_id|session_id|data(\.[A-Za-z0-9_-]{1,100}){1,5}")
_OPERATORS = {
    pb.EventCondition.OPERATOR_UNSPECIFIED: Operator.EQUAL,
    **{pb.EventCondition.Operator.Value(f"OPERATOR_{one.name}"): one for one in Operator},
}
_OF_MANY = {Operator.EQUAL, Operator.NOT_EQUAL, Operator.MATCHES, Operator.NOT_MATCHES}
_OF_NONE = {Operator.PRESENT, Operator.ABSENT}


def field_from(place: str, given: str) -> str:
    """The field of an event. Raises InvalidInput for any that events do not have."""
    if not _FIELD.fullmatch(given):
        raise InvalidInput.of(place, "must be type, service, user_id, session_id, or data. with 1 to 5 names")
    return given


def conditions_from(place: str, given: Sequence[pb.EventCondition], least: int = 0) -> tuple[EventCondition, ...]:
    """Conditions. Raises InvalidInput for those that break their rules, and for too few or too many."""
    if not least <= len(given) <= MOST_CONDITIONS:
        raise InvalidInput.of(place, f"must be {least} to {MOST_CONDITIONS}")
    return tuple(_condition(f"{place}[{number}]", one) for number, one in enumerate(given))


def _condition(place: str, given: pb.EventCondition) -> EventCondition:
    operator = _OPERATORS.get(given.operator)
    if operator is None:
        raise InvalidInput.of(f"{place}.operator", "must be one of the listed operators")
    values = tuple(given.values)
    most = 0 if operator in _OF_NONE else MOST_VALUES if operator in _OF_MANY else 1
    if not min(most, 1) <= len(values) <= most:
        raise InvalidInput.of(f"{place}.values", f"must be {f'1 to {most}' if most > 1 else most} for this operator")
    if any(len(value) > MAX_VALUE for value in values):
        raise InvalidInput.of(f"{place}.values", f"must have at most {MAX_VALUE:,} characters")
    if most == 1 and not _is_number(values[0]):
        raise InvalidInput.of(f"{place}.values", "must be a number for this operator")
    return EventCondition(field_from(f"{place}.field", given.field), operator, values)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def condition(one: EventCondition) -> pb.EventCondition:
    """A condition as a message."""
    operator = pb.EventCondition.Operator.Value(f"OPERATOR_{one.operator.name}")
    return pb.EventCondition(field=one.field, operator=operator, values=one.values)
