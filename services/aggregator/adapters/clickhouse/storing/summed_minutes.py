"""Minutes whose sums are known here, since all of each came while this process looked on: their rows need not be read.

They are those that came late, and those of which so much comes that a question about the newest minute would read
millions of rows. Of a minute of which the store had nothing, the sums of each segment are kept here after its samples
are inserted, and before its revision is taken. So a roll-up, which takes its revision before it asks, finds what the
store holds of the segments it has to include; what a kill takes away is made from the store, as the marks there say. A
segment that is written once more takes the place of its first attempt. Only where nobody else writes to the store.
"""

import math
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from services.aggregator.adapters.clickhouse.engine.engines import Engine
from services.aggregator.adapters.clickhouse.engine.statements import Statement
from services.aggregator.adapters.clickhouse.storing.layouts import OrderedSamples
from services.aggregator.adapters.clickhouse.storing.minute_sums import MinuteSums, minute_sums, together
from services.aggregator.ports.records import Longs
from services.aggregator.ports.rollups import DAY, MINUTE
from services.aggregator.ports.store import Segment

# A minute may still grow by itself until it ended so long ago. It takes fewer rows to read than to add up by then,
# unless each series has many samples in a segment.
LATE_SECONDS = 60
MANY_OF_A_SERIES = 8
# Marks are kept a little longer: without them nobody knows whether there is something of a minute.
OLDEST_SECONDS = 30 * DAY
# Rows of all tenants, 72 bytes each.
MOST_ROWS = 2_000_000
_MARKED = (
    "SELECT DISTINCT toUnixTimestamp(bucket) FROM rollup_marks WHERE tenant = {tenant:String} AND tier = 60"
    " AND bucket >= toDateTime({first:Int64}, 'UTC') AND bucket <= toDateTime({last:Int64}, 'UTC')"
)


@dataclass(slots=True)
class _Kept:
    """A tenant's whole minutes, and their sums by the segments they came in."""

    minutes: set[int] = field(default_factory=set)
    parts: dict[tuple[str, int], MinuteSums] = field(default_factory=dict)

    def let_go(self, starts: Collection[int]) -> None:
        """Forget minutes."""
        gone = _numbers(self.minutes.intersection(starts))
        for origin, part in list(self.parts.items()):
            self.parts[origin] = part.only(~np.isin(part.minutes, gone))
            if not len(self.parts[origin]):
                del self.parts[origin]
        self.minutes.difference_update(starts)


class SummedMinutes:
    """For several threads."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._tenants: dict[str, _Kept] = {}

    def keep(self, engine: Engine, segment: Segment, samples: Mapping[str, OrderedSamples]) -> None:
        """Remember what the samples of a segment, which are in the store, come to."""
        with self._lock:
            for tenant, ordered in samples.items():
                kept = self._tenants.setdefault(tenant, _Kept())
                many = len(ordered.values) >= MANY_OF_A_SERIES * len(ordered.series)
                kept.minutes |= self._whole(engine, tenant, kept, segment.minutes[tenant], many=many)
                if not kept.minutes.isdisjoint(segment.minutes[tenant]):
                    sums = minute_sums(ordered)
                    sums = sums.only(np.isin(sums.minutes, _numbers(kept.minutes)))
                    kept.parts[segment.journal_id, segment.from_offset] = sums
                if not kept.minutes:
                    del self._tenants[tenant]

    def has_some(self, tenant: str) -> bool:
        """Whether anything of a tenant may be known; waits for nobody."""
        return tenant in self._tenants

    def known(self, tenant: str, starts: Collection[int]) -> tuple[MinuteSums | None, set[int]]:
        """The sums of those minutes that are whole here, and which these are."""
        with self._lock:
            kept = self._tenants.get(tenant, _Kept())
            whole = kept.minutes.intersection(starts)
            parts = list(kept.parts.values()) if whole else []
        chosen = _numbers(whole)
        found = [part.only(np.isin(part.minutes, chosen)) for part in parts]
        return (together(found) if found else None), whole

    def rolled(self, tenant: str, starts: Collection[int]) -> None:
        """Minutes were rolled up: what comes of them later is added up in the store."""
        with self._lock:
            kept = self._tenants.get(tenant, _Kept())
            kept.let_go(starts)
            if not kept.minutes:
                self._tenants.pop(tenant, None)

    def forget(self, tenant: str) -> None:
        """Rows of a tenant were deleted."""
        with self._lock:
            self._tenants.pop(tenant, None)

    def _whole(self, engine: Engine, tenant: str, kept: _Kept, minutes: Collection[int], *, many: bool) -> set[int]:
        """Those of the minutes, not known yet, that came late, or full, and of which there was nothing."""
        now = self._now()
        newest = math.inf if many else now - LATE_SECONDS - MINUTE
        fresh = {start for start in minutes if now - OLDEST_SECONDS < start < newest} - kept.minutes
        if not fresh:
            return fresh
        if sum(len(part) for each in self._tenants.values() for part in each.parts.values()) > MOST_ROWS:
            for name, each in self._tenants.items():
                each.let_go(_marked(engine, name, each.minutes))
            return set()
        return fresh - _marked(engine, tenant, fresh)


def _marked(engine: Engine, tenant: str, starts: set[int]) -> set[int]:
    """Those of the minutes that the store has something of."""
    if not starts:
        return starts
    told = engine.query(Statement(_MARKED, {"tenant": tenant, "first": min(starts), "last": max(starts)}))
    return starts.intersection(int(start) for [start] in told)


def _numbers(starts: Collection[int]) -> Longs:
    return np.fromiter(starts, np.int64, len(starts)) // MINUTE
