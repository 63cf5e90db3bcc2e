"""How long pages are."""

from services.core.errors import InvalidInput

PAGE_SIZE, LARGEST_PAGE = 100, 1_000


def page_size(asked: int, field: str = "page_size") -> int:
    """Rows to give; 100 when 0. Raises InvalidInput above 1,000."""
    if asked > LARGEST_PAGE:
        raise InvalidInput.of(field, f"must be at most {LARGEST_PAGE:,}")
    return asked or PAGE_SIZE
