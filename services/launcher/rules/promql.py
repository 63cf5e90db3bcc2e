"""Expressions of Prometheus' rules as conditions of ours, as far as both mean the same."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import promql_parser as promql

from binnacle.query.v1 import query_pb2
from binnacle.rules.v1 import rules_pb2

LOOK_BACK = timedelta(minutes=5)
"""How far Prometheus looks back for the newest sample."""
PROBES = ("up", "probe_success")
_FUNCTIONS = {
    "rate": "RATE", "increase": "INCREASE", "avg_over_time": "AVERAGE", "sum_over_time": "SUM",
    "min_over_time": "MINIMUM", "max_over_time": "MAXIMUM", "last_over_time": "LAST", "count_over_time": "COUNT",
    "quantile_over_time": "QUANTILE",
}  # fmt: skip
_AGGREGATIONS = {
    "avg": "AVERAGE", "sum": "SUM", "min": "MINIMUM", "max": "MAXIMUM", "count": "COUNT", "quantile": "QUANTILE",
}  # fmt: skip
# They know only whether they are the same.
_MATCHERS = (
    (promql.MatchOp.Equal, "EQUAL"),
    (promql.MatchOp.NotEqual, "NOT_EQUAL"),
    (promql.MatchOp.Re, "MATCHES"),
    (promql.MatchOp.NotRe, "NOT_MATCHES"),
)
_ARITHMETIC: Mapping[str, tuple[str, Callable[[float, float], float]]] = {
    "+": ("ADD", operator.add),
    "-": ("SUBTRACT", operator.sub),
    "*": ("MULTIPLY", operator.mul),
    "/": ("DIVIDE", operator.truediv),
}
_COMPARISONS = {">": "ABOVE", ">=": "AT_LEAST", "<": "BELOW", "<=": "AT_MOST"}
_TURNED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
_JOINS = ("and", "or", "unless")
_ABSENT = ("absent", "absent_over_time")
_TEXT = re.compile(r"\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'|`[^`]*+`", re.DOTALL)
# Without its texts. What is within what within what is read on the stack of another language, which ends the process.
_LONGEST = 4_000


class NotConvertible(Exception):
    """What an expression asks that cannot be asked here; says what."""


@dataclass(slots=True)
class Converted:
    """A condition, the threshold where it has one, and what a person should know of the difference."""

    condition: rules_pb2.Condition
    threshold: float | None = None
    notes: list[str] = field(default_factory=list)


def condition_of(text: str) -> Converted:
    """The condition that an alert's expression means. Raises NotConvertible."""
    if len(_TEXT.sub("", text)) > _LONGEST:
        raise NotConvertible(f"is longer than {_LONGEST:,} characters, its texts not counted")
    try:
        expression = _bare(promql.parse(text))
    except ValueError as error:
        raise NotConvertible(f"is no PromQL: {error}") from error
    try:
        return _condition(expression)
    except RecursionError as error:
        raise NotConvertible("is nested too deep") from error


def _condition(expression: Any) -> Converted:
    if isinstance(expression, promql.Call) and expression.func.name in _ABSENT:
        return Converted(_absence(expression))
    if isinstance(expression, promql.BinaryExpr) and str(expression.op) in _JOINS:
        raise NotConvertible(f"joins conditions by {expression.op}; make rules of them, and a composite")
    if not isinstance(expression, promql.BinaryExpr) or str(expression.op) not in (*_COMPARISONS, "=="):
        raise NotConvertible("compares nothing with a number by >, >=, < or <=")
    if expression.modifier is not None and expression.modifier.return_bool:
        raise NotConvertible("gives 0 or 1 instead of an alert (bool)")
    return _compared(expression)


def _compared(expression: promql.BinaryExpr) -> Converted:
    left, sign, right = _bare(expression.lhs), str(expression.op), _bare(expression.rhs)
    if _number(left) is not None:
        left, right = right, left
        sign = _TURNED.get(sign, sign)
    threshold = _number(right)
    if sign == "==":
        return _probe(left, threshold)
    notes: list[str] = []
    expressions = Expressions()
    if threshold is None:
        _require_plain(expression)
        expressions.calculate("-", left, right)
        threshold = 0.0
        notes.append("the value told is the difference of both sides")
    else:
        expressions.add(left)
    comparison = rules_pb2.Comparison.Value(f"COMPARISON_{_COMPARISONS[sign]}")
    made = rules_pb2.Threshold(expressions=expressions.made, comparison=comparison)
    return Converted(rules_pb2.Condition(threshold=made), threshold, notes)


