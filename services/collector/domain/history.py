"""Points of long ago: how old they may be, and what is kept of samples that are older than raw ones are kept."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from services.collector.domain.columns import SampleColumns, Times
from services.collector.domain.inspection import Inspection
from services.collector.domain.rules import Moment
from services.core.columns import RollupColumns

MINUTE = 60
HOUR = 3_600
DAY = 86_400
# As long as the store keeps them, but for a margin: what is written must not be dropped before it was counted.
RAW_SECONDS = 7 * DAY - HOUR
EVENT_SECONDS = 30 * DAY - HOUR
TIERS = ((MINUTE, 30 * DAY - HOUR), (HOUR, 400 * DAY - HOUR), (DAY, float("inf")))
# Nothing was measured before 1970, and a time that is nought was forgotten.
FIRST_MS = 1
UNBOUNDED = 1e10


@dataclass(frozen=True, slots=True)
class Bounds:
    """Times of the oldest points that can be kept, in milliseconds since the Unix epoch."""

    sample_ms: int
    event_ms: int


def bounds(now: float) -> Bounds:
    """What can be imported at `now`, in Unix seconds."""
    return Bounds(FIRST_MS, int((now - EVENT_SECONDS) * 1_000))


class Present:
    """Points of now: their times were judged with everything else, and samples are kept as they are."""

    def moment(self, moment: Moment) -> Moment:
        """What the rest of a point is judged by."""
        return moment

    def inspect_samples(self, found: Inspection, times_ms: Times, moment: Moment) -> None:
        """Judge the times of samples by what the era asks beside."""

    def inspect_times(self, found: Inspection, times_us: Times, moment: Moment) -> None:
        """Judge the times of other points likewise."""

    def parted(self, samples: SampleColumns, now: float) -> tuple[SampleColumns | None, RollupColumns | None]:
        """What is kept of samples as they are, and what in sums."""
        return samples, None


class Past(Present):
    """Points of an import."""

    def moment(self, moment: Moment) -> Moment:
        return replace(moment, skew_seconds=UNBOUNDED)

    def inspect_samples(self, found: Inspection, times_ms: Times, moment: Moment) -> None:
        _inspect(found, times_ms, moment, bounds(moment.now).sample_ms, 1)

    def inspect_times(self, found: Inspection, times_us: Times, moment: Moment) -> None:
        _inspect(found, times_us, moment, bounds(moment.now).event_ms, 1_000)

    def parted(self, samples: SampleColumns, now: float) -> tuple[SampleColumns | None, RollupColumns | None]:
        recent = samples.times_ms >= int((now - RAW_SECONDS) * 1_000)
        if recent.all():
            return samples, None
        # The end of a series is no reading.
        summed = samples.take(~recent & ~np.isnan(samples.values))
        parts = [part for part in _tiers(summed, now) if len(part)]
        return (samples.take(recent) if recent.any() else None), (_joined(parts) if parts else None)


PRESENT = Present()
PAST = Past()


def _inspect(found: Inspection, times: Times, moment: Moment, oldest_ms: int, per_ms: int) -> None:
    """Judge times of which so many are a millisecond."""
    newest = int((moment.now + moment.skew_seconds) * 1_000) * per_ms
    found.faults(times < oldest_ms * per_ms, "time", f"must not be before {_date(oldest_ms)}", "too_old")
    ahead = f"must be at most {moment.skew_seconds / HOUR:g} hours ahead of now"
    found.faults(times > newest, "time", ahead, "clock_skew")


def _date(time_ms: int) -> str:
    return str(np.datetime64(time_ms, "ms"))[:16] + "Z"


def _tiers(samples: SampleColumns, now: float) -> Iterator[RollupColumns]:
    """The samples summed by minute, hour and day, each as far back as its sums are kept."""
    for seconds, kept_seconds in TIERS:
        kept = samples.times_ms >= (now - kept_seconds) * 1_000
        yield rolled_up(samples.take(kept), seconds)


def rolled_up(samples: SampleColumns, seconds: int) -> RollupColumns:
    """Sums of samples by series and bucket of so many seconds, in their order; of samples at one time the last counts
    as the newest.
    """
    buckets = samples.times_ms // (seconds * 1_000) * seconds
    order = np.lexsort((samples.times_ms, buckets, samples.series_ids))
    ids, times, buckets = samples.series_ids[order], samples.times_ms[order], buckets[order]
    values = samples.values[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (ids[1:] != ids[:-1]) | (buckets[1:] != buckets[:-1])
    starts = np.flatnonzero(new)
    ends = np.append(starts[1:], len(order))[: len(starts)]
    if not len(starts):
        return RollupColumns(ids, np.empty(0, np.uint32), buckets, ids, values, values, values, values, times)
    return RollupColumns(
        series_ids=ids[starts],
        tiers=np.full(len(starts), seconds, np.uint32),
        buckets=buckets[starts],
        counts=(ends - starts).astype(np.uint64),
        sums=np.add.reduceat(values, starts),
        mins=np.minimum.reduceat(values, starts),
        maxs=np.maximum.reduceat(values, starts),
        lasts=values[ends - 1],
        last_times_ms=times[ends - 1],
    )


def _joined(parts: list[RollupColumns]) -> RollupColumns:
    return RollupColumns(
        *(np.concatenate(columns) for columns in zip(*(part.columns() for part in parts), strict=True))
    )
