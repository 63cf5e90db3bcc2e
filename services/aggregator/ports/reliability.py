"""Signs of life and failed probes, as the store answers them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

Span = tuple[int, int]
"""From and to, in microseconds since the Unix epoch; the end is not within."""


@dataclass(frozen=True, slots=True)
class Life:
    """The heartbeats of one service: the first, the last, and where two follow each other too late."""

    service: str
    first_us: int
    last_us: int
    gaps: Sequence[Span] = ()


@dataclass(frozen=True, slots=True)
class Probe:
    """The values of one probe: the first, the last, where two follow each other too late, and where it was 0.

    A value of 0 lasts until the next value; the newest one lasts no longer than its own time here.
    """

    labels: Mapping[str, str]
    first_us: int
    last_us: int
    gaps: Sequence[Span] = ()
    failed: Sequence[Span] = ()


class ReliabilityStore(Protocol):
    """Ranges are `[from_us, to_us)` in microseconds since the Unix epoch. Raises what Reader raises."""

    async def lives(self, tenant: str, from_us: int, to_us: int, late_us: int, service: str) -> Sequence[Life]:
        """Services (agents are none) with a heartbeat; an empty service matches all. Gaps are over `late_us` long."""
        ...

    async def probes(
        self, tenant: str, names: Sequence[str], from_us: int, to_us: int, late_us: int
    ) -> Sequence[Probe]:
        """Series of these names with a value. Gaps are over `late_us` long."""
        ...