def _probe(expression: Any, threshold: float | None) -> Converted:
    """`up == 0`, the one equation that is an inequality."""
    if not isinstance(expression, promql.VectorSelector) or expression.name not in PROBES or threshold != 0:
        raise NotConvertible("compares by ==")
    expressions = Expressions()
    expressions.add(expression)
    made = rules_pb2.Threshold(expressions=expressions.made, comparison=rules_pb2.COMPARISON_BELOW)
    return Converted(rules_pb2.Condition(threshold=made), 1.0, [f"{expression.name} is 0 or 1: below 1"])


def _absence(call: promql.Call) -> rules_pb2.Condition:
    argument = _bare(call.args[0])
    selector = argument.vector_selector if isinstance(argument, promql.MatrixSelector) else argument
    if not isinstance(selector, promql.VectorSelector) or selector.offset or selector.at:
        raise NotConvertible("asks for the absence of more than plain series")
    made = rules_pb2.Absence(metric=selector.name or "", matchers=_matchers(selector))
    made.after.FromTimedelta(argument.range if isinstance(argument, promql.MatrixSelector) else LOOK_BACK)
    return rules_pb2.Condition(absence=made)


class Expressions:
    """Expressions in the order in which they need each other; the last is what was asked for."""

    def __init__(self) -> None:
        self.made: list[query_pb2.Expression] = []

    def add(self, expression: Any, grouping: query_pb2.Grouping | None = None) -> str:
        """Take up an expression; the name under which others may use it."""
        expression = _bare(expression)
        match expression:
            case promql.AggregateExpr() if grouping is None:
                return self.add(expression.expr, _grouping(expression))
            case promql.BinaryExpr() if grouping is None and str(expression.op) in _ARITHMETIC:
                _require_plain(expression)
                return self.calculate(str(expression.op), expression.lhs, expression.rhs)
            case promql.UnaryExpr() if grouping is None:
                return self.calculate("*", -1.0, expression.expr)
        return self._selected(_selection(expression), grouping)

    def calculate(self, sign: str, left: Any, right: Any) -> str:
        """Take up an operation on two expressions, or on an expression and a number."""
        operands = [self._operand(left), self._operand(right)]
        number = query_pb2.Calculation.Operator.Value(f"OPERATOR_{_ARITHMETIC[sign][0]}")
        calculation = query_pb2.Calculation(left=operands[0], operator=number, right=operands[1])
        return self._named(query_pb2.Expression(calculation=calculation))

    def _operand(self, expression: Any) -> query_pb2.Operand:
        number = expression if isinstance(expression, float) else _number(_bare(expression))
        if number is None:
            return query_pb2.Operand(expression=self.add(expression))
        return query_pb2.Operand(number=number)

    def _selected(self, selection: query_pb2.Selection, grouping: query_pb2.Grouping | None) -> str:
        if grouping is not None:
            selection.grouping.CopyFrom(grouping)
        return self._named(query_pb2.Expression(selection=selection))

    def _named(self, expression: query_pb2.Expression) -> str:
        if self.made:
            self.made[-1].hidden = True
        expression.name = _letters(len(self.made))
        self.made.append(expression)
        return expression.name


def _letters(number: int) -> str:
    return chr(ord("a") + number) if number < 26 else f"e{number}"


def _selection(expression: Any) -> query_pb2.Selection:
    match expression:
        case promql.VectorSelector():
            return _series(expression, "LAST", LOOK_BACK)
        case promql.Call() if expression.func.name in _FUNCTIONS:
            *share, matrix = map(_bare, expression.args)
            if not isinstance(matrix, promql.MatrixSelector):
                raise NotConvertible("asks over a subquery")
            selection = _series(matrix.vector_selector, _FUNCTIONS[expression.func.name], matrix.range)
            selection.quantile = _number(share[0]) or 0.0 if share else 0.0
            return selection
        case promql.Call():
            raise NotConvertible(f"uses {expression.func.name}()")
        case promql.BinaryExpr() if str(expression.op) not in _ARITHMETIC:
            raise NotConvertible(f"uses {expression.op} within an expression")
        case promql.AggregateExpr() | promql.BinaryExpr() | promql.UnaryExpr():
            raise NotConvertible("aggregates what was calculated or aggregated before")
        case promql.SubqueryExpr():
            raise NotConvertible("asks over a subquery")
    raise NotConvertible(f"uses what has no meaning here: {expression}")


