"""The newest samples of tenants that are looked at, in memory, so that what is shown as newest costs no statement.

They are read from the store once, with nothing being written meanwhile, and then taken in as they are written. A
segment that failed on its way may be stored in part, and so may the first that a journal sends to a new process:
the samples of their tenants are read again.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from services.aggregator.ports.records import Floats, Ids, Longs, SampleColumns
from services.aggregator.ports.store import Segment
from services.core.clock import Clock

KEPT_SECONDS = 600
UNASKED_SECONDS = 900.0
MAX_ROWS = 3_000_000
MAX_TENANTS = 20
# New samples are put in order with the others when they are one in so many, or asked for.
_MANY = 1 << 18


@dataclass(slots=True)
class _Recent:
    """Samples in order of series and time, and those that came since; all from `from_ms` on."""

    samples: SampleColumns
    from_ms: int
    asked: float
    new: list[SampleColumns] = field(default_factory=list)
    new_rows: int = 0


class RecentSamples:
    """A CommitListener. May be used by several threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tenants: dict[str, _Recent] = {}
        self._journals: set[str] = set()
        self._doubtful: set[tuple[str, int]] = set()
        self._gate = threading.Condition()
        self._writing = 0
        self._held = False
        self._alone = False

    def opened(self, outdated: Sequence[tuple[str, int, int]], alone: bool) -> None:
        self._alone = alone

    def before(self, segment: Segment) -> None:
        with self._gate:
            self._gate.wait_for(lambda: not self._held)
            self._writing += 1

    def after(self, segment: Segment, revision: int, done: bool) -> None:
        with self._gate:
            self._writing -= 1
            place = (segment.journal_id, segment.from_offset)
            certain = done and segment.journal_id in self._journals and place not in self._doubtful
            self._doubtful.discard(place)
            if done:
                self._journals.add(segment.journal_id)
            else:
                self._doubtful.add(place)
            self._take(segment, certain)

    def rolled(self, tenant: str, tier: int, starts: Sequence[int], revision: int) -> None:
        """Samples stay what they are."""

    def forget(self, tenant: str) -> None:
        """Read a tenant's samples again: some were deleted."""
        with self._gate:
            self._tenants.pop(tenant, None)

    def covers(self, tenant: str, from_ms: int) -> bool:
        """Whether all samples from a time on are here."""
        with self._gate:
            known = self._known(tenant)
            return known is not None and known.from_ms <= from_ms

    def worth_reading(self, tenant: str, from_ms: int) -> bool:
        """Whether they would be, once `read`."""
        recent = from_ms >= self.kept_from_ms()
        with self._gate:
            return self._alone and recent and tenant not in self._tenants and len(self._tenants) < MAX_TENANTS

    def kept_from_ms(self) -> int:
        """The time from which on samples are kept."""
        return int((self._clock.now() - KEPT_SECONDS) * 1e3)

    def hold(self) -> bool:
        """Let nothing more be written; whether what is being written has ended. Ends with `release`."""
        with self._gate:
            self._held = True
            return not self._writing

    def release(self, tenant: str, samples: SampleColumns | None, from_ms: int) -> None:
        """Let writing go on; what was read meanwhile is kept: all samples from a time on."""
        with self._gate:
            self._held = False
            if samples is not None:
                self._tenants[tenant] = _Recent(samples, from_ms, self._clock.monotonic())
                self._order(self._tenants[tenant])
            self._gate.notify_all()

    def samples(self, tenant: str, ids: Ids, from_ms: int) -> SampleColumns | None:
        """Samples of series from a time on; None where they are not here."""
        with self._gate:
            known = self._known(tenant)
            if known is None:
                return None
            known.asked = self._clock.monotonic()
            if known.new_rows * 8 > len(known.samples.values):
                self._order(known)
            # To put them in order lets the oldest go.
            if known.from_ms > from_ms:
                return None
            parts = [_of_series(known.samples, ids), *(_chosen(part, ids) for part in known.new)]
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        return SampleColumns(columns[0], columns[1], columns[2])

    def _known(self, tenant: str) -> _Recent | None:
        return self._tenants.get(tenant) if self._alone else None

    def _take(self, segment: Segment, certain: bool) -> None:
        for record in segment.records:
            known = self._tenants.get(record.tenant)
            if known is None or record.samples is None or not len(record.samples.values):
                continue
            idle = self._clock.monotonic() - known.asked > UNASKED_SECONDS
            if not certain or idle:
                del self._tenants[record.tenant]
                continue
            known.new.append(record.samples)
            known.new_rows += len(record.samples.values)
            if known.new_rows > _MANY:
                self._order(known)

    def _order(self, known: _Recent) -> None:
        """Put all in order; what is older than is kept goes."""
        parts = [(s.series_ids, s.times_ms, s.values) for s in (known.samples, *known.new)]
        ids, times, values = (np.concatenate(column) for column in zip(*parts, strict=True))
        from_ms = max(known.from_ms, self.kept_from_ms())
        if len(times) > MAX_ROWS:
            from_ms = max(from_ms, int(np.partition(times, len(times) - MAX_ROWS)[len(times) - MAX_ROWS]) + 1)
        kept = times >= from_ms
        ids, times, values = ids[kept], times[kept], values[kept]
        order = np.lexsort((times, ids))
        known.samples = SampleColumns(ids[order], times[order], values[order])
        known.from_ms, known.new, known.new_rows = from_ms, [], 0


def _of_series(samples: SampleColumns, ids: Ids) -> tuple[Ids, Longs, Floats]:
    """Of samples in order of series."""
    low = np.searchsorted(samples.series_ids, ids)
    counts = np.searchsorted(samples.series_ids, ids, "right") - low
    starts = np.cumsum(counts) - counts
    rows = np.repeat(low - starts, counts) + np.arange(int(counts.sum()))
    return samples.series_ids[rows], samples.times_ms[rows], samples.values[rows]


def _chosen(samples: SampleColumns, ids: Ids) -> tuple[Ids, Longs, Floats]:
    kept = np.isin(samples.series_ids, ids)
    return samples.series_ids[kept], samples.times_ms[kept], samples.values[kept]
