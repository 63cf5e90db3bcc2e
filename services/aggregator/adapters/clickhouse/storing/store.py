"""The store port over ClickHouse: calls of the engine run in threads."""

import asyncio
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from services.aggregator.adapters.clickhouse.engine.engines import ChdbEngine, Engine, EngineFault
from services.aggregator.adapters.clickhouse.engine.migrations import known_migrations, migrate
from services.aggregator.adapters.clickhouse.engine.reader import Bounds, Reader
from services.aggregator.adapters.clickhouse.engine.statements import LEDGER, TENANTS
from services.aggregator.adapters.clickhouse.findings import reading
from services.aggregator.adapters.clickhouse.newest.event_counts import EventCounts
from services.aggregator.adapters.clickhouse.newest.filters import event_filter
from services.aggregator.adapters.clickhouse.newest.newest_rows import AFTER_ALL
from services.aggregator.adapters.clickhouse.newest.warnings import summed_warnings
from services.aggregator.adapters.clickhouse.storing import rollups
from services.aggregator.adapters.clickhouse.storing.claims import append_claims, read_claims
from services.aggregator.adapters.clickhouse.storing.history import read_history, read_part
from services.aggregator.adapters.clickhouse.storing.layouts import Layouts
from services.aggregator.adapters.clickhouse.storing.rollups import Disturbed, Revisions
from services.aggregator.adapters.clickhouse.storing.rows import (
    TableBlock,
    ledger_block,
    ordered_samples,
    segment_blocks,
)
from services.aggregator.adapters.clickhouse.storing.summed_minutes import SummedMinutes
from services.aggregator.ports.claims import Claim, Claimed, ClaimHistory
from services.aggregator.ports.rollups import MINUTE, Bucket, RolledUp
from services.aggregator.ports.store import (
    EventFilter,
    EventPosition,
    HistoryBounds,
    IntakeCounts,
    LiveHistory,
    Segment,
    StoredEvent,
)
from services.aggregator.ports.tails import Stretch
from services.aggregator.ports.time_series import CommitListener
from services.aggregator.ports.warnings import IntakeWarning, WarningFilter, WarningPosition
from services.core.clock import Clock
from services.core.errors import Unavailable
from services.runtime.logs import Log

THREADS = 4
Answer = TypeVar("Answer")


