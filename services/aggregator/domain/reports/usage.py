"""What a tenant used within a range of days."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from services.aggregator.ports.usage import Sent, UsageStore
from services.core.clock import Clock

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Usage:
    """What was sent, and how many series it was about."""

    sent: Sent
    series: int


@dataclass(frozen=True, slots=True)
class UsageReport:
    """Days since the Unix epoch with what was used, each of the range that has begun; and all of them together."""

    days: Sequence[tuple[int, Usage]]
    total: Usage


class UsageReports:
    """Made of what is stored."""

    def __init__(self, store: UsageStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def report(self, tenant: str, first_day: int, end_day: int) -> UsageReport:
        """The days from the first on, without the end. Raises Unavailable while the store does not answer."""
        today = int(self._clock.now() // DAY)
        sent, series = await asyncio.gather(
            self._store.sent(tenant, first_day, end_day),
            self._store.active_series(tenant, first_day, end_day, today),
        )
        days = [
            (day, Usage(sent.get(day, Sent()), series.get(day, 0))) for day in range(first_day, min(end_day, today + 1))
        ]
        most = max((usage.series for _day, usage in days), default=0)
        return UsageReport(days, Usage(sum((usage.sent for _day, usage in days), Sent()), most))
