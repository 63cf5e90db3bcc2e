"""Which series a question is about: conditions on labels, all of which hold."""

import re
from collections.abc import Sequence

from services.aggregator.ports.matching import Matcher, Operator
from services.core.errors import InvalidInput

MAX_MATCHERS = 20
MAX_LABEL = 100
MAX_VALUE = 1_000
_TEXT = re.compile(r"\s*(?P<label>[^\s=!~]+)\s*(?P<operator>=~|!~|!=|=)\s*(?P<value>.*)", re.DOTALL)


def require_valid(matchers: Sequence[Matcher], field: str) -> None:
    """Raises InvalidInput, naming the matcher within `field`, for too many of them and for those beyond the limits."""
    if len(matchers) > MAX_MATCHERS:
        raise InvalidInput.of(field, f"must be at most {MAX_MATCHERS}")
    for place, matcher in enumerate(matchers):
        if not 1 <= len(matcher.label) <= MAX_LABEL:
            raise InvalidInput.of(f"{field}[{place}].label", f"must have 1 to {MAX_LABEL} characters")
        if len(matcher.value) > MAX_VALUE or "\0" in matcher.value:
            raise InvalidInput.of(
                f"{field}[{place}].value", f"must have at most {MAX_VALUE:,} characters, none of them 0"
            )


def matcher_from(text: str, field: str) -> Matcher:
    """A condition as it is written in a URL: `host=web-1`, `host!=web-1`, `host=~web-.*`, `host!~web-.*`.

    Raises InvalidInput, naming `field`, for anything else.
    """
    found = _TEXT.fullmatch(text)
    if found is None:
        raise InvalidInput.of(field, "must be a label, one of = != =~ !~, and a value, such as host=web-1")
    return Matcher(found["label"], Operator(found["operator"]), found["value"])
