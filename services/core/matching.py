"""Conditions on the labels of series."""

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.core.errors import InvalidInput

NAME = "__name__"
"""The label that is the name of the metric."""
MAX_MATCHERS = 20
MAX_LABEL = 100
MAX_VALUE = 1_000
_TEXT = re.compile(r"\s*(?P<label>[^\s=!~]+)\s*(?P<operator>=~|!~|!=|=)\s*(?P<value>.*)", re.DOTALL)


class Operator(enum.Enum):
    """How a label is compared; expressions are those of RE2 and match the whole value."""

    EQUAL = "="
    NOT_EQUAL = "!="
    MATCHES = "=~"
    NOT_MATCHES = "!~"


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition on one label; a label that a series lacks is empty."""

    label: str
    operator: Operator
    value: str

    def __str__(self) -> str:
        return f"{self.label}{self.operator.value}{self.value}"


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
