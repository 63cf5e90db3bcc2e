"""What of the store has changed since when, and what is not rolled up yet; as this process has written it.

A position stands for all changes before it. What was changed before a position was taken is in everything that is read
afterwards, so that reading, and later reading again what changed since, misses nothing.
"""

import secrets
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from services.aggregator.ports.rollups import DAY, HOUR, MINUTE, TIERS
from services.aggregator.ports.store import Segment
from services.aggregator.ports.time_series import Ranges
from services.core.columns import Telemetry

REMEMBERED = 20_000
_NS = 1_000_000_000
NO_RANGES: Ranges = np.empty((0, 2), np.int64)


@dataclass(slots=True)
class _Tenant:
    """Ranges in the order of their change, the first at position `base`; out-of-date buckets and their revision."""

    base: int = 0
    log: list[Ranges] = field(default_factory=list)
    outdated: dict[int, dict[int, int]] = field(default_factory=lambda: {tier: {} for tier in TIERS})


class Changes:
    """A CommitListener. May be used by several threads."""

    def __init__(self) -> None:
        self.life = secrets.token_hex(6)
        self.alone = False
        self._tenants: dict[str, _Tenant] = {}
        self._lock = threading.Lock()

    def opened(self, outdated: Sequence[tuple[str, int, int]], alone: bool) -> None:
        self.alone = alone
        with self._lock:
            for tenant, tier, start in outdated:
                self._of(tenant).outdated[tier].setdefault(start, 0)

    def before(self, segment: Segment) -> None:
        """What it changes is noted once it is written."""

    def after(self, segment: Segment, revision: int, done: bool) -> None:
        with self._lock:
            for tenant, minutes in segment.minutes.items():
                outdated = self._of(tenant).outdated[MINUTE]
                outdated.update((start, max(revision, outdated.get(start, 0))) for start in minutes)
            for tenant, ranges in _changed(segment):
                self._note(tenant, ranges)

    def rolled(self, tenant: str, tier: int, starts: Sequence[int], revision: int) -> None:
        longer = {MINUTE: HOUR, HOUR: DAY}.get(tier)
        with self._lock:
            outdated = self._of(tenant).outdated
            for start in starts:
                if outdated[tier].get(start, revision) < revision:
                    del outdated[tier][start]
                if longer is not None:
                    outdated[longer][start // longer * longer] = revision

    def everything(self, tenant: str) -> None:
        """Let nothing be told from what was told before: rows of a tenant were deleted, or changed otherwise."""
        with self._lock:
            one = self._of(tenant)
            one.base += len(one.log) + 1
            one.log.clear()

    def position(self, tenant: str) -> int:
        """The position now."""
        with self._lock:
            one = self._of(tenant)
            return one.base + len(one.log)

    def since(self, tenant: str, position: int) -> Ranges | None:
        """Ranges that changed since a position; None where that is not known any more."""
        with self._lock:
            one = self._of(tenant)
            if not one.base <= position <= one.base + len(one.log):
                return None
            parts = one.log[position - one.base :]
        return np.concatenate(parts) if parts else NO_RANGES

    def outdated(self, tenant: str, tier: int, from_s: int, to_s: int) -> npt.NDArray[np.int64]:
        """Starts of the buckets of a tier, within a range, that are not what the samples come to."""
        with self._lock:
            known = self._of(tenant).outdated
            starts = [each // tier * tier for shorter in TIERS if shorter <= tier for each in known[shorter]]
        found = np.unique(np.array(starts, np.int64))
        return found[(found >= from_s) & (found < to_s)]

    def _of(self, tenant: str) -> _Tenant:
        known = self._tenants.get(tenant)
        if known is None:
            known = self._tenants[tenant] = _Tenant()
        return known

    def _note(self, tenant: str, ranges: Ranges) -> None:
        one = self._of(tenant)
        one.log.append(ranges)
        if len(one.log) > REMEMBERED:
            half = REMEMBERED // 2
            one.base += half
            del one.log[:half]


def _changed(segment: Segment) -> Iterable[tuple[str, Ranges]]:
    """What a segment changes, by tenant."""
    for tenant, minutes in segment.minutes.items():
        yield tenant, merged(np.fromiter(minutes, np.int64, len(minutes)), MINUTE)
    for record in segment.records:
        if record.rollups is not None:
            starts = record.rollups.buckets.astype(np.int64)
            tiers = record.rollups.tiers.astype(np.int64)
            for tier in np.unique(tiers):
                yield record.tenant, merged(starts[tiers == tier], int(tier))
        for times_ns in _distribution_times(record.telemetry):
            yield record.tenant, merged(times_ns // (_NS * MINUTE) * MINUTE, MINUTE)


def _distribution_times(telemetry: Telemetry) -> Iterable[npt.NDArray[np.int64]]:
    blocks = (telemetry.histograms, telemetry.exponential_histograms, telemetry.summaries)
    return [block.times_ns for block in blocks if block is not None and len(block.times_ns)]


def merged(starts: npt.NDArray[np.int64], length: int) -> Ranges:
    """Buckets as ranges, neighbours as one."""
    distinct = np.unique(starts)
    if not len(distinct):
        return NO_RANGES
    breaks = np.flatnonzero(np.diff(distinct) != length)
    firsts = np.concatenate(([0], breaks + 1))
    lasts = np.concatenate((breaks, [len(distinct) - 1]))
    return np.stack([distinct[firsts], distinct[lasts] + length], axis=1)
