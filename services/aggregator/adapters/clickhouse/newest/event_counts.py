"""How many events a tenant has by type and service: read once in a while, and counted on with what is committed."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from services.aggregator.ports.store import Segment

Counts = Counter[tuple[str, str]]
"""By type and service."""

FRESH_SECONDS = 10.0
"""What retention drops is counted so long yet."""
MOST_KINDS = 1_000
MOST_TENANTS = 1_000


@dataclass(frozen=True, slots=True)
class _Known:
    counts: Counts
    read_at: float


class KnownEventCounts:
    """A CommitListener. May be used by several threads. Of a store that others write to nothing is kept."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._alone = False
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._writing = 0
        self._written = 0

    async def of(self, tenant: str, read: Callable[[], Awaitable[Sequence[Sequence[Any]]]]) -> Counts:
        """The counts of a tenant. `read` asks the store for type, service and number; raises what it raises."""
        with self._lock:
            known = self._known.get(tenant)
            position, at_rest, read_at = self._written, not self._writing, self._now()
            # Of a segment that is being written lists may show rows already: they must not be more than are counted.
            if at_rest and known is not None and 0 <= read_at - known.read_at < FRESH_SECONDS:
                return known.counts.copy()
        counts: Counts = Counter({(kind, service): int(count) for kind, service, count in await read()})
        with self._lock:
            # Of what is written meanwhile nobody knows whether it was counted.
            if self._alone and at_rest and position == self._written and len(counts) <= MOST_KINDS:
                self._known[tenant] = _Known(counts.copy(), read_at)
                self._known.move_to_end(tenant)
                if len(self._known) > MOST_TENANTS:
                    self._known.popitem(last=False)
        return counts

    def forget(self, tenant: str) -> None:
        """Rows of a tenant were deleted, or are about to be."""
        with self._lock:
            self._written += 1
            self._known.pop(tenant, None)

    def opened(self, outdated: Sequence[tuple[str, int, int]], alone: bool) -> None:
        self._alone = alone

    def before(self, segment: Segment) -> None:
        with self._lock:
            self._writing += 1
            self._written += 1

    def after(self, segment: Segment, revision: int, done: bool) -> None:
        with self._lock:
            self._writing -= 1
            for record in segment.records:
                known = self._known.get(record.tenant)
                if not done:
                    self._known.pop(record.tenant, None)
                elif known is not None and record.events is not None:
                    known.counts.update(zip(record.events.types, record.events.services, strict=True))

    def rolled(self, tenant: str, tier: int, starts: Sequence[int], revision: int) -> None:
        """Roll-ups are about samples."""
