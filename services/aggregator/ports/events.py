"""Questions about events."""

from collections.abc import Sequence
from typing import Literal, Protocol

from services.aggregator.ports.searches import Counts, Cursor, EventSearch, Steps
from services.aggregator.ports.store import StoredEvent

EventSplit = Literal["", "type", "service"]


class Events(Protocol):
    """Answers from what is stored.

    Every method raises Unavailable, DeadlineExceeded, or InvalidInput when the answer is too large.
    """

    async def page(
        self, tenant: str, search: EventSearch, limit: int, cursor: Cursor | None = None
    ) -> Sequence[StoredEvent]:
        """At most `limit` events, newest first: the newest, or those next to a cursor."""
        ...

    async def count(self, tenant: str, search: EventSearch) -> int:
        """Events that match."""
        ...

    async def over_time(self, tenant: str, search: EventSearch, steps: Steps, split: EventSplit) -> Sequence[Counts]:
        """Counts by step, apart by the `split`, the most frequent first; what is too rare to list is `other`."""
        ...
