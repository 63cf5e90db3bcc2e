"""How long pages are."""

from collections.abc import Iterable
from typing import TypeVar

from google.protobuf.message import Message

from services.core.errors import InvalidInput

PAGE_SIZE, LARGEST_PAGE = 100, 1_000
MOST_BYTES = 2 * 1024 * 1024
"""Of the rows of a page: clients of gRPC take answers of 4 MiB unless told otherwise."""
Row = TypeVar("Row", bound=Message)


def page_size(asked: int, field: str = "page_size") -> int:
    """Rows to give; 100 when 0. Raises InvalidInput above 1,000."""
    if asked > LARGEST_PAGE:
        raise InvalidInput.of(field, f"must be at most {LARGEST_PAGE:,}")
    return asked or PAGE_SIZE


def fitting(rows: Iterable[Row]) -> list[Row]:
    """The first rows, as many as a page may hold by their size, and one at least."""
    found: list[Row] = []
    left = MOST_BYTES
    for row in rows:
        left -= row.ByteSize()
        if found and left < 0:
            break
        found.append(row)
    return found
