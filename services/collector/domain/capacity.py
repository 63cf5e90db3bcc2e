"""How much all tenants together may ask of this collector at a time."""

from collections.abc import Callable
from dataclasses import dataclass

from services.collector.domain.limits import MIB, LimitReached, TokenBucket

# Long enough to even out what comes at the same moment, short enough that nothing waits long behind it.
BURST_SECONDS = 0.1
# What is in flight leaves with the next transactions of the journal.
IN_FLIGHT_RETRY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class CapacityLimits:
    """Bounds of one collector; a rate of 0 is none. In flight is what was admitted and is not answered yet."""

    points_per_second: float = 0.0
    bytes_in_flight: int = 64 * MIB
    requests_in_flight: int = 4_000


class Capacity:
    """Admits requests before anything of them is decoded, and counts what they held afterwards."""

    def __init__(self, limits: CapacityLimits, monotonic: Callable[[], float]) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._bucket: TokenBucket | None = None
        if rate := limits.points_per_second:
            self._bucket = TokenBucket(rate, max(rate * BURST_SECONDS, 1.0), monotonic())
        self.bytes = 0
        self.requests = 0

    def check(self, size: int) -> None:
        """Raises LimitReached for a request of so many bytes that there is no room for.

        For one that is alone there is, whatever its size.
        """
        if self._bucket is not None and (wait := self._bucket.wait(self._monotonic())):
            raise _full(f"{self._bucket.rate:,.10g} points per second (BINNACLE_CAPACITY_POINTS_PER_SECOND)", wait)
        if self.requests >= self._limits.requests_in_flight:
            named = f"{self._limits.requests_in_flight:,} requests at a time (BINNACLE_CAPACITY_REQUESTS_IN_FLIGHT)"
            raise _full(named, IN_FLIGHT_RETRY_SECONDS)
        if self.requests and self.bytes + size > self._limits.bytes_in_flight:
            named = f"{self._limits.bytes_in_flight:,} bytes at a time (BINNACLE_CAPACITY_BYTES_IN_FLIGHT)"
            raise _full(named, IN_FLIGHT_RETRY_SECONDS)

    def enter(self, size: int) -> None:
        """Admit a request of so many bytes, which must `leave` again. Raises as `check`."""
        self.check(size)
        self.bytes += size
        self.requests += 1

    def leave(self, size: int) -> None:
        """A request of so many bytes is answered."""
        self.bytes -= size
        self.requests -= 1

    def spend(self, points: int) -> None:
        """Count the points of an admitted request."""
        if self._bucket is not None:
            self._bucket.take(points, self._monotonic())


def _full(named: str, retry_after: float) -> LimitReached:
    return LimitReached("capacity", f"the collector takes at most {named}; wait and send again", retry_after)
