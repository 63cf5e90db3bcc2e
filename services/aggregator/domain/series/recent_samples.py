"""The newest samples of tenants that are looked at, in memory, so that what is shown as newest costs no statement.

They are read from the store once, with nothing being written meanwhile, and then taken in as they are written. A
segment that failed on its way may be stored in part, and so may the first that a journal sends to a new process:
the samples of their tenants are read again. Of a tenant that sends too many nothing is kept.
"""

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.aggregator.domain.series.growth import Stretches
from services.aggregator.domain.series.recent_growth import RecentGrowth, stretches_within
from services.aggregator.ports.records import Ids, SampleColumns
from services.aggregator.ports.store import Segment
from services.core.clock import Clock

KEPT_SECONDS = 600
UNASKED_SECONDS = 900.0
GIVEN_UP_SECONDS = 120.0
MAX_ROWS = 3_000_000
MAX_TENANTS = 20
# Of all tenants, 56 bytes each.
MAX_STRETCHES = 2_000_000
# Runs of one minute of arrival are put together up to so many rows: they stay few, those of an older time than is
# asked about need not be looked at, and what is old goes in pieces.
RUN_ROWS = 250_000
_MINUTE_MS = 60_000
NO_SAMPLES = SampleColumns(np.empty(0, np.uint64), np.empty(0, np.int64), np.empty(0))


@dataclass(frozen=True, slots=True)
class Run:
    """Samples in order of series, of `ids[i]` from `starts[i]` to `starts[i + 1]`; the time of the newest, and the
    number of the minute in which they came.
    """

    samples: SampleColumns
    ids: Ids
    starts: npt.NDArray[np.intp]
    last_ms: int
    minute: int

    def __len__(self) -> int:
        return len(self.samples.values)