class ClickHouseStore:
    """Keeps segments in ClickHouse. See ports/store.py for what each method promises."""

    def __init__(self, connect: Callable[[], Engine], clock: Clock, log: Log) -> None:
        self._connect = connect
        self._clock = clock
        self._log = log
        self._engine: Engine | None = None
        self.shared = False
        self._layouts = Layouts()
        self.summed_minutes = SummedMinutes(clock.now)
        self._disturbed = Disturbed()
        self._revisions: Revisions | None = None
        self._opening = threading.Lock()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="store")
        self.reader = Reader(lambda: self._engine, log, clock.now)
        self.event_counts = EventCounts(self.reader, self.committed)
        self.forgetting: list[Callable[[str], None]] = [
            self.summed_minutes.forget,
            self._disturbed.forget,
            self.event_counts.forget,
            *(newest.forget for newest in self.reader.newest),
        ]
        self.listeners: list[CommitListener] = [self.reader.slices.changes, *self.reader.newest, self.event_counts]

    async def open(self) -> None:
        if self._engine is None:
            self._engine = await self._in_thread(self._open)
            self.shared = not self._engine.exclusive

    def _open(self) -> Engine:
        engine = self._connect()
        try:
            migrate(engine, known_migrations())
            self._tell_opened(engine)
        except BaseException:
            engine.close()
            raise
        return engine

    def _tell_opened(self, engine: Engine) -> None:
        if self.listeners:
            outdated = [(bucket.tenant, bucket.tier, bucket.start) for bucket in rollups.outdated(engine)]
            # An embedded store has one process; others may write to a server.
            for listener in self.listeners:
                listener.opened(outdated, alone=isinstance(engine, ChdbEngine))

    async def close(self) -> None:
        await self.reader.close()
        await asyncio.to_thread(self._threads.shutdown)
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    async def committed(self) -> Mapping[str, int]:
        rows = await self.ask(lambda engine: engine.query(LEDGER))
        return {journal_id: int(offset) for journal_id, offset in rows}

    async def commit(self, segment: Segment) -> None:
        await self.ask(lambda engine: self._write(engine, segment))

    def _write(self, engine: Engine, segment: Segment) -> None:
        for listener in self.listeners:
            listener.before(segment)
        revision = 0
        done = False
        try:
            revision = self._write_rows(engine, segment)
            done = True
        finally:
            for listener in self.listeners:
                listener.after(segment, revision, done)

    def _write_rows(self, engine: Engine, segment: Segment) -> int:
        """All rows of a segment, last the one that says it is complete; the revision its minutes are marked with."""
        samples = ordered_samples(segment, self._layouts)
        with engine.together():
            for block in segment_blocks(segment, samples):
                self._insert(engine, segment, block)
        revision = 0
        if segment.minutes:
            minutes: Mapping[str, Collection[int]] = segment.minutes
            if engine.exclusive:
                self.summed_minutes.keep(engine, segment, samples)
                minutes = self._disturbed.unmarked(minutes)
            revision = self._revisions_of(engine).next()
            if minutes:
                rollups.mark_disturbed(engine, revision, minutes)
                self._disturbed.marked(minutes, revision)
        self._insert(engine, segment, ledger_block(segment, int(self._clock.now() * 1e6)))
        return revision

    def _insert(self, engine: Engine, segment: Segment, block: TableBlock) -> None:
        engine.insert(block.table, block.columns, block.body, _token(segment, block.table))

    def _revisions_of(self, engine: Engine) -> Revisions:
        with self._opening:
            if self._revisions is None:
                self._revisions = Revisions(engine)
            return self._revisions

    async def outdated_buckets(self) -> Sequence[Bucket]:
        return await self.ask(rollups.outdated)

    async def roll_up(self, tenant: str, tier: int, starts: Sequence[int]) -> None:
        await self.ask(lambda engine: self._roll_up(engine, tenant, tier, starts))

    def _roll_up(self, engine: Engine, tenant: str, tier: int, starts: Sequence[int]) -> None:
        revision = self._revisions_of(engine).next()
        if tier == MINUTE:
            self._disturbed.rolling(tenant, starts, revision)
            rollups.roll_up_minutes(engine, revision, tenant, starts, *self.summed_minutes.known(tenant, starts))
            self.summed_minutes.rolled(tenant, starts)
        else:
            rollups.roll_up(engine, revision, tenant, tier, starts)
        for listener in self.listeners:
            listener.rolled(tenant, tier, starts, revision)

    def forget(self, tenant: str) -> None:
        """Rows of a tenant are deleted: nothing that is known of it holds any more."""
        for forget in self.forgetting:
            forget(tenant)

    async def rolled_up(
        self, tenant: str, tier: int, series_ids: Sequence[int], from_second: int, to_second: int
    ) -> Sequence[RolledUp]:
        return await self.ask(
            lambda engine: rollups.rolled_up(engine, tenant, tier, series_ids, from_second, to_second)
        )

    async def claim(self, claims: Sequence[Claim], after: int) -> Claimed:
        return await self.ask(lambda engine: append_claims(engine, claims, after))

    async def claims(self, within_us: int, most: int) -> ClaimHistory:
        return await self.ask(lambda engine: read_claims(engine, within_us, most))

    async def tenants(self) -> Sequence[str]:
        return [tenant for [tenant] in await self.ask(lambda engine: engine.query(TENANTS))]

    async def live_history(self, tenant: str, bounds: HistoryBounds) -> LiveHistory:
        return await self.ask(lambda engine: read_history(engine, tenant, bounds))

    async def live_part(self, tenant: str, bounds: HistoryBounds, stretches: Sequence[Stretch]) -> LiveHistory:
        """See ports/others.py."""
        return await self.ask(lambda engine: read_part(engine, tenant, bounds, stretches))

    async def events(
        self, tenant: str, matching: EventFilter, limit: int, before: EventPosition | None = None
    ) -> Sequence[StoredEvent]:
        matches = event_filter(matching)
        known = await self.reader.newest_events.page(tenant, matches, 0, before or AFTER_ALL, limit)
        if known is not None:
            return known
        return await self.ask(lambda engine: reading.newest_events(engine, tenant, matching, limit, before))

    async def count_events(self, tenant: str, matching: EventFilter) -> int:
        known = await self.event_counts.count(tenant, matching)
        if known is not None:
            return known
        query = reading.count_events_query(tenant, matching)
        # Parts carry their counts along: that is little to read, and to hand it to other threads takes longer.
        [[count]] = await self.reader.rows(query, Bounds(narrow=True))
        return int(count)

    async def intake_warnings(
        self, tenant: str, matching: WarningFilter, limit: int, before: WarningPosition | None = None
    ) -> Sequence[IntakeWarning]:
        known = await self.reader.newest_warnings.all_within(tenant, matching.from_us, matching.to_us)
        if known is not None:
            return summed_warnings(known, matching, limit, before)
        query = reading.warnings_query(tenant, matching, limit, before)
        return [IntakeWarning(*row) for row in await self.ask(lambda engine: engine.query(query.statement()))]

    async def intake_counts(self, tenant: str) -> IntakeCounts:
        return await self.ask(lambda engine: reading.read_counts(engine, tenant))

    async def ask(self, question: Callable[[Engine], Answer]) -> Answer:
        """What the engine answers, asked in a thread. Raises Unavailable while it does not answer."""
        engine = self._engine
        if engine is None:
            raise Unavailable("the store is not open yet")
        return await self._in_thread(lambda: question(engine))

    async def _in_thread(self, work: Callable[[], Answer]) -> Answer:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except EngineFault as fault:
            self._log.error("store failed", reason=str(fault))
            raise Unavailable("the store does not answer") from fault


def _token(segment: Segment, table: str) -> str:
    return f"{segment.journal_id}:{segment.from_offset}-{segment.to_offset}/{table}"
