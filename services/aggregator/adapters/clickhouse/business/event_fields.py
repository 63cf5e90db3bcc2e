"""Fields of events, and conditions on them, as SQL whose values are bound."""

from collections.abc import Sequence
from typing import Any

from services.aggregator.adapters.clickhouse.engine.statements import quoted
from services.core.event_conditions import EventCondition, Operator

COLUMNS = ("type", "service", "user_id", "session_id")
PLACE = "(time, journal_id, offset, row)"
MICROS = "toUnixTimestamp64Micro(time)"
# Amounts are added up as whole millionths, so that no order of rows changes a sum. Larger ones are no amounts.
MILLIONTHS = 1_000_000
LARGEST_AMOUNT = 1e15
_NOTHING = "('', 'null', 'false', '0', '0.0', '\"\"', '[]', '{}')"
FAILED = (
    "(type = 'error' OR (type = 'request' AND (JSONExtractFloat(data, 'status_code') >= 500"
    f" OR JSONExtractRaw(data, 'error') NOT IN {_NOTHING})))"
)


class Bindings:
    """Values of one question by names of their own."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def text(self, value: str) -> str:
        """The place of a text."""
        return self._bind(value, "String")

    def number(self, value: float) -> str:
        """The place of a number."""
        return self._bind(value, "Float64")

    def whole(self, value: int) -> str:
        """The place of a whole number."""
        return self._bind(value, "Int64")

    def texts(self, values: Sequence[str]) -> str:
        """The place of a list of texts."""
        return self._bind(list(values), "Array(String)")

    def wholes(self, values: Sequence[int]) -> str:
        """The place of a list of whole numbers."""
        return self._bind(list(values), "Array(Int64)")

    def _bind(self, value: Any, kind: str) -> str:
        name = f"b{len(self.values)}"
        self.values[name] = value
        return f"{{{name}:{kind}}}"


def within(bound: Bindings, from_us: int, to_us: int) -> tuple[str, ...]:
    """The conditions of a range of time, its end not within."""
    return (
        f"time >= fromUnixTimestamp64Micro({bound.whole(from_us)})",
        f"time < fromUnixTimestamp64Micro({bound.whole(to_us)})",
    )


def step_of(bound: Bindings, starts: Sequence[int], column: str = "time") -> str:
    """The start of the step that a row falls into, in Unix seconds."""
    return f"roundDown(toInt64(toUnixTimestamp({column})), {bound.wholes(starts)})"


def text_of(field: str) -> str:
    """A field as text; empty where it is absent or null."""
    return field if field in COLUMNS else f"JSONExtractString({_path(field)})"


def number_of(field: str) -> str:
    """A field as Nullable(Float64)."""
    if field in COLUMNS:
        return f"toFloat64OrNull(toString({field}))"
    return f"JSONExtract({_path(field)}, 'Nullable(Float64)')"


def amount_of(field: str) -> str:
    """A field as millionths, Nullable(Int128); null where it is no amount."""
    number = number_of(field)
    return f"if(abs({number}) <= {LARGEST_AMOUNT:.0f}, toInt128(round({number} * {MILLIONTHS})), NULL)"


def _path(field: str) -> str:
    names = field.removeprefix("data.").split(".")
    return ", ".join(["data", *map(quoted, names)])


_COMPARED = {Operator.LESS: "<", Operator.AT_MOST: "<=", Operator.GREATER: ">", Operator.AT_LEAST: ">="}


def condition(one: EventCondition, bound: Bindings) -> str:
    """A condition; true or false, never null."""
    text = text_of(one.field)
    match one.operator:
        case Operator.EQUAL:
            return f"has({bound.texts(one.values)}, {text})"
        case Operator.NOT_EQUAL:
            return f"NOT has({bound.texts(one.values)}, {text})"
        case Operator.MATCHES:
            return _matches(one, text, bound)
        case Operator.NOT_MATCHES:
            return f"NOT {_matches(one, text, bound)}"
        case Operator.PRESENT:
            return f"{text} != ''"
        case Operator.ABSENT:
            return f"{text} = ''"
        case _:
            compared = f"{number_of(one.field)} {_COMPARED[one.operator]} {bound.number(float(one.values[0]))}"
            return f"ifNull({compared}, 0)"


def _matches(one: EventCondition, text: str, bound: Bindings) -> str:
    return "(" + " OR ".join(f"match({text}, {bound.text(f'^(?s:{value})$')})" for value in one.values) + ")"


def all_of(conditions: Sequence[EventCondition], bound: Bindings) -> str:
    """All the conditions; `1` without any."""
    return " AND ".join(f"({condition(one, bound)})" for one in conditions) or "1"