@dataclass(slots=True)
class _Recent:
    """All samples from `from_ms` on, and some before. A list of runs is replaced, never changed."""

    runs: list[Run]
    from_ms: int
    asked: float
    rates_asked: float = -math.inf
    growth: RecentGrowth | None = None


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

    def take(self, tenant: str, runs: list[Run], from_ms: int) -> None:
        """Keep what was read while writing was held: all samples of a tenant from a time on."""
        self._tenants[tenant] = _Recent(runs, from_ms, self._clock.monotonic())

    def release(self) -> None:
        """Let writing go on."""
        with self._gate:
            self._held = False
            self._gate.notify_all()

    def samples(self, tenant: str, ids: Ids, from_ms: int) -> SampleColumns | None:
        """Samples of series from a time on, and some before; None where they are not all here."""
        known = self._known(tenant)
        if known is None:
            return None
        known.asked = self._clock.monotonic()
        with self._gate:
            runs, complete = known.runs, known.from_ms <= from_ms
        return _of_series([run for run in runs if run.last_ms >= from_ms], ids) if complete else None

    def newest(self, tenant: str, ids: Ids, from_ms: int, to_ms: int) -> SampleColumns | None:
        """Samples among which is the newest of each series within a range; None where some may not be here."""
        known = self._known(tenant)
        if known is None:
            return None
        with self._gate:
            runs, known_from = known.runs, known.from_ms
        found = _of_series([run for run in runs if run.last_ms >= from_ms], ids)
        usable = (found.times_ms >= max(from_ms, known_from)) & (found.times_ms < to_ms) & ~np.isnan(found.values)
        return found if len(np.unique(found.series_ids[usable])) == len(ids) else None

    def expect_rates(self, tenant: str) -> None:
        """Somebody asks for rates: when samples are too many to keep, their stretches are."""
        known = self._tenants.get(tenant)
        if known is not None:
            known.rates_asked = self._clock.monotonic()

    def stretches(self, tenant: str, ids: Ids, from_ms: int, to_ms: int) -> Stretches | None:
        """Stretches of series that begin within a range; None where they are not all here. The first call takes long.

        They are kept for tenants that are asked about, for longer than samples of which there are many.
        """
        known = self._known(tenant)
        if known is None:
            return None
        known.asked = known.rates_asked = self._clock.monotonic()
        with self._shaping:
            if known.growth is None:
                known.growth = _growth(known.runs, known.from_ms)
            blocks = known.growth.within(from_ms, to_ms)
        return None if blocks is None else stretches_within(blocks, ids, from_ms, to_ms)

    def here_from(self, tenant: str, to_ms: int) -> int:
        """The time up to `to_ms` from which on all samples of a tenant are here."""
        known = self._known(tenant)
        return to_ms if known is None else min(known.from_ms, to_ms)

    def per_second(self, tenant: str) -> float:
        """How many come a second; 0 where that is not known."""
        known = self._known(tenant)
        if known is None:
            return 0.0
        with self._gate:
            runs, from_ms = known.runs, known.from_ms
        return sum(len(run) for run in runs) / max(self._clock.now() - from_ms / 1e3, 1.0)

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
                self._shape(known, _run(joined_samples(theirs), int(self._clock.now() // 60)))

    def _shape(self, known: _Recent, run: Run) -> None:
        """Take in a run; neighbours of one minute and about one size become one, and the oldest go."""
        with self._shaping:
            runs = [*known.runs, run]
            self._grow(known, runs)
            if len(runs) > 1 and runs[-2].minute != run.minute:
                runs = [*_put_together(runs[:-1], whole=True), run]
            runs = _put_together(runs, whole=False)
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

    def _grow(self, known: _Recent, runs: list[Run]) -> None:
        """Take in the last run, once they are too many."""
        if self._clock.monotonic() - known.rates_asked > UNASKED_SECONDS:
            known.growth = None
        elif known.growth is not None:
            known.growth.take(runs[-1].samples, runs[-1].minute)
        elif sum(map(len, runs)) > MAX_ROWS:
            known.growth = _growth(runs, known.from_ms)
        if known.growth is not None:
            others = [each.growth for each in list(self._tenants.values()) if each.growth and each is not known]
            known.growth.leave(self.kept_from_ms(), MAX_STRETCHES - sum(map(len, others)))


def _growth(runs: Sequence[Run], from_ms: int) -> RecentGrowth:
    return RecentGrowth(((run.samples, run.minute) for run in runs), from_ms)


def _put_together(runs: list[Run], *, whole: bool) -> list[Run]:
    """The last runs as one, where they came in one minute and are of about one size, or are to be `whole`."""
    runs = list(runs)
    while len(runs) > 1 and runs[-2].minute == runs[-1].minute:
        before, last = runs[-2:]
        if len(before) + len(last) > RUN_ROWS or not (whole or len(before) <= 2 * len(last)):
            break
        runs[-2:] = [_run(joined_samples([before.samples, last.samples]), last.minute)]
    return runs


def runs_of(samples: SampleColumns, now: float) -> list[Run]:
    """Samples that came until now, by the minutes of their times."""
    minutes = np.minimum(samples.times_ms // _MINUTE_MS, int(now // 60))
    return [_run(_chosen(samples, minutes == minute), int(minute)) for minute in np.unique(minutes)]


def _run(samples: SampleColumns, minute: int) -> Run:
    ordered = _chosen(samples, np.argsort(samples.series_ids, kind="stable"))
    ids, starts = np.unique(ordered.series_ids, return_index=True)
    last_ms = int(ordered.times_ms.max()) if len(ordered.values) else 0
    return Run(ordered, ids, np.append(starts, len(ordered.values)), last_ms, minute)


def _chosen(samples: SampleColumns, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> SampleColumns:
    return SampleColumns(samples.series_ids[rows], samples.times_ms[rows], samples.values[rows])


def joined_samples(parts: Sequence[SampleColumns]) -> SampleColumns:
    """One after the other."""
    if not parts:
        return NO_SAMPLES
    ids, times, values = zip(*((each.series_ids, each.times_ms, each.values) for each in parts), strict=True)
    return SampleColumns(np.concatenate(ids), np.concatenate(times), np.concatenate(values))


def _of_series(runs: Sequence[Run], ids: Ids) -> SampleColumns:
    # In rising order they are found twice as fast.
    wanted = np.sort(ids)
    return joined_samples([_of_run(run, wanted) for run in runs if len(run)])


def _of_run(run: Run, ids: Ids) -> SampleColumns:
    at = np.minimum(np.searchsorted(run.ids, ids), len(run.ids) - 1)
    at = at[run.ids[at] == ids]
    if len(at) == len(run.ids):
        return run.samples
    firsts, counts = run.starts[at], run.starts[at + 1] - run.starts[at]
    return _chosen(run.samples, np.repeat(firsts - np.cumsum(counts) + counts, counts) + np.arange(counts.sum()))
