"""Reads what people type to find text: words, "words in quotes", and either with a - before it."""

import re
import string

from services.aggregator.ports.searches import Term, TextSearch
from services.core.errors import InvalidInput

MAX_TEXT = 1_000
MAX_TERMS = 20
# What the store takes as a word: letters and digits of ASCII, and whatever is not ASCII.
_WORD = re.compile(r"[0-9a-z\u0080-\U0010ffff]+")
_TERM = re.compile(r'(-?)"([^"]*)"|(-?)(\S+)')
_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def text_search(field: str, text: str) -> TextSearch:
    """The terms of a text. Raises InvalidInput for an open quote, and beyond 1,000 characters or 20 terms."""
    if len(text) > MAX_TEXT:
        raise InvalidInput.of(field, f"must have at most {MAX_TEXT:,} characters")
    if text.count('"') % 2:
        raise InvalidInput.of(field, "must close each quote it opens")
    required: list[Term] = []
    excluded: list[Term] = []
    for found in _TERM.finditer(text.translate(_SMALL)):
        minus, phrase, bare_minus, word = found.groups()
        body = phrase if phrase is not None else word
        if body:
            (excluded if minus or bare_minus else required).append(term(body))
    if len(required) + len(excluded) > MAX_TERMS:
        raise InvalidInput.of(field, f"must have at most {MAX_TERMS} words")
    return TextSearch(tuple(required), tuple(excluded))


def term(body: str) -> Term:
    """A text in small letters as its words, and as it stands where the words do not say it all."""
    tokens = tuple(dict.fromkeys(_WORD.findall(body)))
    return Term(tokens) if tokens == (body,) else Term(tokens, body)
