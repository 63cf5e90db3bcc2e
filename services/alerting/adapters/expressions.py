"""Regular expressions over labels of alerts, of which there are few that differ."""

from functools import lru_cache

from services.runtime.regular_expressions import matches


@lru_cache(maxsize=100_000)
def expression_matches(expression: str, text: str) -> bool:
    """Whether an expression of RE2 matches a text as a whole."""
    return bool(matches(expression, [text])[0])
