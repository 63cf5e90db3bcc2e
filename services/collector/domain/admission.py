"""What stands before decoding: is there room, is the tenant within its limits; and who is told of refusals."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from services.collector.domain.activity import ActiveSeries
from services.collector.domain.capacity import Capacity, CapacityLimits
from services.collector.domain.columns import Ids, Mask
from services.collector.domain.inspection import PointsRefused
from services.collector.domain.limits import (
    ARRIVING,
    BYTES,
    HELD,
    POINTS,
    REQUESTS,
    LimitBook,
    LimitReached,
    TenantLimits,
    TooLarge,
)
from services.collector.domain.redaction import Redaction, SecretNames
from services.collector.domain.refusals import Refusal, RefusalBook, Tally
from services.collector.domain.rules import Moment
from services.collector.ports import Meter
from services.core.clock import Clock
from services.core.errors import BinnacleError, InvalidInput, Overloaded

HOUR = 3600.0
# Room is made by series that fall silent.
SERIES_RETRY_SECONDS = 60.0
EVENTS_KIND = "events"
_OF_EVENTS, _OF_OTHERS = (*HELD, *ARRIVING), (POINTS, *ARRIVING)


class Ticket:
    """One admitted request."""

    def __init__(self) -> None:
        self.durable: asyncio.Future[int] | None = None

    def until(self, durable: asyncio.Future[int] | None) -> None:
        """The request stays in flight until this is done."""
        self.durable = durable


class Admission:
    """Capacity, limits, active series, refusals and secrets of one worker, which gives out its `share` of rates."""

    def __init__(
        self,
        default: TenantLimits,
        capacity: CapacityLimits,
        clock: Clock,
        meter: Meter,
        share: float = 1.0,
        secrets: SecretNames | None = None,
    ) -> None:
        self.capacity = Capacity(capacity, clock.monotonic)
        self.limits = LimitBook(default, clock.monotonic, share)
        self.active = ActiveSeries(clock.monotonic)
        self.refusals = RefusalBook(clock.now, meter)
        self.redaction = Redaction(secrets or SecretNames(), self.refusals, meter)
        self._clock = clock

    def refusal(self, tenant: str, kind: str, size: int) -> BinnacleError | None:
        """Why a request of `size` bytes is refused, and noted as such; None when it may try to enter."""
        try:
            self._check(tenant, kind, size)
        except (TooLarge, LimitReached) as error:
            self.refusals.note(tenant, kind, _tallies(error))
            return error
        return None

    @contextmanager
    def request(self, tenant: str, kind: str, size: int) -> Iterator[Ticket]:
        """Around the whole of a request of `size` bytes, before it is decoded.

        Raises LimitReached or TooLarge; notes whatever it or the block refuses.
        """
        with self._noted(tenant, kind):
            self.limits.check_size(tenant, size)
            self.limits.check_rates(tenant, _rates(kind))
            self.capacity.enter(size)
            self.limits.spend(tenant, {BYTES: size, REQUESTS: 1})
            ticket = Ticket()
            try:
                yield ticket
            finally:
                self._leave(ticket.durable, size)

    def points(self, tenant: str, points: int, field: str) -> None:
        """Once a request is decoded: count its points. Raises LimitReached or TooLarge; `field` is where they are."""
        self.limits.check_points(tenant, points, field)
        held = HELD if field == EVENTS_KIND else (POINTS,)
        self.limits.check_rates(tenant, held)
        self.limits.spend(tenant, dict.fromkeys(held, points))
        self.capacity.spend(points)

    def register(self, tenant: str, ids: Ids) -> None:
        """Note series as active. Raises LimitReached when there is no room for all of them."""
        if self.write_series(tenant, ids) is not None:
            self.limits.spend(tenant, {POINTS: len(ids)})
            raise LimitReached("active_series", f"the series {self.series_rule(tenant)}", SERIES_RETRY_SECONDS)

    def write_series(self, tenant: str, ids: Ids) -> Mask | None:
        """Note the series of a column as written; the rows of those that there is no room for, None when all are in."""
        return self.active.write(tenant, ids, self.limits.of(tenant).active_series)

    def series_rule(self, tenant: str) -> str:
        """What is wrong with a series that there is no room for."""
        allowed = self.limits.of(tenant).active_series
        return (
            f"is new, and {allowed:,} series were written within the last hour (limit active_series); "
            "use fewer distinct labels"
        )

    def moment(self, tenant: str) -> Moment:
        """What the points of a tenant are judged by now."""
        limits = self.limits.of(tenant)
        skew_seconds = limits.clock_skew_hours * HOUR
        return Moment(self._clock.now(), skew_seconds, limits.labels_per_series, limits.label_value_length)

    def _check(self, tenant: str, kind: str, size: int) -> None:
        self.limits.check_size(tenant, size)
        self.capacity.check(size)
        self.limits.check_rates(tenant, _rates(kind))

    def _leave(self, durable: asyncio.Future[int] | None, size: int) -> None:
        if durable is None:
            self.capacity.leave(size)
        else:
            durable.add_done_callback(lambda _done: self.capacity.leave(size))

    @contextmanager
    def _noted(self, tenant: str, kind: str) -> Iterator[None]:
        try:
            yield
        except PointsRefused:
            raise  # its points were noted one by one
        except InvalidInput as error:
            # Nothing of it was counted; yet it took its time.
            self.limits.spend(tenant, {POINTS: 1})
            self.capacity.spend(1)
            self.refusals.note(tenant, kind, _tallies(error))
            raise
        except Overloaded as error:
            self.refusals.note(tenant, kind, _tallies(error))
            raise


def _rates(kind: str) -> tuple[str, ...]:
    """The rates that a request of a kind is judged by before it is decoded."""
    return _OF_EVENTS if kind == EVENTS_KIND else _OF_OTHERS


def _tallies(error: BinnacleError) -> list[Tally]:
    """A whole request that was refused."""
    if isinstance(error, InvalidInput):
        reason = "request_size" if isinstance(error, TooLarge) else "malformed"
        return [Tally(Refusal.of(reason, v.field, v.description), 1) for v in error.violations[:1]]
    reason = error.limit if isinstance(error, LimitReached) else "journal"
    return [Tally(Refusal.of(reason, "", str(error)), 1)]
