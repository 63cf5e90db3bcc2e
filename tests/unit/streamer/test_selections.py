"""Which rows a selection lets through."""

import json

import pytest

from services.streamer.domain.selections import Condition, Operator, Selection, Value
from services.streamer.ports import Row, Topic

ATTRIBUTES = {"total": 5, "text": "b", "flag": True, "http": {"route": "/a"}, "none": None}


def row(kind: str = "a", service: str = "shop", message: str = "") -> Row:
    return Row("j", (1, 0), 0.0, kind, service, json.dumps(ATTRIBUTES), None, "user", "session", message)


def test_conditions_of_all_fields_have_to_hold() -> None:
    rows = [row(), row("b"), row(service="till")]
    assert Selection().of(rows) == rows
    assert Selection(kinds=("a",), services=("shop",)).of(rows) == rows[:1]
    assert Selection(user_ids=("other",)).of(rows) == []
    assert Selection(session_ids=("session",)).of(rows) == rows


def test_text_is_found_whatever_the_case_of_a_to_z() -> None:
    rows = [row(message="A SLOW Query"), row(message="quick")]
    assert Selection(logs=True, text="slow q").of(rows) == rows[:1]
    assert Selection(logs=True, text="Ä").of([row(message="ä")]) == []


def test_requests_are_told_to_who_asks_for_them() -> None:
    assert Selection().topic is Topic.EVENTS
    assert Selection(kinds=("a", "request")).topic is Topic.ALL_EVENTS
    assert Selection(logs=True).topic is Topic.LOGS


@pytest.mark.parametrize(
    ("path", "operator", "value", "holds"),
    [
        ("total", Operator.EQUAL, 5.0, True),
        ("total", Operator.EQUAL, "5", False),
        ("total", Operator.NOT_EQUAL, "5", True),
        ("flag", Operator.EQUAL, True, True),
        ("flag", Operator.EQUAL, 1.0, False),
        ("total", Operator.LESS, 6.0, True),
        ("total", Operator.GREATER_OR_EQUAL, 5.0, True),
        ("total", Operator.GREATER, "a", False),
        ("text", Operator.GREATER, "a", True),
        ("text", Operator.LESS_OR_EQUAL, "ab", False),
        ("http.route", Operator.EQUAL, "/a", True),
        ("http.method", Operator.NOT_EQUAL, "GET", True),
        ("http.method", Operator.EXISTS, None, False),
        ("http.method", Operator.ABSENT, None, True),
        ("none", Operator.EXISTS, None, True),
        ("text.deeper", Operator.ABSENT, None, True),
    ],
)
def test_conditions_on_attributes(path: str, operator: Operator, value: Value | None, holds: bool) -> None:
    condition = Condition(tuple(path.split(".")), operator, value)
    assert condition.holds(ATTRIBUTES) is holds
    assert bool(Selection(conditions=(condition,)).of([row()])) is holds
