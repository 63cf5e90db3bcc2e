"""Changes as the store answers them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.aggregator.ports.store import EventPosition, StoredEvent


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """Changes of `[from_us, to_us)`, microseconds since the Unix epoch; an empty service matches all."""

    from_us: int
    to_us: int
    kinds: Sequence[str]
    service: str = ""


class ChangeStore(Protocol):
    """Answers changes. Raises what Reader raises."""

    async def changes(
        self, tenant: str, matching: ChangeFilter, limit: int, before: EventPosition | None
    ) -> Sequence[StoredEvent]:
        """The events that match, newest first, at most `limit`, all `before` a position."""
        ...
