import pytest
from hypothesis import given, strategies as st

from services.aggregator.domain.findings.text_search import text_search
from services.aggregator.ports.searches import Term, TextSearch
from services.core.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("", TextSearch()),
        ("Timeout ERROR", TextSearch((Term(("timeout",)), Term(("error",))))),
        ("user-42", TextSearch((Term(("user", "42"), "user-42"),))),
        ('"Out of  memory"', TextSearch((Term(("out", "of", "memory"), "out of  memory"),))),
        ('a -b -"c d"', TextSearch((Term(("a",)),), (Term(("b",)), Term(("c", "d"), "c d")))),
        ('""', TextSearch()),
        ("->", TextSearch((), (Term((), ">"),))),
        ("Ärger", TextSearch((Term(("Ärger",)),))),
    ],
)
def test_words_phrases_and_what_is_left_out(text: str, search: TextSearch) -> None:
    assert text_search("f", text) == search


@given(st.text(alphabet=st.characters(exclude_characters='"', exclude_categories=["Cs"]), max_size=60))
def test_a_phrase_is_found_in_itself(text: str) -> None:
    """What the store looks for is in the text that was typed, in small letters."""
    search = text_search("f", f'"{text}"')
    small = "".join(chr(ord(sign) + 32) if "A" <= sign <= "Z" else sign for sign in text)
    for term in search.required:
        assert term.text in small
        assert all(token in small for token in term.tokens)


@pytest.mark.parametrize("text", ['"a', 'a "b" "c', "a" * 1_001, "a " * 21])
def test_what_cannot_be_looked_for_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as error:
        text_search("filter.text", text)
    assert error.value.violations[0].field == "filter.text"
