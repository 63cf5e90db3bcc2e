"""Roll-ups in memory, as matrices of series and buckets: read once, and again only where something has changed."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from services.aggregator.domain.series.changes import Changes
from services.aggregator.domain.series.folding import places_of
from services.aggregator.ports.records import Floats, Ids
from services.aggregator.ports.rollups import DAY, HOUR, MINUTE
from services.aggregator.ports.time_series import CellField, CellRows

CHUNK_SECONDS = {MINUTE: DAY, HOUR: 32 * DAY, DAY: 1_024 * DAY}
MAX_BYTES = 384 << 20
MAX_CHUNK_CELLS = 6_000_000

Mask = npt.NDArray[np.bool_]
_Key = tuple[str, int, int, CellField]


@dataclass(slots=True)
class Chunk:
    """Buckets of one stretch of time of all series of a tenant, of one field."""

    ids: Ids
    values: Floats
    valid: Mask
    position: int


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a chunk: buckets `[first, end)` of series, as of a position."""

    ids: Ids
    position: int
    first: int
    end: int


@dataclass(slots=True)
class CellCache:
    """At most MAX_BYTES; what was used longest ago goes. Belongs to one event loop."""

    _changes: Changes
    _chunks: OrderedDict[_Key, Chunk] = field(default_factory=OrderedDict)
    _bytes: int = 0

    def stale(
        self, tenant: str, tier: int, start: int, fields: Sequence[CellField], ids: Ids, outdated: Mask
    ) -> tuple[int, int] | None:
        """Buckets `[first, end)` of the chunk from `start` on that must be read before it is used, or None."""
        stale = np.zeros(len(outdated), bool)
        for name in fields:
            key = (tenant, tier, start, name)
            stale |= ~self._current(key, ids) if key in self._chunks else True
        stale &= ~outdated
        found = np.flatnonzero(stale)
        return (int(found[0]), int(found[-1]) + 1) if len(found) else None

    def _current(self, key: _Key, ids: Ids) -> Mask:
        """Which buckets of a chunk are as the store has them."""
        tenant, tier, start, _name = key
        chunk = self._chunks[key]
        position = self._changes.position(tenant)
        changed = self._changes.since(tenant, chunk.position)
        if changed is None or len(chunk.ids) > len(ids):
            self._bytes -= self._chunks.pop(key).values.nbytes
            return np.zeros_like(chunk.valid)
        if len(changed):
            for low, high in np.clip((changed - [start, start - tier + 1]) // tier, 0, len(chunk.valid)).tolist():
                chunk.valid[low:high] = False
        chunk.position = position
        if len(chunk.ids) != len(ids):
            self._grow(chunk, ids)
        return chunk.valid

    def _grow(self, chunk: Chunk, ids: Ids) -> None:
        """Rows for series that are new; what they have is in buckets that changed."""
        values = np.full((len(ids), chunk.values.shape[1]), np.nan)
        values[np.searchsorted(ids, chunk.ids)] = chunk.values
        self._bytes += values.nbytes - chunk.values.nbytes
        chunk.ids, chunk.values = ids, values

    def keep(
        self, tenant: str, tier: int, start: int, made: Mapping[CellField, Floats], read: "Read", outdated: Mask
    ) -> None:
        """Take in what was read, a position having been taken and `outdated` been asked before."""
        for name, values in made.items():
            key = (tenant, tier, start, name)
            chunk = self._chunks.get(key)
            if chunk is None or len(chunk.ids) > len(read.ids):
                blank = np.full((len(read.ids), len(outdated)), np.nan)
                self._bytes += blank.nbytes - (chunk.values.nbytes if chunk else 0)
                chunk = self._chunks[key] = Chunk(read.ids, blank, np.zeros(len(outdated), bool), read.position)
            elif len(chunk.ids) < len(read.ids):
                self._grow(chunk, read.ids)
            chunk.values[:, read.first : read.end] = values
            chunk.valid[read.first : read.end] = ~outdated[read.first : read.end]
            chunk.position = min(chunk.position, read.position)
        while self._bytes > MAX_BYTES and len(self._chunks) > 1:
            _key, gone = self._chunks.popitem(last=False)
            self._bytes -= gone.values.nbytes

    def part(
        self, tenant: str, tier: int, start: int, name: CellField, ids: Ids, first: int, end: int
    ) -> Floats | None:
        """Buckets `[first, end)` of series of a chunk; None when it is not here (any more)."""
        chunk = self._chunks.get((tenant, tier, start, name))
        if chunk is None:
            return None
        self._chunks.move_to_end((tenant, tier, start, name))
        if len(ids) == len(chunk.ids) and np.array_equal(ids, chunk.ids):
            return chunk.values[:, first:end]
        return chunk.values[np.searchsorted(chunk.ids, ids), first:end]


def matrices(cells: CellRows, ids: Ids, tier: int, start: int, count: int) -> dict[CellField, Floats]:
    """Rows as one matrix per field; of several of one bucket the highest revision holds."""
    rows = places_of(ids, cells.series_ids)
    usable = rows >= 0
    places = rows * count + (cells.starts - start) // tier
    values = dict(cells.fields)
    if not usable.all():
        places, values = places[usable], {name: column[usable] for name, column in values.items()}
    filled = np.zeros(len(ids) * count, bool)
    filled[places] = True
    if int(filled.sum()) != len(places):
        order = np.argsort(cells.revisions[usable], kind="stable")
        places, values = places[order], {name: column[order] for name, column in values.items()}
    made: dict[CellField, Floats] = {}
    for name, column in values.items():
        matrix = np.full(len(ids) * count, np.nan)
        matrix[places] = column
        made[name] = matrix.reshape(len(ids), count)
    return made


def with_imported(cells: dict[CellField, Floats], imported: Mapping[CellField, Floats]) -> None:
    """Add sums of imports, which precede in each bucket."""
    for name, values in imported.items():
        if name not in cells:
            continue
        here = cells[name]
        match name:
            case "min":
                np.fmin(here, values, out=here)
            case "max":
                np.fmax(here, values, out=here)
            case "last":
                np.copyto(here, values, where=np.isnan(here))
            case _:
                np.copyto(here, np.where(np.isnan(here), values, here + np.nan_to_num(values)))
