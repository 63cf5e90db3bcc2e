"""What the store knows of services beside their traffic: signs of life and deploys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LastBeat:
    """The newest heartbeat of a service, seen at the earlier of its time and its acceptance; figures None if untold."""

    seen_us: int
    status: str
    requests: float | None
    errors: float | None
    average_latency_ms: float | None
    uptime_hours: float | None


@dataclass(frozen=True, slots=True)
class Deploy:
    """The newest deploy of a service."""

    time_us: int
    version: str


class ServiceStore(Protocol):
    """Ranges are `[from_us, to_us)` in microseconds since the Unix epoch. Raises what Reader raises."""

    async def last_beats(self, tenant: str, from_us: int, to_us: int) -> Mapping[str, LastBeat]:
        """The newest heartbeat of each service; agents are no services."""
        ...

    async def beats(self, tenant: str, from_us: int, to_us: int, *, newest: bool) -> Mapping[str, Sequence[int]]:
        """When the heartbeats of each service were seen, in rising order, or the newest alone; agents are none."""
        ...

    async def last_deploys(self, tenant: str, from_us: int, to_us: int) -> Mapping[str, Deploy]:
        """The newest deploy of each service."""
        ...
