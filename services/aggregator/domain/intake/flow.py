"""What flows into the store, by tenant, as this aggregator's journals bring it: the last five minutes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from services.aggregator.domain.intake.buckets import bucket_numbers
from services.aggregator.domain.reports.traffic import Latency, Observed
from services.aggregator.ports.records import Record
from services.core.clock import Clock
from services.core.columns import NO_TELEMETRY, Telemetry
from services.core.conventions import FIGURES_WINDOW, MINUTE

KINDS = ("samples", "events", "logs", "heartbeats", "spans", "distributions", "exemplars", "rollups")
MAX_TENANTS = 10_000
MICRO_PER_MS = 1_000.0


@dataclass(slots=True)
class JournalFlow:
    """What one journal brought of one tenant: requests stored, and acceptance of the newest in microseconds."""

    requests: int = 0
    newest_us: int = 0


@dataclass(frozen=True, slots=True)
class Flow:
    """The flow of one tenant within `[since, until]`, Unix seconds; rows by kind, of all and of the last minute.

    `lag` is the time from acceptance to the store, None when nothing was stored; the longest is in milliseconds.
    """

    since: float
    until: float
    rows: Mapping[str, int]
    rows_last_minute: Mapping[str, int]
    repeated: int
    lag: Latency | None
    longest_ms: float
    journals: Mapping[str, JournalFlow]


@dataclass(slots=True)
class _Second:
    """What was stored within one second."""

    rows: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    repeated: int = 0
    lags: Observed = field(default_factory=Observed)
    longest_ms: float = 0.0


@dataclass(slots=True)
class _TenantFlow:
    seconds: dict[int, _Second] = field(default_factory=dict)
    journals: dict[str, JournalFlow] = field(default_factory=dict)

    def forget(self, now: float) -> None:
        """Let go of what lies before the window."""
        for second in [second for second in self.seconds if second <= now - FIGURES_WINDOW]:
            del self.seconds[second]


class FlowMeter:
    """Counts segments as they are committed. Belongs to one event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since = clock.now()
        self._tenants: dict[str, _TenantFlow] = {}

    def stored(self, journal_id: str, arrived: Sequence[Record], kept: Sequence[Record]) -> None:
        """A segment is in the store; of the records that arrived those were `kept`, repeats without rows."""
        now = self._clock.now()
        accepted: dict[str, list[int]] = {}
        for record, one in zip(arrived, kept, strict=True):
            second = self._second(record.tenant, now)
            if second is None:
                continue
            if one is record:
                accepted.setdefault(record.tenant, []).append(record.accepted_us)
                _count_rows(second.rows, record)
            else:
                second.repeated += 1
        for tenant, times in accepted.items():
            self._observe(tenant, journal_id, now, times)

    def flow(self, tenant: str) -> Flow:
        """The flow of a tenant now."""
        now = self._clock.now()
        known = self._tenants.get(tenant, _TenantFlow())
        known.forget(now)
        lags = Observed()
        for second in known.seconds.values():
            lags.add(second.lags.count, second.lags.sum_ms, [*second.lags.histogram], [*second.lags.histogram.values()])
        return Flow(
            max(self._since, now - FIGURES_WINDOW),
            now,
            _summed(known.seconds.values()),
            _summed(second for at, second in known.seconds.items() if at > now - MINUTE),
            sum(second.repeated for second in known.seconds.values()),
            lags.latency(),
            max((second.longest_ms for second in known.seconds.values()), default=0.0),
            known.journals,
        )

    def _second(self, tenant: str, now: float) -> _Second | None:
        known = self._tenants.get(tenant)
        if known is None:
            if len(self._tenants) >= MAX_TENANTS:
                return None
            known = self._tenants[tenant] = _TenantFlow()
        second = known.seconds.get(int(now))
        if second is None:
            known.forget(now)
            second = known.seconds[int(now)] = _Second()
        return second

    def _observe(self, tenant: str, journal_id: str, now: float, accepted_us: list[int]) -> None:
        known = self._tenants[tenant]
        lags_ms = np.maximum(now * 1e6 - np.array(accepted_us), 0.0) / MICRO_PER_MS
        numbers, counts = np.unique(bucket_numbers(lags_ms), return_counts=True)
        second = known.seconds[int(now)]
        second.lags.add(len(lags_ms), float(lags_ms.sum()), numbers.tolist(), counts.tolist())
        second.longest_ms = max(second.longest_ms, float(lags_ms.max()))
        journal = known.journals.setdefault(journal_id, JournalFlow())
        journal.requests += len(accepted_us)
        journal.newest_us = max(journal.newest_us, *accepted_us)


def _count_rows(rows: dict[str, int], record: Record) -> None:
    if record.samples is not None:
        rows["samples"] += len(record.samples.values)
    if record.events is not None:
        rows["events"] += len(record.events.types)
    if record.logs is not None:
        rows["logs"] += len(record.logs.messages)
    if record.heartbeats is not None:
        rows["heartbeats"] += len(record.heartbeats.services)
    if record.rollups is not None:
        rows["rollups"] += len(record.rollups)
    if record.telemetry is not NO_TELEMETRY:
        _count_telemetry(rows, record.telemetry)


def _count_telemetry(rows: dict[str, int], telemetry: Telemetry) -> None:
    for block in (telemetry.histograms, telemetry.exponential_histograms, telemetry.summaries):
        rows["distributions"] += 0 if block is None else len(block.times_ns)
    rows["exemplars"] += 0 if telemetry.exemplars is None else len(telemetry.exemplars.times_ns)
    rows["spans"] += 0 if telemetry.spans is None else len(telemetry.spans.times_ns)


def _summed(seconds: Iterable[_Second]) -> dict[str, int]:
    sums = dict.fromkeys(KINDS, 0)
    for second in seconds:
        for kind, count in second.rows.items():
            sums[kind] += count
    return sums
