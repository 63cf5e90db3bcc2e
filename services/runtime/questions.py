"""Expressions of questions about time series, from messages and back."""

import re
import string
from collections.abc import Sequence
from typing import Literal, get_args

from binnacle.query.v1 import query_pb2 as pb
from services.core.errors import InvalidInput
from services.core.matching import MAX_LABEL, NAME, Matcher, Operator
from services.core.questions import (
    Aggregation,
    Calculation,
    Expression,
    Fill,
    Function,
    Grouping,
    Operand,
    Ranking,
    Selection,
)
from services.runtime.faults import DAY, Faults
from services.runtime.label_matchers import matcher_message, matchers_from
from services.runtime.regular_expressions import is_expression
from services.runtime.times import duration
from services.runtime.words import Words

MAX_EXPRESSIONS, MAX_LABELS, MAX_RANKED = 20, 20, 1_000
SHORTEST, LONGEST = 0.001, 3_660 * DAY
Arithmetic = Literal["add", "subtract", "multiply", "divide"]
EXPRESSIONS = (Operator.MATCHES, Operator.NOT_MATCHES)
_NAME = re.compile(r"[A-Za-z0-9_]{1,50}")
_FUNCTIONS: Words[Function] = Words(pb.Function, get_args(Function), "average")
_AGGREGATIONS: Words[Aggregation] = Words(pb.Grouping.Aggregation, get_args(Aggregation), "average")
_FILLS: Words[Fill] = Words(pb.Fill, get_args(Fill), "none")
_OPERATORS: Words[Arithmetic] = Words(pb.Calculation.Operator, get_args(Arithmetic))


def expressions_from(faults: Faults, field: str, given: Sequence[pb.Expression]) -> tuple[Expression, ...]:
    """Expressions of which the last is what counts."""
    faults.require(1 <= len(given) <= MAX_EXPRESSIONS, field, f"must be 1 to {MAX_EXPRESSIONS}")
    found: list[Expression] = []
    for place, one in enumerate(given[:MAX_EXPRESSIONS]):
        with faults.gathered():
            found.append(_expression(faults, f"{field}[{place}]", one, place, [each.name for each in found]))
    if given:
        faults.require(not given[-1].hidden, f"{field}[{len(given) - 1}].hidden", "must be false for the last")
    return tuple(found)


def _expression(faults: Faults, field: str, given: pb.Expression, place: int, before: Sequence[str]) -> Expression:
    name = given.name or string.ascii_lowercase[place]
    faults.require(_NAME.fullmatch(name) is not None, f"{field}.name", "must be 1 to 50 characters of A-Za-z0-9_")
    faults.require(name not in before, f"{field}.name", "must differ from those of the others")
    ranking = None
    if given.HasField("ranking"):
        count = given.ranking.count
        faults.require(1 <= count <= MAX_RANKED, f"{field}.ranking.count", f"must be 1 to {MAX_RANKED:,}")
        ranking = Ranking(count, given.ranking.lowest)
    fill = _FILLS.word(f"{field}.fill", given.fill)
    match given.WhichOneof("source"):
        case "selection":
            selection = selection_from(faults, f"{field}.selection", given.selection)
            return Expression(name, selection, ranking, fill, given.hidden)
        case "calculation":
            calculation = _calculation(f"{field}.calculation", given.calculation, before)
            return Expression(name, calculation, ranking, fill, given.hidden)
    raise InvalidInput.of(field, "must have a selection or a calculation")


def selection_from(faults: Faults, field: str, given: pb.Selection) -> Selection:
    """Series and what is made of them. Raises InvalidInput for what is no function."""
    named = given.metric or any(one.label == NAME for one in given.matchers)
    faults.require(bool(named), f"{field}.metric", f"must be the name of a metric, without a matcher on {NAME}")
    faults.text(f"{field}.metric", given.metric, 1_000)
    function = _FUNCTIONS.word(f"{field}.function", given.function)
    window = None
    if given.HasField("window"):
        window = faults.span(f"{field}.window", given.window, SHORTEST, LONGEST)
    return Selection(
        metric=given.metric,
        matchers=matchers_in(faults, f"{field}.matchers", given.matchers),
        function=function,
        quantile=_share(faults, f"{field}.quantile", given.quantile) if function == "quantile" else 0.0,
        window=window,
        offset=faults.span(f"{field}.offset", given.offset, 0.0, LONGEST),
        grouping=_grouping(faults, f"{field}.grouping", given.grouping) if given.HasField("grouping") else None,
    )


