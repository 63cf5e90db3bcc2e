"""The newest samples of tenants that are looked at, in memory, so that what is shown as newest costs no statement.

They are read from the store once, with nothing being written meanwhile, and then taken in as they are written. A
segment that failed on its way may be stored in part, and so may the first that a journal sends to a new process:
the samples of their tenants are read again. Of a tenant that sends too many nothing is kept.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.aggregator.ports.records import Floats, Ids, Longs, SampleColumns
from services.aggregator.ports.store import Segment
from services.core.clock import Clock

KEPT_SECONDS = 600
UNASKED_SECONDS = 900.0
GIVEN_UP_SECONDS = 600.0
MAX_ROWS = 3_000_000
MAX_TENANTS = 20
# Runs are put together up to so many rows, so that they stay few, and what is old goes in pieces.
RUN_ROWS = 250_000
NO_SAMPLES = SampleColumns(np.empty(0, np.uint64), np.empty(0, np.int64), np.empty(0))


@dataclass(frozen=True, slots=True)
class _Run:
    """Samples in order of series, and the time of the newest."""

    samples: SampleColumns
    last_ms: int

    def __len__(self) -> int:
        return len(self.samples.values)


@dataclass(slots=True)
class _Recent:
    """All samples from `from_ms` on, and some before. A list of runs is replaced, never changed."""

    runs: list[_Run]
    from_ms: int
    asked: float


class RecentSamples:
    """A CommitListener. May be used by several threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tenants: dict[str, _Recent] = {}
        self._given_up: dict[str, float] = {}
        self._journals: set[str] = set()
        self._doubtful: set[tuple[str, int]] = set()
        self._gate = threading.Condition()
        # Who puts runs together holds no one up who looks.
        self._shaping = threading.Lock()
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
        try:
            self._take(segment, self._is_certain(segment, done))
        finally:
            with self._gate:
                self._writing -= 1

    def rolled(self, tenant: str, tier: int, starts: Sequence[int], revision: int) -> None:
        """Samples stay what they are."""

    def forget(self, tenant: str) -> None:
        """Read a tenant's samples again: some were deleted."""
        with self._gate:
            self._tenants.pop(tenant, None)

    def covers(self, tenant: str, from_ms: int) -> bool:
        """Whether all samples from a time on are here."""
        known = self._known(tenant)
        return known is not None and known.from_ms <= from_ms

    def worth_reading(self, tenant: str, from_ms: int) -> bool:
        """Whether they would be, once they are read."""
        if not self._alone or from_ms < self.kept_from_ms() or tenant in self._tenants:
            return False
        if self._clock.monotonic() < self._given_up.get(tenant, 0.0):
            return False
        unasked = self._clock.monotonic() - UNASKED_SECONDS
        with self._gate:
            for other in [name for name, known in self._tenants.items() if known.asked < unasked]:
                del self._tenants[other]
            return len(self._tenants) < MAX_TENANTS

    def give_up(self, tenant: str) -> None:
        """There are too many: for a while they are not worth reading."""
        self._given_up[tenant] = self._clock.monotonic() + GIVEN_UP_SECONDS

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
        made = None if samples is None else _Recent([], from_ms, self._clock.monotonic())
        if made is not None and samples is not None:
            self._shape(made, _run(samples))
        with self._gate:
            self._held = False
            if made is not None:
                self._tenants[tenant] = made
            self._gate.notify_all()

    def samples(self, tenant: str, ids: Ids, from_ms: int) -> SampleColumns | None:
        """Samples of series from a time on, and some before; None where they are not all here."""
        known = self._known(tenant)
        if known is None:
            return None
        known.asked = self._clock.monotonic()
        with self._gate:
            runs, complete = known.runs, known.from_ms <= from_ms
        return _of_series(runs, ids) if complete else None

    def newest(self, tenant: str, ids: Ids, from_ms: int, to_ms: int) -> SampleColumns | None:
        """Samples among which is the newest of each series within a range; None where some may not be here."""
        known = self._known(tenant)
        if known is None:
            return None
        with self._gate:
            runs, known_from = known.runs, known.from_ms
        found = _of_series(runs, ids)
        usable = (found.times_ms >= max(from_ms, known_from)) & (found.times_ms < to_ms) & ~np.isnan(found.values)
        return found if len(np.unique(found.series_ids[usable])) == len(ids) else None

    def _known(self, tenant: str) -> _Recent | None:
        return self._tenants.get(tenant) if self._alone else None

    def _is_certain(self, segment: Segment, done: bool) -> bool:
        """Whether all of a segment was stored just now, and nothing of it before."""
        place = (segment.journal_id, segment.from_offset)
        with self._gate:
            certain = done and segment.journal_id in self._journals and place not in self._doubtful
            self._doubtful.discard(place)
            if done:
                self._journals.add(segment.journal_id)
            else:
                self._doubtful.add(place)
        return certain

    def _take(self, segment: Segment, certain: bool) -> None:
        parts: dict[str, list[SampleColumns]] = {}
        for record in segment.records:
            if record.tenant in self._tenants and record.samples is not None and len(record.samples.values):
                parts.setdefault(record.tenant, []).append(record.samples)
        for tenant, theirs in parts.items():
            known = self._tenants.get(tenant)
            if known is None:
                continue
            if not certain or self._clock.monotonic() - known.asked > UNASKED_SECONDS:
                self.forget(tenant)
            else:
                self._shape(known, _run(_joined(theirs)))

    def _shape(self, known: _Recent, run: _Run) -> None:
        """Take in a run; neighbours of about one size become one, and the oldest go."""
        with self._shaping:
            runs = [*known.runs, run]
            while len(runs) > 1 and len(runs[-2]) <= 2 * len(runs[-1]) and len(runs[-2]) + len(runs[-1]) <= RUN_ROWS:
                runs[-2:] = [_run(_joined([each.samples for each in runs[-2:]]))]
            oldest, from_ms = self.kept_from_ms(), known.from_ms
            kept = sorted((each for each in runs if each.last_ms >= oldest), key=lambda each: each.last_ms)
            if len(kept) < len(runs):
                from_ms = max(from_ms, oldest)
            while sum(len(each) for each in kept) > MAX_ROWS and len(kept) > 1:
                from_ms = max(from_ms, kept.pop(0).last_ms + 1)
            # The order of arrival, in which neighbours are of about one time.
            left = [each for each in runs if any(each is one for one in kept)]
            with self._gate:
                known.runs, known.from_ms = left, from_ms


def _run(samples: SampleColumns) -> _Run:
    order = np.argsort(samples.series_ids, kind="stable")
    ordered = SampleColumns(samples.series_ids[order], samples.times_ms[order], samples.values[order])
    return _Run(ordered, int(ordered.times_ms.max()) if len(order) else 0)


def _joined(parts: Sequence[SampleColumns]) -> SampleColumns:
    if not parts:
        return NO_SAMPLES
    ids, times, values = zip(*((each.series_ids, each.times_ms, each.values) for each in parts), strict=True)
    return SampleColumns(np.concatenate(ids), np.concatenate(times), np.concatenate(values))


def _of_series(runs: Sequence[_Run], ids: Ids) -> SampleColumns:
    return _joined([SampleColumns(*_of_run(run.samples, ids)) for run in runs])


def _of_run(samples: SampleColumns, ids: Ids) -> tuple[Ids, Longs, Floats]:
    low = np.searchsorted(samples.series_ids, ids)
    counts = np.searchsorted(samples.series_ids, ids, "right") - low
    starts = np.cumsum(counts) - counts
    rows = np.repeat(low - starts, counts) + np.arange(int(counts.sum()))
    return samples.series_ids[rows], samples.times_ms[rows], samples.values[rows]
