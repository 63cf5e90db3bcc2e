"""How many events match, by fields and time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.core.event_conditions import EventCondition


@dataclass(frozen=True, slots=True)
class EventCountQuestion:
    """Events of `[from_ms, to_ms)` since the Unix epoch for which all conditions hold, counted apart by the values of
    the fields `by` and by stretches of `stretch_ms` from the epoch on; None: the whole range is one.
    """

    conditions: tuple[EventCondition, ...]
    by: tuple[str, ...]
    from_ms: int
    to_ms: int
    stretch_ms: int | None = None


@dataclass(frozen=True, slots=True)
class EventCount:
    """Events that agree in their values; `start_ms` is the start of the stretch, or of the range."""

    values: tuple[str, ...]
    start_ms: int
    events: float


class EventCountStore(Protocol):
    """Raises what Reader raises."""

    async def counts(self, tenant: str, question: EventCountQuestion) -> Sequence[EventCount]:
        """The counts by time; none is 0."""
        ...
