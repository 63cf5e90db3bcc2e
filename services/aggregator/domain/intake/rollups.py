"""When to roll up what. Buckets disturbed by new samples are remembered until their rows are made again."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from services.aggregator.ports.records import Longs, Record
from services.aggregator.ports.rollups import DAY, HOUR, MINUTE, TIERS, RollUpStore
from services.core.clock import Clock
from services.core.errors import Unavailable

ROUND_SECONDS = 5.0
# A minute is rolled up when it has ended for so long.
LAG_SECONDS = 5.0
# Samples are late when their minute ended so long ago; late minutes wait until none of their tenant's was touched for a
# while, so that what is sent afterwards as a whole is rolled up as a whole, or until one has waited longest.
LATE_SECONDS = 60.0
SETTLE_SECONDS = 5.0
LONGEST_SECONDS = 60.0
# What is out of date although it ended so long ago is taken up, whoever disturbed it.
ABANDONED_SECONDS = 180.0
# Hours and days are made of rows already made: they may take one part in so many of the time.
LEISURE = 20.0
# Samples are kept for so long unless set otherwise, see retention.py.
RAW_SECONDS = 7 * DAY
MOST_BUCKETS = 1_440
MOST_SAMPLES = 12_000_000
_WIDEST_MINUTES = 1_000_000


@dataclass(slots=True)
class _Disturbed:
    """Since when a bucket is out of date, whether late samples did it, and how many samples touched it."""

    first: float
    late: bool = False
    samples: int = 0


def disturbed_minutes(records: Iterable[Record]) -> dict[str, dict[int, int]]:
    """For each tenant, the starts of the minutes its samples fall into, and how many do."""
    times: dict[str, list[Longs]] = {}
    for record in records:
        if record.samples is not None and len(record.samples.times_ms):
            times.setdefault(record.tenant, []).append(record.samples.times_ms)
    return {tenant: _minutes(np.concatenate(theirs)) for tenant, theirs in times.items()}


def _minutes(times_ms: Longs) -> dict[int, int]:
    numbers = times_ms // (MINUTE * 1_000)
    first = int(numbers.min())
    if int(numbers.max()) - first < _WIDEST_MINUTES:
        # Counting is ten times as quick as sorting.
        counts = np.bincount(numbers - first)
        found = np.flatnonzero(counts)
        return dict(zip(((found + first) * MINUTE).tolist(), counts[found].tolist(), strict=True))
    distinct, counts = np.unique(numbers, return_counts=True)
    return dict(zip((distinct * MINUTE).tolist(), counts.tolist(), strict=True))


class RollUps:
    """The buckets that are out of date, and their rolling up, one step after the other."""

    def __init__(
        self, store: RollUpStore, clock: Clock, raw_seconds: Callable[[str], float] = lambda _tenant: RAW_SECONDS
    ) -> None:
        """`raw_seconds` tells how long a tenant keeps samples: minutes are not made again of what is left of them."""
        self._raw_seconds = raw_seconds
        self._store = store
        self._clock = clock
        # Held while rows are made; who holds it from outside has none made meanwhile.
        self.working = asyncio.Lock()
        self._disturbed: dict[int, dict[tuple[str, int], _Disturbed]] = {tier: {} for tier in TIERS}
        self._late: dict[str, float] = {}
        self._leisure_until = dict.fromkeys(TIERS, 0.0)

    async def resume(self) -> None:
        """Go on after a start with what the store says is out of date."""
        for bucket in await self._store.outdated_buckets():
            self._disturb(bucket.tenant, bucket.tier, bucket.start, 0)

    async def adopt(self) -> None:
        """Take up what others left out of date for long: they may be gone. Doing it twice is harmless."""
        before = self._clock.now() - ABANDONED_SECONDS
        for bucket in await self._store.outdated_buckets():
            if bucket.start + bucket.tier < before:
                self._disturb(bucket.tenant, bucket.tier, bucket.start, 0)

    def disturb(self, minutes: Mapping[str, Mapping[int, int]]) -> None:
        """A segment with samples in these minutes was committed."""
        for tenant, starts in minutes.items():
            for start, samples in starts.items():
                self._disturb(tenant, MINUTE, start, samples)

    def forget(self, tenant: str) -> None:
        """Nothing of a tenant is there any more: nothing of it is to be rolled up."""
        for disturbed in self._disturbed.values():
            for key in [key for key in disturbed if key[0] == tenant]:
                del disturbed[key]

    async def run(self) -> NoReturn:
        """Roll up what is due, round after round, until cancelled."""
        while True:
            await self._clock.sleep(ROUND_SECONDS)
            await self.round()

    async def round(self) -> None:
        """Roll up all that is due now; what the store does not take stays for the next round."""
        try:
            for tier in TIERS:
                while tenant_and_starts := self._take(tier):
                    await self._step(tier, *tenant_and_starts)
        except Unavailable:
            return

    async def _step(self, tier: int, tenant: str, taken: Mapping[int, _Disturbed]) -> None:
        began = self._clock.monotonic()
        try:
            async with self.working:
                await self._store.roll_up(tenant, tier, sorted(taken))
        except (Unavailable, asyncio.CancelledError):
            for start, disturbed in taken.items():
                self._disturbed[tier].setdefault((tenant, start), disturbed)
            raise
        ended = self._clock.monotonic()
        if tier != MINUTE:
            self._leisure_until[tier] = ended + LEISURE * (ended - began)
        if tier != DAY:
            longer = HOUR if tier == MINUTE else DAY
            for start in {start // longer * longer for start in taken}:
                self._disturb(tenant, longer, start, 0)

    def _disturb(self, tenant: str, tier: int, start: int, samples: int) -> None:
        if tier == MINUTE and start < self._clock.now() - self._raw_seconds(tenant):
            return
        now = self._clock.monotonic()
        known = self._disturbed[tier].setdefault((tenant, start), _Disturbed(now))
        known.samples += samples
        if tier == MINUTE and start + MINUTE + LATE_SECONDS < self._clock.now():
            known.late = True
            self._late[tenant] = now

    def _take(self, tier: int) -> tuple[str, dict[int, _Disturbed]] | None:
        """Buckets that are due: of one tenant, for minutes of one day, not too many; None when none is."""
        if self._clock.monotonic() < self._leisure_until[tier]:
            return None
        disturbed = self._disturbed[tier]
        due = sorted(key for key, what in disturbed.items() if self._is_due(tier, key, what))
        taken: dict[int, _Disturbed] = {}
        samples = 0
        for tenant, start in due:
            same = (tenant, start // DAY) == (due[0][0], due[0][1] // DAY)
            samples += disturbed[tenant, start].samples
            if taken and (not same or len(taken) >= MOST_BUCKETS or samples > MOST_SAMPLES):
                break
            taken[start] = disturbed.pop((tenant, start))
        return (due[0][0], taken) if due else None

    def _is_due(self, tier: int, key: tuple[str, int], what: _Disturbed) -> bool:
        tenant, start = key
        if self._clock.now() < start + tier + LAG_SECONDS:
            return False
        # Longer buckets change with the round that made their parts; nothing else is to be waited for.
        if not what.late:
            return True
        return self._clock.monotonic() >= min(self._late[tenant] + SETTLE_SECONDS, what.first + LONGEST_SECONDS)
