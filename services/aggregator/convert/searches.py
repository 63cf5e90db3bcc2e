"""Filters of requests as searches."""

import math
import re
from collections.abc import Iterable, Sequence

from binnacle.query.v1 import filters_pb2 as pb
from services.aggregator.domain.findings.text_search import text_search
from services.aggregator.ports.searches import (
    AttributeCondition,
    Comparison,
    ErrorSearch,
    EventSearch,
    LogSearch,
    SpanSearch,
    TimeRange,
)
from services.core.errors import InvalidInput

MAX_VALUES = 100
MAX_CONDITIONS = 20
MAX_PATH = 8
MAX_NAME = 200
MAX_VALUE = 1_000
_LAST_LEVEL = 5
_MAX_DURATION_MS = 1e12
_Operator = pb.AttributeCondition
_COMPARISONS: dict[int, Comparison] = {
    _Operator.OPERATOR_UNSPECIFIED: "=",
    _Operator.OPERATOR_EQUAL: "=",
    _Operator.OPERATOR_NOT_EQUAL: "!=",
    _Operator.OPERATOR_LESS: "<",
    _Operator.OPERATOR_LESS_OR_EQUAL: "<=",
    _Operator.OPERATOR_GREATER: ">",
    _Operator.OPERATOR_GREATER_OR_EQUAL: ">=",
    _Operator.OPERATOR_EXISTS: "exists",
    _Operator.OPERATOR_ABSENT: "absent",
}
SOURCES = {
    pb.ErrorFilter.SOURCE_EVENT: "event",
    pb.ErrorFilter.SOURCE_LOG: "log",
    pb.ErrorFilter.SOURCE_SPAN: "span",
}


def event_search(given: pb.EventFilter, range_: TimeRange, within: str = "filter") -> EventSearch:
    """An event filter over a range.

    Raises InvalidInput, as all of these do, with names of fields `within` a request.
    """
    return EventSearch(
        range_,
        _values(f"{within}.types", given.types),
        _values(f"{within}.services", given.services),
        _values(f"{within}.user_ids", given.user_ids),
        _values(f"{within}.session_ids", given.session_ids),
        text_search(f"{within}.text", given.text),
        _conditions(f"{within}.attributes", given.attributes),
        _values(f"{within}.without_types", given.without_types),
    )


def log_search(given: pb.LogFilter, range_: TimeRange, within: str = "filter") -> LogSearch:
    """A log filter over a range."""
    levels = tuple(dict.fromkeys(given.levels))
    if any(not 1 <= level <= _LAST_LEVEL for level in levels):
        raise InvalidInput.of(f"{within}.levels", "must be levels of LogLevel, other than unspecified")
    if len(given.pattern) > MAX_VALUE:
        raise InvalidInput.of(f"{within}.pattern", f"must have at most {MAX_VALUE:,} characters")
    return LogSearch(
        range_,
        levels,
        _values(f"{within}.services", given.services),
        text_search(f"{within}.text", given.text),
        given.pattern,
        hexadecimal(f"{within}.trace_id", given.trace_id, 32) if given.trace_id else "",
        hexadecimal(f"{within}.span_id", given.span_id, 16) if given.span_id else "",
        _conditions(f"{within}.attributes", given.attributes),
    )


def span_search(given: pb.SpanFilter, range_: TimeRange, within: str = "filter") -> SpanSearch:
    """A span filter over a range."""
    told = given.HasField
    least = _nanoseconds(f"{within}.min_duration_ms", given.min_duration_ms if told("min_duration_ms") else None)
    most = _nanoseconds(f"{within}.max_duration_ms", given.max_duration_ms if told("max_duration_ms") else None)
    if least is not None and most is not None and least > most:
        raise InvalidInput.of(f"{within}.min_duration_ms", "must not be above max_duration_ms")
    return SpanSearch(
        range_,
        _values(f"{within}.services", given.services),
        _values(f"{within}.operations", given.operations),
        least,
        most,
        given.failed,
        given.root,
        _conditions(f"{within}.attributes", given.attributes),
    )


def error_search(given: pb.ErrorFilter, range_: TimeRange, within: str = "filter") -> ErrorSearch:
    """An error filter over a range."""
    if any(source not in SOURCES for source in given.sources):
        raise InvalidInput.of(f"{within}.sources", "must be sources of Source, other than unspecified")
    return ErrorSearch(
        range_,
        _values(f"{within}.services", given.services),
        tuple(SOURCES[source] for source in dict.fromkeys(given.sources)),
        text_search(f"{within}.text", given.text),
    )


def hexadecimal(field: str, given: str, digits: int) -> str:
    """An identity in small letters."""
    if not re.fullmatch(f"[0-9A-Fa-f]{{{digits}}}", given):
        raise InvalidInput.of(field, f"must be {digits} hexadecimal digits")
    return given.lower()


def _values(field: str, given: Iterable[str]) -> tuple[str, ...]:
    values = tuple(dict.fromkeys(given))
    if len(values) > MAX_VALUES:
        raise InvalidInput.of(field, f"must have at most {MAX_VALUES} values")
    return values


def _nanoseconds(field: str, milliseconds: float | None) -> int | None:
    if milliseconds is None:
        return None
    if not 0 <= milliseconds <= _MAX_DURATION_MS:
        raise InvalidInput.of(field, "must be milliseconds, not negative")
    return round(milliseconds * 1e6)


def _conditions(field: str, given: Sequence[pb.AttributeCondition]) -> tuple[AttributeCondition, ...]:
    if len(given) > MAX_CONDITIONS:
        raise InvalidInput.of(field, f"must have at most {MAX_CONDITIONS} conditions")
    return tuple(_condition(f"{field}[{number}]", one) for number, one in enumerate(given))


def _condition(field: str, given: pb.AttributeCondition) -> AttributeCondition:
    path = tuple(given.path)
    if not 1 <= len(path) <= MAX_PATH or any(not 1 <= len(name) <= MAX_NAME for name in path):
        raise InvalidInput.of(f"{field}.path", f"must have 1 to {MAX_PATH} names of 1 to {MAX_NAME} characters")
    comparison = _COMPARISONS.get(given.operator)
    if comparison is None:
        raise InvalidInput.of(f"{field}.operator", "must be one of Operator")
    kind = given.WhichOneof("value")
    if comparison in ("exists", "absent"):
        if kind is not None:
            raise InvalidInput.of(f"{field}.{kind}", "must not be given with this operator")
        return AttributeCondition(path, comparison)
    return AttributeCondition(path, comparison, _value(field, given, comparison))


def _value(field: str, given: pb.AttributeCondition, comparison: Comparison) -> str | float | bool:
    match given.WhichOneof("value"):
        case "text":
            if len(given.text) > MAX_VALUE:
                raise InvalidInput.of(f"{field}.text", f"must have at most {MAX_VALUE:,} characters")
            return given.text
        case "number":
            if not math.isfinite(given.number):
                raise InvalidInput.of(f"{field}.number", "must be finite")
            return given.number
        case "flag":
            if comparison not in ("=", "!="):
                raise InvalidInput.of(f"{field}.operator", "must be equal or not equal with a flag")
            return given.flag
    raise InvalidInput.of(f"{field}.text", "a text, a number or a flag must be given")