def matchers_in(faults: Faults, field: str, given: Sequence[pb.Matcher]) -> tuple[Matcher, ...]:
    """Conditions on labels."""
    found: tuple[Matcher, ...] = ()
    with faults.gathered():
        found = matchers_from(given, field)
    for place, one in enumerate(found):
        right = one.operator not in EXPRESSIONS or is_expression(one.value)
        faults.require(right, f"{field}[{place}].value", "must be a regular expression of RE2")
    return found


def _grouping(faults: Faults, field: str, given: pb.Grouping) -> Grouping:
    aggregation = _AGGREGATIONS.word(f"{field}.aggregation", given.aggregation)
    faults.require(not (given.by and given.without), field, "must have by or without, not both")
    return Grouping(
        aggregation,
        _share(faults, f"{field}.quantile", given.quantile) if aggregation == "quantile" else 0.0,
        faults.names(f"{field}.by", given.by, MAX_LABELS, MAX_LABEL),
        faults.names(f"{field}.without", given.without, MAX_LABELS, MAX_LABEL),
    )


def _calculation(field: str, given: pb.Calculation, before: Sequence[str]) -> Calculation:
    return Calculation(
        _operand(f"{field}.left", given.left, before),
        _OPERATORS.word(f"{field}.operator", given.operator),
        _operand(f"{field}.right", given.right, before),
    )


def _operand(field: str, given: pb.Operand, before: Sequence[str]) -> Operand:
    if given.WhichOneof("kind") == "number":
        return given.number
    if given.expression in before:
        return given.expression
    raise InvalidInput.of(field, "must be a number or an expression before this one")


def _share(faults: Faults, field: str, given: float) -> float:
    faults.require(0.0 <= given <= 1.0, field, "must be between 0 and 1")
    return given


def expression_message(expression: Expression) -> pb.Expression:
    """An expression as a message."""
    message = pb.Expression(name=expression.name, fill=_FILLS.number(expression.fill), hidden=expression.hidden)
    if isinstance(expression.source, Selection):
        message.selection.CopyFrom(selection_message(expression.source))
    else:
        message.calculation.CopyFrom(_calculation_message(expression.source))
    if expression.ranking is not None:
        message.ranking.CopyFrom(pb.Ranking(count=expression.ranking.count, lowest=expression.ranking.lowest))
    return message


def selection_message(selection: Selection) -> pb.Selection:
    """A selection as a message."""
    grouping = selection.grouping
    return pb.Selection(
        metric=selection.metric,
        matchers=map(matcher_message, selection.matchers),
        function=_FUNCTIONS.number(selection.function),
        quantile=selection.quantile,
        window=None if selection.window is None else duration(selection.window),
        offset=duration(selection.offset) if selection.offset else None,
        grouping=None if grouping is None else _grouping_message(grouping),
    )


def _grouping_message(grouping: Grouping) -> pb.Grouping:
    return pb.Grouping(
        aggregation=_AGGREGATIONS.number(grouping.aggregation),
        quantile=grouping.quantile,
        by=grouping.by,
        without=grouping.without,
    )


def _calculation_message(calculation: Calculation) -> pb.Calculation:
    return pb.Calculation(
        left=_operand_message(calculation.left),
        operator=_OPERATORS.number(calculation.operator),
        right=_operand_message(calculation.right),
    )


def _operand_message(operand: Operand) -> pb.Operand:
    return pb.Operand(expression=operand) if isinstance(operand, str) else pb.Operand(number=operand)
