"""How many events a tenant has by type and service: read once, and counted on with what is committed.

Read is what the ledger says is committed, and nothing of a segment that a kill cut short: of that rows may be there,
and all of them are counted once it is committed again.
"""

import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.newest.last_asked import LastAsked
from services.aggregator.adapters.clickhouse.newest.newest_rows import Store
from services.aggregator.ports.store import EventFilter, Segment

MOST_KINDS = 1_000
"""Who has more of them has the store count."""


def event_counts_query(tenant: str, committed: Mapping[str, int]) -> TenantQuery:
    """Type, service and number of the events of journals below so many offsets."""
    parameters = {"journals": ["", *committed], "offsets": [0, *committed.values()]}
    below = "offset < transform(journal_id, {journals:Array(String)}, {offsets:Array(UInt64)}, toUInt64(0))"
    columns = ("type", "service", "count()")
    return TenantQuery(
        tenant, "events", columns, (below,), parameters, group_by="type, service", limit=MOST_KINDS + 1
    )  # fmt: skip


@dataclass(slots=True)
class _Known:
    """Counts of the events of journals below their offsets; until they are read, what was committed meanwhile."""

    tenant: str
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    below: dict[str, int] = field(default_factory=dict)
    meanwhile: list[Segment] | None = field(default_factory=list)
    read: bool = False

    def begin(self, counts: Mapping[tuple[str, str], int], below: Mapping[str, int]) -> None:
        """Count on from what was read."""
        segments, self.meanwhile = self.meanwhile or (), None
        self.counts, self.below, self.read = Counter(counts), dict(below), True
        for segment in segments:
            self.add(segment)
        self._bound()

    def add(self, segment: Segment) -> None:
        """A segment is committed."""
        if self.meanwhile is not None:
            self.meanwhile.append(segment)
        elif self.read:
            below = self.below.get(segment.journal_id, 0)
            self.below[segment.journal_id] = max(below, segment.to_offset)
            for record in segment.records:
                if record.events is not None and record.tenant == self.tenant and record.offset >= below:
                    self.counts.update(zip(record.events.types, record.events.services, strict=True))
            self._bound()

    def _bound(self) -> None:
        if len(self.counts) > MOST_KINDS:
            self.read = False
            self.counts.clear()

    def matching(self, matching: EventFilter) -> int:
        """How many match."""
        return sum(
            count
            for (kind, service), count in self.counts.items()
            if matching.type in ("", kind) and matching.service in ("", service)
        )


class EventCounts:
    """A CommitListener. May be used by several threads. Of a store that others write to nothing is kept.

    `committed` tells the offset of each journal below which everything is in the store.
    """

    def __init__(self, store: Store, committed: Callable[[], Awaitable[Mapping[str, int]]]) -> None:
        self._store = store
        self._committed = committed
        self._alone = False
        self._lock = threading.Lock()
        self._known = LastAsked[_Known]()

    async def count(self, tenant: str, matching: EventFilter) -> int | None:
        """How many events match; None where only the store knows. Raises what Reader.rows raises."""
        if not self._alone:
            return None
        with self._lock:
            known, is_new = self._known.of(tenant, lambda: _Known(tenant))
        if is_new:
            await self._read(tenant, known)
        with self._lock:
            return known.matching(matching) if known.read else None

    def forget(self, tenant: str) -> None:
        """Rows of a tenant were deleted, or are about to be."""
        with self._lock:
            self._known.pop(tenant, None)

    def forget_all(self) -> None:
        """Rows of anybody may have been deleted."""
        with self._lock:
            self._known.clear()

    def opened(self, outdated: Sequence[tuple[str, int, int]], alone: bool) -> None:
        self._alone = alone

    def before(self, segment: Segment) -> None:
        """What it brings is counted once it is written."""

    def after(self, segment: Segment, revision: int, done: bool) -> None:
        with self._lock:
            for tenant in {record.tenant for record in segment.records}:
                if not done:
                    # Whether the ledger has it is for the store to tell.
                    self._known.pop(tenant, None)
                elif known := self._known.get(tenant):
                    known.add(segment)

    def rolled(self, tenant: str, tier: int, starts: Sequence[int], revision: int) -> None:
        """Roll-ups are about samples."""

    async def _read(self, tenant: str, known: _Known) -> None:
        try:
            # What is committed before its rows are read is among them; of what is committed later none are.
            below = await self._committed()
            rows = await self._store.rows(event_counts_query(tenant, below))
        except BaseException:
            self.forget(tenant)
            raise
        with self._lock:
            known.begin({(kind, service): int(count) for kind, service, count in rows}, below)
