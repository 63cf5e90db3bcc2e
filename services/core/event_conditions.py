"""Conditions on the fields of events."""

from dataclasses import dataclass
from enum import Enum


class Operator(Enum):
    """How a field is compared."""

    EQUAL = "equal"
    NOT_EQUAL = "not_equal"
    MATCHES = "matches"
    NOT_MATCHES = "not_matches"
    LESS = "less"
    AT_MOST = "at_most"
    GREATER = "greater"
    AT_LEAST = "at_least"
    PRESENT = "present"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class EventCondition:
    """A condition on `type`, `service`, `user_id`, `session_id`, or an attribute such as `data.cart.size`.

    Texts are compared; numbers and booleans by their JSON text, and what is absent or null is an empty one. EQUAL and
    MATCHES want any of the values, NOT_EQUAL and NOT_MATCHES none of them. LESS to AT_LEAST compare numbers with the
    one value, and do not hold for what is no number.
    """

    field: str
    operator: Operator
    values: tuple[str, ...] = ()
