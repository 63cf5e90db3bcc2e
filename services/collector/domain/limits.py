"""What a tenant may do at most, and the buckets that rates are measured by."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from services.core.errors import InvalidInput, Overloaded, Violation

MIB = 1024 * 1024
POINTS, EVENTS, BYTES, REQUESTS = "points_per_second", "events_per_second", "bytes_per_second", "requests_per_second"
RATES = (POINTS, EVENTS, BYTES, REQUESTS)
# What a request takes by arriving, and what by that which it holds.
ARRIVING, HELD = (BYTES, REQUESTS), (POINTS, EVENTS)
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
    events_per_second: float = 0.0
    bytes_per_second: float = 0.0
    requests_per_second: float = 0.0
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
    """The limits of every tenant, and how much of its rates each has used. Times by a clock that only grows.

    Of each rate only a `share` is given out here; other workers give out the rest.
    """

    def __init__(self, default: TenantLimits, monotonic: Callable[[], float], share: float = 1.0) -> None:
        self._default = default
        self._monotonic = monotonic
        self._share = share
        self._own: Mapping[str, TenantLimits] = {}
        self._told: Mapping[str, TenantLimits] = {}
        self._buckets: dict[str, dict[str, TokenBucket]] = {}

    @property
    def default(self) -> TenantLimits:
        """Limits of tenants that have none of their own."""
        return self._default

    def of(self, tenant: str) -> TenantLimits:
        """The limits of a tenant."""
        return self._own.get(tenant) or self._told.get(tenant) or self._default

    def replace(self, own: Mapping[str, TenantLimits]) -> None:
        """From now on the operator gives these tenants limits of their own, whatever they are told, and no others."""
        self._own = dict(own)
        self._renew()

    def tell(self, told: Mapping[str, TenantLimits]) -> None:
        """From now on the records of tenants give these ones limits of their own, and no others."""
        self._told = dict(told)
        self._renew()

    def check_size(self, tenant: str, size: int) -> None:
        """Raises TooLarge for a request of so many bytes."""
        allowed = self.of(tenant).request_bytes
        if size > allowed:
            raise _too_large("", f"must be at most {allowed:,} bytes (limit request_bytes); send it in parts")

    def check_rates(self, tenant: str, rates: Iterable[str]) -> None:
        """Raises LimitReached while a tenant has used up one of these rates."""
        buckets = self._of(tenant)
        for rate in rates if buckets else ():
            bucket = buckets.get(rate)
            if bucket is not None and (wait := bucket.wait(self._monotonic())):
                allowed = getattr(self.of(tenant), rate)
                text = f"more than {allowed:,.10g} {rate.replace('_', ' ')} (limit {rate}); send less, or wait"
                raise LimitReached("rate", text, wait)

    def check_points(self, tenant: str, points: int, field: str) -> None:
        """Raises TooLarge for a request of so many points; `field` is where they are."""
        allowed = self.of(tenant).request_points
        if points > allowed:
            raise _too_large(field, f"must hold at most {allowed:,} points (limit request_points); send it in parts")

    def spend(self, tenant: str, amounts: Mapping[str, int]) -> None:
        """Count amounts against a tenant's rates."""
        buckets = self._of(tenant)
        for rate, amount in amounts.items() if buckets else ():
            bucket = buckets.get(rate)
            if bucket is not None:
                bucket.take(amount, self._monotonic())

    def _of(self, tenant: str) -> Mapping[str, TokenBucket]:
        buckets = self._buckets.get(tenant)
        if buckets is None:
            buckets = self._buckets[tenant] = self._made(tenant, {})
        return buckets

    def _renew(self) -> None:
        for tenant, former in list(self._buckets.items()):
            self._buckets[tenant] = self._made(tenant, former)

    def _made(self, tenant: str, former: Mapping[str, TokenBucket]) -> dict[str, TokenBucket]:
        limits, now, made = self.of(tenant), self._monotonic(), {}
        for name in RATES:
            rate = getattr(limits, name) * self._share
            if rate:
                burst = max(rate * limits.burst_seconds, 1.0)
                bucket = made[name] = former.get(name) or TokenBucket(rate, burst, now)
                bucket.change(rate, burst, now)
        return made


def _too_large(field: str, description: str) -> TooLarge:
    return TooLarge([Violation(field, description)])
