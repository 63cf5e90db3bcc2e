"""Counts of what was delivered: plain numbers, because they change with every message to every viewer."""

from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Final

GRPC: Final = "grpc"
WEBSOCKET: Final = "websocket"
KINDS: Final = (GRPC, WEBSOCKET)
AGE_BOUNDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(slots=True)
class Ages:
    """How old (seconds) what was delivered was: counts per bound of AGE_BOUNDS and one beyond."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(AGE_BOUNDS) + 1))
    total: float = 0.0

    def add(self, age: float) -> None:
        """Count one delivery."""
        self.counts[bisect_left(AGE_BOUNDS, age)] += 1
        self.total += age


@dataclass(slots=True)
class Tally:
    """What the streamer counts, since it started unless said otherwise."""

    connected: Counter[str] = field(default_factory=Counter)
    """Viewers now, by kind."""
    present: Counter[str] = field(default_factory=Counter)
    """Connections now, by tenant."""
    sent: Counter[str] = field(default_factory=Counter)
    """Messages handed to the transport, by kind."""
    ages: Ages = field(default_factory=Ages)
    """From the making of an update to its sending."""
    freshness: defaultdict[str, Ages] = field(default_factory=lambda: defaultdict(Ages))
    """From the acceptance of events and log lines to their sending, by tenant."""
    watches: int = 0
    """Watches of the aggregator now."""
    losses: int = 0
    """Watches that ended and were begun again."""
    conflated: int = 0
    """Updates merged into a later one because their reader lagged."""
    slow: int = 0
    """Viewers ended because they were too slow."""
