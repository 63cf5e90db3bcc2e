"""Messages as JSON Schema: judged by a validator over what proto JSON prints."""

from typing import Any

import jsonschema_rs
import pytest

from tests.unit.tools.openapi.small import described

SCHEMAS: dict[str, Any] = described()[1].made
LEAST = {"size": "0", "share": 0, "parts": [], "by_name": {}, "kind": "KIND_UNSPECIFIED"}


def judge(value: Any, name: str) -> None:
    document = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": SCHEMAS}}
    jsonschema_rs.Draft202012Validator(document).validate(value)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"share": "NaN"},
        {"note": "words"},
        {"parent": LEAST, "parts": [LEAST]},
        {"by_name": {"a": 3}},
        {"kind": "KIND_GOOD"},
        {"size": "-9223372036854775808"},
    ],
)
def test_what_the_edge_prints_is_right(more: dict[str, Any]) -> None:
    judge(LEAST | more, "things.Thing")


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 3},
        {"share": "many"},
        {"kind": "KIND_BAD"},
        {"parts": [{}]},
        {"by_name": {"a": "3"}},
        {"unknown": 1},
    ],
)
def test_anything_else_is_wrong(wrong: dict[str, Any]) -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        judge(LEAST | wrong, "things.Thing")


def test_what_has_no_presence_is_always_printed() -> None:
    assert SCHEMAS["things.Thing"]["required"] == ["size", "share", "parts", "by_name", "kind"]


def test_a_request_may_leave_out_anything() -> None:
    judge({}, "things.GetThingRequest_input")
    judge({"filter": {"limit": 3}}, "things.GetThingRequest_input")
