"""Agents as the store answers them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class AgentBeats:
    """The heartbeats of one agent within a range: how many, and what the newest said (`uptime_hours` None: untold)."""

    agent: str
    beats: float
    seen_us: int
    status: str
    uptime_hours: float | None


class AgentStore(Protocol):
    """Ranges are `[from_us, to_us)` in microseconds since the Unix epoch. Raises what Reader raises."""

    async def agents(self, tenant: str, from_us: int, to_us: int, most: int) -> Sequence[AgentBeats]:
        """Agents with a heartbeat within the range, by name, at most so many."""
        ...
