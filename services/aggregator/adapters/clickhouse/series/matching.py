"""Matchers as conditions on the table of series."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from services.aggregator.adapters.clickhouse.engine.reader import BadPattern
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.core.errors import InvalidInput
from services.core.matching import NAME, Matcher, Operator

# Worked out before any row: a bad expression is told where nothing is stored, too.
_CHECKED = "match('', {value}) IN (0, 1)"
_COMPARISONS = {
    Operator.EQUAL: "{label} = {value}",
    Operator.NOT_EQUAL: "{label} != {value}",
    Operator.MATCHES: f"match({{label}}, {{value}}) AND {_CHECKED}",
    Operator.NOT_MATCHES: f"NOT match({{label}}, {{value}}) AND {_CHECKED}",
}
_EXPRESSIONS = (Operator.MATCHES, Operator.NOT_MATCHES)


def conditions(matchers: Sequence[Matcher], prefix: str = "matcher") -> tuple[tuple[str, ...], dict[str, Any]]:
    """Conditions on rows of `series`, and their parameters, whose names begin with `prefix`."""
    where: list[str] = []
    parameters: dict[str, Any] = {}
    for place, matcher in enumerate(matchers):
        label, value = f"{prefix}{place}_label", f"{prefix}{place}_value"
        named = matcher.label == NAME
        if not named:
            parameters[label] = matcher.label
        parameters[value] = f"^(?s:{matcher.value})$" if matcher.operator in _EXPRESSIONS else matcher.value
        where.append(
            _COMPARISONS[matcher.operator].format(
                label="name" if named else f"labels[{{{label}:String}}]", value=f"{{{value}:String}}"
            )
        )
    return tuple(where), parameters


def series_ids(tenant: str, matchers: Sequence[Matcher], prefix: str = "matcher") -> TenantQuery:
    """The ids of the series that match, each once, in the column `series_id`: to be asked, or to join samples with.

    Two of them in one question need a `prefix` each.
    """
    where, parameters = conditions(matchers, prefix)
    return TenantQuery(tenant, "series", ("id AS series_id",), where, parameters, group_by="id")


@contextmanager
def expressions_of(field: str) -> Iterator[None]:
    """Names `field` in the InvalidInput for an expression that RE2 does not take."""
    try:
        yield
    except BadPattern as bad:
        raise InvalidInput.of(field, bad.violations[0].description) from bad
