"""Whether a request may pass, by what all edges together let through of its tenant and of its key this second."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.aggregator.ports.edge_counters import EdgeCounters
from services.core.clock import Clock
from services.core.errors import Unavailable

# So long nobody is asked to count after that failed: requests wait for the answer.
REST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends: a tenant as a whole, or by one of its keys."""

    tenant: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How a caller stands this second; `wait` is how long it lasts yet, in seconds."""

    limit: int
    remaining: int
    wait: float
    over: bool


class EdgeRates:
    """Counts requests by the second. Where they cannot be counted everything passes, and `unjudged` says so.

    `limit` is how many requests a second a caller may send.
    """

    def __init__(self, counters: EdgeCounters, limit: Callable[[Caller], int], clock: Clock) -> None:
        self._counters = counters
        self._limit = limit
        self._clock = clock
        self._rest_until = 0.0
        self.unjudged = 0
        """Requests that passed uncounted."""
        self.unjudged_at = 0.0
        """When the last of them did, in Unix seconds; 0 when none did."""

    async def judge(self, callers: Sequence[Caller], hits: int) -> Sequence[Allowance]:
        """Count a request of several callers, each by itself; empty where it cannot be counted, and so passes."""
        now = self._clock.now()
        names = [f"{caller.tenant}/{caller.key}" for caller in callers]
        try:
            if self._clock.monotonic() < self._rest_until:
                raise Unavailable("a moment ago nothing could be counted")
            counts = await self._counters.add(names, hits, int(now))
        except Unavailable:
            self._pass(now)
            return []
        return [self._allowance(caller, count, now) for caller, count in zip(callers, counts, strict=True)]

    def _allowance(self, caller: Caller, count: int, now: float) -> Allowance:
        limit = self._limit(caller)
        return Allowance(limit, max(limit - count, 0), 1.0 - now % 1.0, count > limit)

    def _pass(self, now: float) -> None:
        self.unjudged += 1
        self.unjudged_at = now
        if self._clock.monotonic() >= self._rest_until:
            self._rest_until = self._clock.monotonic() + REST_SECONDS
