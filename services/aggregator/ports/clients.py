"""What browsers told, as the store answers it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PageRow:
    """Page views and errors of one page within a stretch that begins with second `start`."""

    page: str
    start: int
    views: float
    errors: float


class ClientStore(Protocol):
    """Ranges are `[from_us, to_us)` in microseconds since the Unix epoch. Raises what Reader raises."""

    async def pages(self, tenant: str, from_us: int, to_us: int, stretch: int) -> Sequence[PageRow]:
        """Views and errors by page and by stretches of so many seconds, counted from the epoch."""
        ...

    async def frequent_errors(self, tenant: str, from_us: int, to_us: int, most: int) -> Sequence[tuple[str, float]]:
        """Messages of errors with their counts, most frequent first."""
        ...

    async def active(self, tenant: str, from_us: int, to_us: int) -> int:
        """Sessions, or users where no session is told, with a page view."""
        ...
