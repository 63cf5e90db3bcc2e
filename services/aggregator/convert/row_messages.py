"""Messages of rows that are told again and again: a row never changes, so it is made into a message once."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Final, TypeVar

from services.aggregator.ports.store import StoredEvent

MOST_ROWS = 1_000
LONGEST = 1_000
"""Characters of a row that is kept: its message takes up to eighteen times as many bytes."""

Row = TypeVar("Row")
Made = TypeVar("Made")

_LET_GO: Final[list[Callable[[], None]]] = []


def made_once(length: Callable[[Row], int]) -> Callable[[Callable[[Row], Made]], Callable[[Row], Made]]:
    """Keep the messages of the newest rows whose `length` is not too much. Who is told one must not change it."""

    def keeping(make: Callable[[Row], Made]) -> Callable[[Row], Made]:
        kept = lru_cache(MOST_ROWS)(make)
        _LET_GO.append(kept.cache_clear)

        @wraps(make)
        def told(row: Row) -> Made:
            return kept(row) if length(row) <= LONGEST else make(row)

        return told

    return keeping


def forget() -> None:
    """Keep no message that was made before: rows were deleted."""
    for let_go in _LET_GO:
        let_go()


def length_of_event(event: StoredEvent) -> int:
    """In characters."""
    return len(event.data_json)
