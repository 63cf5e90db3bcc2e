"""Pages of lists that run from the newest row to the oldest, and can be read in both directions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from services.aggregator.convert.ranged_pages import ranged_page, ranged_token
from services.aggregator.convert.time_ranges import DAY_US
from services.aggregator.ports.searches import Cursor, Position, TimeRange

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class AskedPage:
    """Which page of which range."""

    range: TimeRange
    cursor: Cursor | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows, the newest first, and the tokens of the pages beside them."""

    rows: Sequence[Row]
    next_token: str
    previous_token: str


def asked_page(tenant: str, request: Any, now: float, otherwise_us: int = DAY_US) -> AskedPage:
    """The page a request with a `filter` asks for; its range is that of the first page. Raises InvalidInput."""
    range_, state = ranged_page(tenant, request, request.filter, now, otherwise_us)
    if state is None:
        return AskedPage(range_)
    newer, *(time_us, journal_id, offset, row) = state
    return AskedPage(range_, Cursor((time_us, journal_id, offset, row), bool(newer)))


def page_of(
    tenant: str, request: Any, asked: AskedPage, found: Sequence[Row], size: int, position: Callable[[Row], Position]
) -> Page[Row]:
    """The page that was asked for, of the up to `size` + 1 rows that were found, newest first."""
    newer = asked.cursor is not None and asked.cursor.newer
    more = len(found) > size
    rows = found[-size:] if newer else found[:size]

    def token(row: Row, towards_newer: int) -> str:
        return ranged_token(tenant, request, asked.range, [towards_newer, *position(row)])

    if not rows:
        return Page(rows, "", "")
    return Page(
        rows,
        token(rows[-1], 0) if newer or more else "",
        token(rows[0], 1) if (more if newer else asked.cursor is not None) else "",
    )
