"""Conditions on labels: what they say, and what is refused."""

import pytest

from binnacle.query.v1 import query_pb2
from services.aggregator.adapters.clickhouse.series.matching import series_ids
from services.core.errors import InvalidInput
from services.core.matching import MAX_MATCHERS, Matcher, Operator
from services.runtime.label_matchers import matchers_from, matchers_from_texts


@pytest.mark.parametrize(
    ("text", "matcher"),
    [
        ("host=web-1", Matcher("host", Operator.EQUAL, "web-1")),
        ("host!=a=b", Matcher("host", Operator.NOT_EQUAL, "a=b")),
        ("host=~web-.*", Matcher("host", Operator.MATCHES, "web-.*")),
        ("host!~a|b", Matcher("host", Operator.NOT_MATCHES, "a|b")),
        ("host=", Matcher("host", Operator.EQUAL, "")),
        ("host=a\nb", Matcher("host", Operator.EQUAL, "a\nb")),
        ("http.route=~/cart", Matcher("http.route", Operator.MATCHES, "/cart")),
    ],
)
def test_a_matcher_of_a_url(text: str, matcher: Matcher) -> None:
    assert matchers_from_texts([text]) == (matcher,)
    assert str(matcher) == text


@pytest.mark.parametrize("text", ["", "host", "=x", "!=x", "host~x"])
def test_what_is_no_matcher_is_named(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        matchers_from_texts(["a=b", text])
    assert refused.value.violations[0].field == "match[1]"


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (query_pb2.Matcher(value="x"), "matchers[0].label"),
        (query_pb2.Matcher(label="l" * 101), "matchers[0].label"),
        (query_pb2.Matcher(label="l", value="v" * 1_001), "matchers[0].value"),
        (query_pb2.Matcher(label="l", value="a\0b"), "matchers[0].value"),
    ],
)
def test_a_message_out_of_bounds_is_named(message: query_pb2.Matcher, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        matchers_from([message])
    assert refused.value.violations[0].field == field


def test_too_many_are_refused() -> None:
    with pytest.raises(InvalidInput, match="at most 20"):
        matchers_from([query_pb2.Matcher(label="l")] * (MAX_MATCHERS + 1))


def test_an_operator_is_equal_unless_told() -> None:
    assert matchers_from([query_pb2.Matcher(label="l", value="v")]) == (Matcher("l", Operator.EQUAL, "v"),)


def test_values_are_never_part_of_the_sql() -> None:
    matchers = matchers_from_texts(["__name__=~x'.*", "ho'st!=') OR 1"])
    statement = series_ids("acme", matchers).statement()
    assert "OR 1" not in statement.sql
    assert "x'" not in statement.sql
    assert statement.parameters["matcher0_value"] == "^(?s:x'.*)$"
