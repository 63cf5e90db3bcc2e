"""Matchers as messages, or as they are written in a URL."""

from collections.abc import Iterable

from binnacle.query.v1 import query_pb2
from services.core.errors import InvalidInput
from services.core.matching import Matcher, Operator, matcher_from, require_valid

_OPERATORS = {
    query_pb2.Matcher.OPERATOR_UNSPECIFIED: Operator.EQUAL,
    query_pb2.Matcher.OPERATOR_EQUAL: Operator.EQUAL,
    query_pb2.Matcher.OPERATOR_NOT_EQUAL: Operator.NOT_EQUAL,
    query_pb2.Matcher.OPERATOR_MATCHES: Operator.MATCHES,
    query_pb2.Matcher.OPERATOR_NOT_MATCHES: Operator.NOT_MATCHES,
}


def matchers_from(given: Iterable[query_pb2.Matcher], field: str = "matchers") -> tuple[Matcher, ...]:
    """The conditions of a question. Raises InvalidInput, naming the one within `field` that breaks a rule."""
    found = []
    for place, one in enumerate(given):
        if one.operator not in _OPERATORS:
            raise InvalidInput.of(f"{field}[{place}].operator", "must be one that is known")
        found.append(Matcher(one.label, _OPERATORS[one.operator], one.value))
    require_valid(found, field)
    return tuple(found)


def matchers_from_texts(given: Iterable[str], field: str = "match") -> tuple[Matcher, ...]:
    """The conditions of a URL, such as `host=~web-.*`. Raises InvalidInput as `matchers_from` does."""
    found = tuple(matcher_from(text, f"{field}[{place}]") for place, text in enumerate(given))
    require_valid(found, field)
    return found


def matcher_message(matcher: Matcher) -> query_pb2.Matcher:
    """A condition as a message."""
    operator = query_pb2.Matcher.Operator.Value(f"OPERATOR_{matcher.operator.name}")
    return query_pb2.Matcher(label=matcher.label, operator=operator, value=matcher.value)
