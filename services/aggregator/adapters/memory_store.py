"""The store in memory: for tests and trials. Forgets everything with the process."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from services.aggregator.adapters.memory_rollups import MemoryRollUps
from services.aggregator.domain.intake.signals import joined, subset
from services.aggregator.domain.live.memories import DAY_SECONDS, MICRO, seen_us
from services.aggregator.domain.live.tenant_live import shown_events, stored_heartbeats
from services.aggregator.ports.claims import Claim, Claimed, ClaimHistory, ClaimRun
from services.aggregator.ports.records import Record, Series, WarningColumns
from services.aggregator.ports.rollups import Bucket, RolledUp
from services.aggregator.ports.signals import SignalColumns
from services.aggregator.ports.store import (
    DayTotals,
    EventFilter,
    EventPosition,
    HistoryBounds,
    IntakeCounts,
    LastSample,
    LiveHistory,
    Segment,
    StoredEvent,
    StoredHeartbeat,
)
from services.aggregator.ports.warnings import IntakeWarning, WarningFilter, WarningPosition
from services.core.columns import NO_TELEMETRY, Telemetry
from services.core.errors import Unavailable

FREQUENT_TYPES = 100


@dataclass(slots=True)
class _Tenant:
    """Everything of one tenant."""

    series: dict[int, Series] = field(default_factory=dict)
    signals: list[SignalColumns] = field(default_factory=list)
    events: list[StoredEvent] = field(default_factory=list)
    heartbeats: list[StoredHeartbeat] = field(default_factory=list)
    samples: list[LastSample] = field(default_factory=list)
    logs: int = 0
    telemetry: list[Telemetry] = field(default_factory=list)
    warnings: list[IntakeWarning] = field(default_factory=list)


class MemoryStore:
    """Keeps segments in lists. See ports/store.py for what each method promises."""

    shared = False

    def __init__(self) -> None:
        self._tenants: dict[str, _Tenant] = {}
        self._committed: dict[str, int] = {}
        self._claims: dict[bytes, Claim] = {}
        self._claim_log: list[Sequence[Claim]] = []
        self._rollups = MemoryRollUps()
        self._open = False

    async def open(self) -> None:
        self._open = True

    async def close(self) -> None:
        self._open = False

    async def committed(self) -> Mapping[str, int]:
        self._require_open()
        return dict(self._committed)

    async def commit(self, segment: Segment) -> None:
        self._require_open()
        if segment.to_offset <= self._committed.get(segment.journal_id, 0):
            return
        for record in segment.records:
            _keep(self._tenants.setdefault(record.tenant, _Tenant()), segment.journal_id, record)
        for name, columns in segment.signals.items():
            self._tenants.setdefault(name, _Tenant()).signals.append(columns)
        self._rollups.disturb(segment.records, segment.minutes)
        self._committed[segment.journal_id] = segment.to_offset

    async def outdated_buckets(self) -> Sequence[Bucket]:
        self._require_open()
        return list(self._rollups.outdated)

    async def roll_up(self, tenant: str, tier: int, starts: Sequence[int]) -> None:
        self._rollups.roll_up(tenant, tier, starts, self._of(tenant).samples)

    async def rolled_up(
        self, tenant: str, tier: int, series_ids: Sequence[int], from_second: int, to_second: int
    ) -> Sequence[RolledUp]:
        self._require_open()
        return self._rollups.rolled_up(tenant, tier, series_ids, from_second, to_second)

    async def claim(self, claims: Sequence[Claim], after: int) -> Claimed:
        self._require_open()
        others = [claim for batch in self._claim_log[after:] for claim in batch]
        if not others:
            self._claim_log.append(claims)
            self._claims.update({claim.id: claim for claim in claims})
        return Claimed(len(self._claim_log), tuple(others))

    async def claims(self, within_us: int, most: int) -> ClaimHistory:
        self._require_open()
        newest_first = sorted(self._claims.values(), key=lambda claim: -claim.claimed_us)
        newest_us = newest_first[0].claimed_us if newest_first else 0
        recent = [claim for claim in newest_first if claim.claimed_us >= newest_us - within_us]
        held = recent[:most]
        return ClaimHistory(
            runs=[ClaimRun(held[-1].claimed_us, np.array([claim.id for claim in held], "S16"))] if held else [],
            uncommitted=[claim for claim in recent if claim.offset >= self._committed.get(claim.journal_id, 0)],
            newest_us=newest_us,
            position=len(self._claim_log),
            complete_from_us=held[-1].claimed_us if len(held) < len(recent) else 0,
        )

    async def tenants(self) -> Sequence[str]:
        self._require_open()
        return sorted(self._tenants)

    async def live_history(self, tenant: str, bounds: HistoryBounds) -> LiveHistory:
        kept = self._of(tenant)
        series = [one for one in kept.series.values() if one.name in bounds.names]
        return LiveHistory(
            tenant=tenant,
            series=series,
            signals=_recent_signals(kept, bounds.signals_from_us // MICRO),
            days=list(_days(kept, bounds.day_from_us // MICRO)),
            users=_users(kept, bounds.users_from_us),
            events=_recent_events(kept, bounds),
            heartbeats=_newest_heartbeats(kept, bounds.heartbeats_from_us),
            samples=_newest_samples(
                kept, {one.id for one in series if one.name in bounds.gauges}, bounds.samples_from_us
            ),
            durations=[part for part in kept.telemetry if part.histograms or part.exponential_histograms],
        )

    async def events(
        self, tenant: str, matching: EventFilter, limit: int, before: EventPosition | None = None
    ) -> Sequence[StoredEvent]:
        found = [event for event in self._of(tenant).events if _matches(event, matching)]
        found.sort(key=_position, reverse=True)
        return [event for event in found if before is None or _position(event) < before][:limit]

    async def count_events(self, tenant: str, matching: EventFilter) -> int:
        return sum(_matches(event, matching) for event in self._of(tenant).events)

    async def intake_warnings(
        self, tenant: str, matching: WarningFilter, limit: int, before: WarningPosition | None = None
    ) -> Sequence[IntakeWarning]:
        within = [one for one in self._of(tenant).warnings if matching.from_us <= one.last_us < matching.to_us]
        found = _alike([one for one in within if matching.kind in ("", one.kind)])
        found.sort(key=lambda one: one.position, reverse=True)
        return [one for one in found if before is None or one.position < before][:limit]

    async def intake_counts(self, tenant: str) -> IntakeCounts:
        kept = self._of(tenant)
        types = Counter(event.type for event in kept.events)
        return IntakeCounts(
            events=len(kept.events),
            samples=len(kept.samples),
            logs=kept.logs,
            heartbeats=len(kept.heartbeats),
            series=len(kept.series),
            events_by_type=dict(sorted(types.items(), key=lambda each: (-each[1], each[0]))[:FREQUENT_TYPES]),
            **_telemetry_counts(kept.telemetry),
        )

    def _of(self, tenant: str) -> _Tenant:
        self._require_open()
        return self._tenants.get(tenant, _Tenant())

    def _require_open(self) -> None:
        if not self._open:
            raise Unavailable("the store is not open yet")


def _keep(kept: _Tenant, journal_id: str, record: Record) -> None:
    kept.series.update((one.id, one) for one in record.series)
    kept.logs += len(record.logs.messages) if record.logs else 0
    kept.telemetry += [record.telemetry] if record.telemetry is not NO_TELEMETRY else []
    kept.events += shown_events(journal_id, record, left_out=())
    kept.heartbeats += stored_heartbeats(journal_id, record)
    if record.warnings is not None:
        kept.warnings += _warnings(record.warnings)
    if record.samples is not None:
        columns = (record.samples.series_ids, record.samples.times_ms, record.samples.values)
        kept.samples += [LastSample(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _warnings(block: WarningColumns) -> Iterator[IntakeWarning]:
    texts = (block.kinds, block.fields, block.reasons, block.descriptions, block.sources, block.samples)
    figures = (block.counts.tolist(), block.first_times_us.tolist(), block.last_times_us.tolist())
    return (IntakeWarning(*row) for row in zip(*texts, *figures, strict=True))


def _alike(rows: Sequence[IntakeWarning]) -> list[IntakeWarning]:
    groups: dict[tuple[str, ...], list[IntakeWarning]] = {}
    for row in rows:
        groups.setdefault(row.position[1:], []).append(row)
    return [
        replace(
            max(group, key=lambda one: one.last_us),
            count=sum(one.count for one in group),
            first_us=min(one.first_us for one in group),
        )
        for group in groups.values()
    ]


def _telemetry_counts(parts: Sequence[Telemetry]) -> dict[str, int]:
    def rows(*kinds: str) -> int:
        blocks = [getattr(part, kind) for part in parts for kind in kinds]
        return sum(len(block.times_ns) for block in blocks if block is not None)

    return {
        "distributions": rows("histograms", "exponential_histograms", "summaries"),
        "exemplars": rows("exemplars"),
        "spans": rows("spans"),
    }


def _position(event: StoredEvent) -> EventPosition:
    return (event.time_us, *event.place)


def _matches(event: StoredEvent, matching: EventFilter) -> bool:
    return matching.type in ("", event.type) and matching.service in ("", event.service)


def _recent_signals(kept: _Tenant, from_second: int) -> SignalColumns:
    parts = [subset(columns, np.flatnonzero(columns.seconds >= from_second)) for columns in kept.signals]
    return joined(parts) if parts else SignalColumns()


def _days(kept: _Tenant, from_second: int) -> Iterator[DayTotals]:
    for columns in kept.signals:
        rows = zip(columns.seconds.tolist(), columns.services, columns.requests, columns.errors, strict=True)
        for second, service, requests, errors in rows:
            if second >= from_second:
                yield DayTotals(second // DAY_SECONDS, service, float(requests), float(errors))


def _users(kept: _Tenant, from_us: int) -> dict[str, int]:
    users: dict[str, int] = {}
    for event in kept.events:
        seen = min(event.time_us, event.accepted_us)
        if event.user_id and seen >= from_us:
            users[event.user_id] = max(seen, users.get(event.user_id, 0))
    return users


def _recent_events(kept: _Tenant, bounds: HistoryBounds) -> list[StoredEvent]:
    def seen(event: StoredEvent) -> tuple[int, tuple[str, int, int]]:
        return min(event.time_us, event.accepted_us), event.place

    shown = [event for event in kept.events if event.type not in bounds.event_types_left_out]
    recent = [event for event in shown if seen(event)[0] >= bounds.events_from_us]
    return sorted(recent, key=seen, reverse=True)[: bounds.events]


def _newest_heartbeats(kept: _Tenant, from_us: int) -> list[StoredHeartbeat]:
    newest: dict[tuple[str, str], StoredHeartbeat] = {}
    for beat in sorted(kept.heartbeats, key=lambda beat: (seen_us(beat), beat.place)):
        if beat.time_us >= from_us:
            newest[beat.service, beat.kind] = beat
    return list(newest.values())


def _newest_samples(kept: _Tenant, ids: Iterable[int], from_us: int) -> list[LastSample]:
    newest: dict[int, LastSample] = {}
    for sample in sorted(kept.samples, key=lambda sample: sample.time_ms):
        if sample.series_id in ids and sample.time_ms * 1_000 >= from_us and not np.isnan(sample.value):
            newest[sample.series_id] = sample
    return list(newest.values())
