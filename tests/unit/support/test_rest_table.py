"""The reading of docs/rest.md: what its tables can say, and what they find wrong with an answer."""

import pytest

from tests.support.rest_table import Row, rows


def row(fields: str, request: str = "`GET /a/{name=b}?period=1h`") -> Row:
    (read,) = rows(f"| path | call | fields | meaning |\n|---|---|---|---|\n| {request} | `S.Get` | {fields} | Means |")
    return read


def faults(fields: str, answer: object) -> list[str]:
    return [fault for field in row(fields).fields for fault in field.faults(answer)]


def test_a_row_names_a_path_as_a_contract_does_and_an_example() -> None:
    read = row("`a:text`")
    assert (read.name, read.address, read.rpc) == ("GET /a/{name}", "/a/b?period=1h", "S.Get")
    assert row("`a:text`", '`POST /a` `{"count": 3}`').body == {"count": 3}
    assert row("`(text/csv)!`").media == "text/csv"
    with pytest.raises(ValueError, match="`a:word` is no field"):
        row("`a:word`")


def test_fields_are_found_in_lists_and_objects() -> None:
    read = row("`a[].b{}.` `c:number!` <br>`d.` `e:text?`")
    assert [field.path for field in read.fields] == ["a[].b{}.c", "d.e"]
    assert read.fields[0].values({"a": [{"b": {"x": {"c": 1}, "y": {"c": 2}}}, {}]}) == [1, 2]
    assert [(field.moves, field.optional) for field in read.fields] == [(True, False), (False, True)]
    assert read.outermost == {"a", "d"}


@pytest.mark.parametrize(
    ("fields", "good", "bad"),
    [
        ("`a:number`", 1.5, "1.5"),
        ("`a:number`", 2, True),
        ("`a:number`", 2, 0),
        ("`a:number?`", 0, "0"),
        ("`a:text`", "x", ""),
        ("`a:text`", "x", None),
        ("`a:flag`", False, 0),
        ("`a:time`", "2026-01-31T10:00:00Z", "2026-01-31T10:00:00"),
        ("`a:object`", {"x": 1}, {}),
    ],
)
def test_an_answer_is_held_against_a_field(fields: str, good: object, bad: object) -> None:
    assert faults(fields, {"a": good}) == []
    assert faults(fields, {"a": bad}) != []


def test_a_field_may_be_absent_only_if_the_page_says_so() -> None:
    assert faults("`a.b:number?`", {}) == []
    assert faults("`a.b:number`", {}) == ["a.b is absent, empty or zero"]
    assert faults("`a[].b:number`", {"a": [{"b": 0}, {"b": 1}]}) == []
