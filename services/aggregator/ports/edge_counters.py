"""Counters that all aggregators share."""

from collections.abc import Sequence
from typing import Protocol


class EdgeCounters(Protocol):
    """Counts within a second of the clock."""

    async def add(self, names: Sequence[str], hits: int, second: int) -> Sequence[int]:
        """Add to each of the counters of a second; what they hold now. Raises Unavailable when that is not known."""
        ...
