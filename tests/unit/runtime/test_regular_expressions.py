"""Regular expressions of labels."""

import subprocess
import sys

import pytest
from hypothesis import given, strategies as st

from services.core.errors import InvalidInput
from services.runtime.regular_expressions import Texts, matches

TEXTS = ["", "a", "ab", "b", "a\nb", "caffè", "x" * 1_000]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a", {"a"}),
        ("a|b", {"a", "b"}),
        ("a.*", {"a", "ab", "a\nb"}),
        ("caff.", {"caffè"}),
        ("", {""}),
        (".*", set(TEXTS)),
        ("x+", {"x" * 1_000}),
    ],
)
def test_the_whole_text_has_to_match(expression: str, expected: set[str]) -> None:
    # More texts than fit into a byte of answers.
    found = matches(expression, TEXTS * 3).tolist()
    assert found == [text in expected for text in TEXTS] * 3


@given(st.lists(st.sampled_from(TEXTS)), st.sampled_from(["a", "a.*", "", "caff.", "b|x+"]))
def test_texts_that_are_kept_are_answered_like_others(texts: list[str], expression: str) -> None:
    kept = Texts(texts)
    assert kept.matching(expression).tolist() == matches(expression, texts).tolist()
    assert kept.equal("caffè").tolist() == [text == "caffè" for text in texts]


def test_of_no_texts_there_is_no_answer() -> None:
    assert matches("a", []).tolist() == []


@pytest.mark.parametrize("expression", ["(", "(?=a)", "(((a{1,100}){1,100}){1,100}){1,100}"])
def test_what_re2_does_not_take_is_refused(expression: str) -> None:
    with pytest.raises(InvalidInput, match="no regular expression"):
        matches(expression, TEXTS)


def test_the_first_expression_loads_nothing_large() -> None:
    told = (
        "import sys; from services.runtime.regular_expressions import Texts, matches;"
        " matches('a', ['a']); Texts(['a']).matching('a'); Texts(['a']).equal('a'); print('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True).stdout == "False\n"