def _series(selector: promql.VectorSelector, function: str, window: timedelta) -> query_pb2.Selection:
    if selector.at is not None or selector.matchers.or_matchers:
        raise NotConvertible("uses @ or alternatives of matchers")
    selection = query_pb2.Selection(
        metric=selector.name or "",
        matchers=_matchers(selector),
        function=query_pb2.Function.Value(f"FUNCTION_{function}"),
    )
    selection.window.FromTimedelta(window)
    if selector.offset:
        if selector.offset < timedelta(0):
            raise NotConvertible("looks into the future (a negative offset)")
        selection.offset.FromTimedelta(selector.offset)
    return selection


def _matchers(selector: promql.VectorSelector) -> list[query_pb2.Matcher]:
    return [
        query_pb2.Matcher(label=one.name, operator=_operator(one.op), value=one.value)
        for one in selector.matchers.matchers
    ]


def _operator(given: promql.MatchOp) -> query_pb2.Matcher.Operator.ValueType:
    word = next(word for known, word in _MATCHERS if known == given)
    return query_pb2.Matcher.Operator.Value(f"OPERATOR_{word}")


def _grouping(expression: promql.AggregateExpr) -> query_pb2.Grouping:
    word = _AGGREGATIONS.get(str(expression.op))
    if word is None:
        raise NotConvertible(f"aggregates by {expression.op}")
    grouping = query_pb2.Grouping(aggregation=query_pb2.Grouping.Aggregation.Value(f"AGGREGATION_{word}"))
    if word == "QUANTILE":
        grouping.quantile = _number(_bare(expression.param)) or 0.0
    if expression.modifier is not None:
        by = expression.modifier.type == promql.AggModifierType.By
        (grouping.by if by else grouping.without).extend(sorted(expression.modifier.labels))
    return grouping


def _require_plain(expression: promql.BinaryExpr) -> None:
    """Series of both sides go together by all their labels, here; so does what names the labels that there are."""
    modifier = expression.modifier
    if modifier is None or modifier.matching is None:
        return
    if modifier.card != promql.VectorMatchCardinality.OneToOne or modifier.group_labels:
        raise NotConvertible("matches one series with many (group_left, group_right)")
    sides = [_labels_of(_bare(side)) for side in (expression.lhs, expression.rhs)]
    on = modifier.matching.type == promql.LabelModifierType.Include
    if not on or any(labels != set(modifier.matching.labels) for labels in sides):
        raise NotConvertible("matches series by some of their labels (on, ignoring)")


def _labels_of(expression: Any) -> set[str] | None:
    """The labels that series of an expression have; None where that is not known."""
    match expression:
        case promql.AggregateExpr():
            modifier = expression.modifier
            known_by = modifier is None or modifier.type == promql.AggModifierType.By
            return set(modifier.labels if modifier else ()) if known_by else None
        case promql.BinaryExpr():
            sides = [_bare(expression.lhs), _bare(expression.rhs)]
            known = [_labels_of(side) for side in sides if _number(side) is None]
            return known[0] if known and all(labels == known[0] for labels in known) else None
    return None


def _number(expression: Any) -> float | None:
    """What an expression of numbers alone comes to; None of any other."""
    match expression:
        case promql.NumberLiteral():
            return float(expression.val)
        case promql.UnaryExpr():
            inner = _number(_bare(expression.expr))
            return None if inner is None else -inner
        case promql.BinaryExpr() if str(expression.op) in _ARITHMETIC:
            left, right = _number(_bare(expression.lhs)), _number(_bare(expression.rhs))
            if left is None or right is None or (str(expression.op) == "/" and right == 0):
                return None
            return _ARITHMETIC[str(expression.op)][1](left, right)
    return None


def _bare(expression: Any) -> Any:
    """An expression without the brackets around it."""
    while isinstance(expression, promql.ParenExpr):
        expression = expression.expr
    return expression
