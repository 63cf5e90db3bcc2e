"""Time as a dependency, and how long to wait before trying again."""

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits."""

    def now(self) -> float:
        """Seconds since the Unix epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds that only grow."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(slots=True)
class Backoff:
    """Growing waits with jitter, in seconds; the server's own word is honoured when it is longer."""

    first: float = 0.1
    longest: float = 10.0
    rng: random.Random = field(default_factory=random.Random)
    _failures: int = 0

    def next(self, retry_after: float = 0.0) -> float:
        """The wait after one more failure."""
        ceiling = min(self.longest, self.first * 2.0 ** min(self._failures, 30))
        self._failures += 1
        # Half of it at random: clients that failed together do not come back together.
        return max(retry_after, ceiling * (0.5 + 0.5 * self.rng.random()))

    def reset(self) -> None:
        """Begin again after a success."""
        self._failures = 0
