"""What a tenant may do at most, and the buckets that rates are measured by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.core.errors import InvalidInput, Overloaded, Violation

MIB = 1024 * 1024
# A bucket that is only just empty is not worth coming back to at once.
SHORTEST_WAIT = 0.05


class LimitReached(Overloaded):
    """More than a rate or a capacity allows; `limit` is the word that counters and warnings know it by."""

    def __init__(self, limit: str, message: str, retry_after: float) -> None:
        self.limit = limit
        super().__init__(message, retry_after)


class TooLarge(InvalidInput):
    """A request that is larger than its tenant's may be; to be sent in parts."""


@dataclass(frozen=True, slots=True)
class TenantLimits:
    """Limits of one tenant. Where a rate is 0 there is none."""

    points_per_second: float = 0.0
    burst_seconds: float = 2.0
    request_bytes: int = 16 * MIB
    request_points: int = 100_000
    labels_per_series: int = 32
    label_value_length: int = 500
    active_series: int = 1_000_000
    clock_skew_hours: float = 24.0


class TokenBucket:
    """Fills by `rate` a second up to `burst`. It is given from while anything is in it.

    The request that empties it may overdraw it, since its points are counted only once it is decoded; what it owes is
    waited for. So over any time `t`, at most `burst + rate * t` points and one request more are taken.
    """

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate = rate
        self.burst = burst
        self._level = burst
        self._at = now

    def wait(self, now: float) -> float:
        """Seconds until the next request may be taken; 0 when it may be now."""
        self._fill(now)
        return 0.0 if self._level > 0 else max(-self._level / self.rate, SHORTEST_WAIT)

    def take(self, points: float, now: float) -> None:
        """Take out what a request holds."""
        self._fill(now)
        self._level -= points

    def change(self, rate: float, burst: float, now: float) -> None:
        """Go on at another rate; what is in it, or owed, stays, as far as it fits."""
        self._fill(now)
        self.rate, self.burst = rate, burst
        self._level = min(self._level, burst)

    def _fill(self, now: float) -> None:
        self._level = min(self.burst, self._level + max(now - self._at, 0.0) * self.rate)
        self._at = max(now, self._at)


class LimitBook:
    """The limits of every tenant, and how much of its rate each has used. Times by a clock that only grows.

    Of each rate only a `share` is given out here; other workers give out the rest.
    """

    def __init__(self, default: TenantLimits, monotonic: Callable[[], float], share: float = 1.0) -> None:
        self._default = default
        self._monotonic = monotonic
        self._share = share
        self._own: Mapping[str, TenantLimits] = {}
        self._buckets: dict[str, TokenBucket] = {}

    @property
    def default(self) -> TenantLimits:
        """Limits of tenants that have none of their own."""
        return self._default

    def of(self, tenant: str) -> TenantLimits:
        """The limits of a tenant."""
        return self._own.get(tenant, self._default)

    def replace(self, own: Mapping[str, TenantLimits]) -> None:
        """From now on these tenants have limits of their own, and no others."""
        self._own = dict(own)
        now = self._monotonic()
        for tenant, bucket in list(self._buckets.items()):
            limits = self.of(tenant)
            if limits.points_per_second:
                bucket.change(limits.points_per_second * self._share, self._burst(limits), now)
            else:
                del self._buckets[tenant]

    def check_size(self, tenant: str, size: int) -> None:
        """Raises TooLarge for a request of so many bytes."""
        allowed = self.of(tenant).request_bytes
        if size > allowed:
            raise _too_large("", f"must be at most {allowed:,} bytes (limit request_bytes); send it in parts")

    def check_rate(self, tenant: str) -> None:
        """Raises LimitReached while a tenant has used up its rate."""
        bucket = self._bucket(tenant)
        if bucket is not None and (wait := bucket.wait(self._monotonic())):
            allowed = self.of(tenant).points_per_second
            text = f"more than {allowed:,.10g} points per second (limit points_per_second); send less, or wait"
            raise LimitReached("rate", text, wait)

    def check_points(self, tenant: str, points: int, field: str) -> None:
        """Raises TooLarge for a request of so many points; `field` is where they are."""
        allowed = self.of(tenant).request_points
        if points > allowed:
            raise _too_large(field, f"must hold at most {allowed:,} points (limit request_points); send it in parts")

    def spend(self, tenant: str, points: int) -> None:
        """Count points against a tenant's rate."""
        bucket = self._bucket(tenant)
        if bucket is not None:
            bucket.take(points, self._monotonic())

    def _bucket(self, tenant: str) -> TokenBucket | None:
        bucket = self._buckets.get(tenant)
        if bucket is None:
            limits = self.of(tenant)
            if not limits.points_per_second:
                return None
            rate = limits.points_per_second * self._share
            bucket = self._buckets[tenant] = TokenBucket(rate, self._burst(limits), self._monotonic())
        return bucket

    def _burst(self, limits: TenantLimits) -> float:
        return max(limits.points_per_second * self._share * limits.burst_seconds, 1.0)


def _too_large(field: str, description: str) -> TooLarge:
    return TooLarge([Violation(field, description)])
