"""Variables of dashboards, and where they are used."""

import re
from collections.abc import Collection, Iterable, Sequence

from binnacle.dashboards.v1 import dashboards_pb2 as pb
from binnacle.query.v1 import query_pb2
from services.core.matching import MAX_LABEL
from services.runtime.faults import Faults

MOST_VARIABLES, MOST_VALUES, LONGEST_VALUE, LONGEST_TITLE, LONGEST_METRIC = 20, 100, 500, 100, 1_000
_NAME = re.compile(r"[A-Za-z0-9_]{1,50}")
_USED = re.compile(r"\$([A-Za-z0-9_]+)")
_Operator = query_pb2.Matcher.Operator
_COMPARED_AS_TEXT = (_Operator.OPERATOR_UNSPECIFIED, _Operator.OPERATOR_EQUAL, _Operator.OPERATOR_NOT_EQUAL)


def check_variables(faults: Faults, field: str, given: Sequence[pb.Variable]) -> frozenset[str]:
    """Note what is wrong with variables; their names."""
    faults.require(len(given) <= MOST_VARIABLES, field, f"must be at most {MOST_VARIABLES}")
    names = [one.name for one in given]
    faults.require(len(set(names)) == len(names), field, "must have different names")
    for place, one in enumerate(given[:MOST_VARIABLES]):
        _check(faults, f"{field}[{place}]", one)
    return frozenset(names)


def _check(faults: Faults, field: str, given: pb.Variable) -> None:
    right = _NAME.fullmatch(given.name) is not None
    faults.require(right, f"{field}.name", "must be 1 to 50 characters of A-Za-z0-9_")
    faults.text(f"{field}.title", given.title, LONGEST_TITLE)
    match given.WhichOneof("choices"):
        case "label_values":
            faults.text(f"{field}.label_values.label", given.label_values.label, MAX_LABEL, least=1)
            faults.text(f"{field}.label_values.metric", given.label_values.metric, LONGEST_METRIC)
        case "listed":
            values = given.listed.values
            faults.require(len(values) > 0, f"{field}.listed.values", "must be at least one")
            faults.names(f"{field}.listed.values", values, MOST_VALUES, LONGEST_VALUE)
            known = set(given.chosen) <= set(values)
            faults.require(known, f"{field}.chosen", "must be among the values that are listed")
        case _:
            faults.require(False, field, "must have label_values or listed values")
    faults.names(f"{field}.chosen", given.chosen, MOST_VALUES if given.several else 1, LONGEST_VALUE)


def used(value: str) -> str | None:
    """The variable that a value stands for as a whole; None where it is a plain value."""
    found = _USED.fullmatch(value)
    return found[1] if found else None


def check_values(faults: Faults, field: str, values: Iterable[str], variables: Collection[str]) -> None:
    """Note values that stand for variables which there are not."""
    for place, value in enumerate(values):
        _require_known(faults, f"{field}[{place}]", value, variables)


def check_matchers(
    faults: Faults, field: str, matchers: Iterable[query_pb2.Matcher], variables: Collection[str]
) -> None:
    """The same in conditions on labels, where a variable is compared as the texts that it stands for."""
    for place, one in enumerate(matchers):
        if used(one.value) is None:
            continue
        _require_known(faults, f"{field}[{place}].value", one.value, variables)
        as_text = one.operator in _COMPARED_AS_TEXT
        faults.require(as_text, f"{field}[{place}].operator", "must be equal or not equal where a variable is compared")


def _require_known(faults: Faults, field: str, value: str, variables: Collection[str]) -> None:
    name = used(value)
    known = name is None or name in variables
    faults.require(known, field, f"stands for a variable that the dashboard does not have: {value}")
