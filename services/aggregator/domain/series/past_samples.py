"""Samples of former times in memory, for questions about a few series.

To understand a question takes the store longer than to find an hour of one series, and what it reads for that is blocks
of thousands of rows. So when somebody asks about a day of some series, it is read as a whole beside, with the series
next to them, while the answer goes its usual way; the next questions find it here. What a commit has changed since is
never told from here, minute by minute, and nothing of a tenant of which rows were deleted.
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from services.aggregator.domain.series.apart import apart
from services.aggregator.domain.series.changes import Changes
from services.aggregator.domain.series.recent_samples import RecentSamples, joined_samples
from services.aggregator.ports.records import Floats, Ids, Longs, SampleColumns
from services.aggregator.ports.rollups import DAY
from services.aggregator.ports.time_series import TimeSeriesStore
from services.core.clock import Clock
from services.core.errors import BinnacleError

MAX_BYTES = 192 << 20
FULL_BYTES = 160 << 20
CHUNK_ROWS = 2_000_000
MAX_CHUNK_ROWS = 3_000_000
REREAD_SECONDS = 60.0
LEFT_SECONDS = 600.0
FEW_SERIES = 50
FEW_CHUNKS = 4
MAX_LEFT = 10_000
_DAY_MS, _MINUTE_MS = DAY * 1_000, 60_000
_BITS = 64

Later = Callable[[Coroutine[None, None, None]], object]
"""Has something done beside, by who ends it with the process."""


@dataclass(frozen=True, slots=True)
class _Key:
    """A day, and the series whose numbers agree but for their last `shift` bits."""

    tenant: str
    day_ms: int
    shift: int
    group: int

    @property
    def ids(self) -> tuple[int, int]:
        """The first and the last number."""
        return self.group << self.shift, ((self.group + 1) << self.shift) - 1

    def within(self, from_ms: int, to_ms: int) -> tuple[int, int]:
        """What of a range is in the day, from its beginning."""
        return max(from_ms - self.day_ms, 0), min(to_ms - self.day_ms, _DAY_MS)


@dataclass(slots=True)
class _Chunk:
    """Samples in order of series: of `ids[i]` from `starts[i]` to `starts[i + 1]`; which minutes are as stored."""

    ids: Ids
    starts: Longs
    times: npt.NDArray[np.uint32]
    values: Floats
    position: int
    read_at: float
    used_at: float
    valid: npt.NDArray[np.bool_] = field(default_factory=lambda: np.ones(DAY // 60, bool))

    @property
    def bytes(self) -> int:
        return self.times.nbytes + self.values.nbytes


class PastSamples:
    """At most MAX_BYTES; what was used longest ago goes. Belongs to one event loop."""

    def __init__(
        self,
        store: TimeSeriesStore,
        recent: RecentSamples,
        changes: Changes,
        clock: Clock,
        kept: Callable[[str], float],
        later: Later,
    ) -> None:
        self._store = store
        self._recent = recent
        self._changes = changes
        self._clock = clock
        self._kept = kept
        self._later = later
        self._chunks: OrderedDict[_Key, _Chunk] = OrderedDict()
        self._bytes = 0
        self._left: OrderedDict[_Key, float] = OrderedDict()
        self._shifts: dict[str, int] = {}
        self._reading = asyncio.Lock()

    def samples(self, tenant: str, ids: Ids, from_ms: int, to_ms: int) -> SampleColumns | None:
        """Samples of series within a range, and the newest after it; None where they are not all here."""
        edge = self._recent.here_from(tenant, to_ms)
        if not self._changes.alone or edge <= from_ms:
            return None
        keys = self._keys(tenant, ids, from_ms, edge)
        if not keys or not all(self._holds(key, from_ms, edge) for key in keys):
            return None
        parts = [part for key in keys for part in self._parts(key, ids, from_ms, edge)]
        if edge < to_ms:
            newest = self._recent.samples(tenant, ids, edge)
            if newest is None:
                return None
            later = newest.times_ms >= edge
            parts.append(SampleColumns(newest.series_ids[later], newest.times_ms[later], newest.values[later]))
        return joined_samples(parts)

    def asked(self, tenant: str, ids: Ids, from_ms: int, to_ms: int, rows: int, series: int) -> None:
        """The store was asked for what is not here, and had so many rows; the tenant has so many `series`."""
        if not self._changes.alone or not len(ids):
            return
        self._measure(tenant, rows / len(ids) / max(to_ms - from_ms, 1) * _DAY_MS * series)
        now = self._clock.monotonic()
        for key in self._keys(tenant, ids, from_ms, self._recent.here_from(tenant, to_ms)):
            known = self._chunks.get(key)
            outdated = known is None or now - known.read_at > REREAD_SECONDS
            if outdated and self._lasts(key) and now > self._left.get(key, 0.0):
                self._leave(key, math.inf)
                self._later(self._read(key))

    def _leave(self, key: _Key, until: float) -> None:
        """Not to be read before a time."""
        self._left.pop(key, None)
        self._left[key] = until
        while len(self._left) > MAX_LEFT:
            self._left.popitem(last=False)

    def forget(self, tenant: str) -> None:
        """Rows of a tenant were deleted."""
        for key in [key for key in self._chunks if key.tenant == tenant]:
            self._drop(key)

    def _lasts(self, key: _Key) -> bool:
        """Whether its samples are kept all of them; a day that began before that loses some."""
        return key.day_ms / 1e3 >= self._clock.now() - self._kept(key.tenant)

    def _measure(self, tenant: str, rows_a_day: float) -> None:
        """How many series to take together; held to while it is not far off, as others would be read apart."""
        wanted = _BITS - math.ceil(math.log2(max(rows_a_day / CHUNK_ROWS, 1.0)))
        if abs(wanted - self._shifts.get(tenant, -1)) > 1:
            self._shifts[tenant] = max(wanted, 0)

    def _keys(self, tenant: str, ids: Ids, from_ms: int, to_ms: int) -> list[_Key]:
        """Where samples are; nothing for many."""
        shift = self._shifts.get(tenant)
        if shift is None or len(ids) > FEW_SERIES:
            return []
        groups = sorted({number >> shift for number in ids.tolist()})
        days = range(from_ms // _DAY_MS * _DAY_MS, to_ms, _DAY_MS)
        few = len(days) * len(groups) <= FEW_CHUNKS
        return [_Key(tenant, day, shift, group) for day in days for group in groups] if few else []

    def _holds(self, key: _Key, from_ms: int, to_ms: int) -> bool:
        chunk = self._chunks.get(key)
        if chunk is None:
            return False
        position = self._changes.position(key.tenant)
        changed = self._changes.since(key.tenant, chunk.position)
        if changed is None or not self._lasts(key):
            self._drop(key)
            return False
        for low, high in (changed * 1_000 - key.day_ms).clip(0, _DAY_MS).tolist():
            chunk.valid[low // _MINUTE_MS : -(-high // _MINUTE_MS)] = False
        chunk.position = position
        chunk.used_at = self._clock.monotonic()
        self._chunks.move_to_end(key)
        low, high = key.within(from_ms, to_ms)
        return bool(chunk.valid[low // _MINUTE_MS : -(-high // _MINUTE_MS)].all())

    def _parts(self, key: _Key, ids: Ids, from_ms: int, to_ms: int) -> Iterator[SampleColumns]:
        chunk = self._chunks[key]
        first, end = key.within(from_ms, to_ms)
        for identity in ids:
            place = int(np.searchsorted(chunk.ids, identity))
            if place == len(chunk.ids) or chunk.ids[place] != identity:
                continue
            rows = slice(chunk.starts[place], chunk.starts[place + 1])
            times = chunk.times[rows]
            chosen = (times >= first) & (times < end)
            times_ms = times[chosen] + np.int64(key.day_ms)
            yield SampleColumns(np.full(len(times_ms), identity), times_ms, chunk.values[rows][chosen])

    async def _read(self, key: _Key) -> None:
        """One after the other, so that those who ask find the store at leisure."""
        async with self._reading:
            now = self._clock.monotonic()
            self._leave(key, now + LEFT_SECONDS)
            position = self._changes.position(key.tenant)
            if self._has_room(now) and (samples := await self._neighbours(key)) is not None:
                chunk = await apart(len(samples.values), lambda: _chunk(samples, key.day_ms, position, now))
                self._keep(key, chunk)

    def _has_room(self, now: float) -> bool:
        """Not where others would have to go that are in use: they would be read again in their turn."""
        oldest = next(iter(self._chunks.values()), None)
        return oldest is None or self._bytes < FULL_BYTES or now - oldest.used_at > LEFT_SECONDS

    async def _neighbours(self, key: _Key) -> SampleColumns | None:
        first, last = key.ids
        end_ms = key.day_ms + _DAY_MS
        try:
            return await self._store.neighbours(key.tenant, first, last, key.day_ms, end_ms, MAX_CHUNK_ROWS)
        except BinnacleError:
            # Those who ask are answered by the store, or told why not.
            return None

    def _keep(self, key: _Key, chunk: _Chunk) -> None:
        self._drop(key)
        if self._changes.since(key.tenant, chunk.position) is None:
            return
        self._left.pop(key, None)
        self._chunks[key] = chunk
        self._bytes += chunk.bytes
        while self._bytes > MAX_BYTES:
            self._drop(next(iter(self._chunks)))

    def _drop(self, key: _Key) -> None:
        gone = self._chunks.pop(key, None)
        self._bytes -= gone.bytes if gone is not None else 0


def _chunk(samples: SampleColumns, day_ms: int, position: int, now: float) -> _Chunk:
    order = np.argsort(samples.series_ids, kind="stable")
    identities = samples.series_ids[order]
    starts = np.flatnonzero(np.concatenate(([True], identities[1:] != identities[:-1]))) if len(order) else order
    times = (samples.times_ms[order] - day_ms).astype(np.uint32)
    ends = np.append(starts, len(order))
    return _Chunk(identities[starts], ends, times, samples.values[order], position, now, now)
