"""Roll-ups of the store in memory."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan

from services.aggregator.ports.records import Record
from services.aggregator.ports.rollups import DAY, HOUR, MINUTE, Bucket, RolledUp
from services.aggregator.ports.store import LastSample
from services.core.columns import RollupColumns

Row = tuple[int, int]


@dataclass(slots=True)
class MemoryRollUps:
    """Rows by tenant and tier, and the buckets that are out of date."""

    outdated: set[Bucket] = field(default_factory=set)
    rows: dict[tuple[str, int], dict[Row, RolledUp]] = field(default_factory=lambda: defaultdict(dict))
    imported: dict[tuple[str, int], dict[tuple[Row, int], RolledUp]] = field(default_factory=lambda: defaultdict(dict))

    def disturb(self, records: Sequence[Record], minutes: Mapping[str, Iterable[int]]) -> None:
        """Samples, or sums of imported ones, were stored."""
        for record in records:
            if record.rollups is not None:
                self._keep(record.tenant, record.rollups)
        for tenant, starts in minutes.items():
            self.outdated |= {Bucket(tenant, MINUTE, start) for start in starts}

    def _keep(self, tenant: str, sums: RollupColumns) -> None:
        for one, tier, start, *figures, last_ms in zip(*(column.tolist() for column in sums.columns()), strict=True):
            part, place = RolledUp(one, start, *figures), ((one, start), last_ms)
            same = self.imported[tenant, tier].get(place)
            self.imported[tenant, tier][place] = part if same is None else same.followed_by(part)

    def roll_up(self, tenant: str, tier: int, starts: Sequence[int], samples: Iterable[LastSample]) -> None:
        """Make rows of minutes from samples, others from the rows of the tier before."""
        if tier == MINUTE:
            parts: Iterable[RolledUp] = (
                RolledUp(one.series_id, one.time_ms, 1, one.value, one.value, one.value, one.value)
                for one in samples
                if not isnan(one.value)
            )
            parts = (_within(part, part.start // 1_000) for part in sorted(parts, key=lambda part: part.start))
        else:
            shorter = self.rows[tenant, MINUTE if tier == HOUR else HOUR]
            parts = (shorter[row] for row in sorted(shorter, key=lambda row: row[1]))
        made: dict[Row, RolledUp] = {}
        for part in parts:
            start = part.start // tier * tier
            if start in starts:
                row = (part.series_id, start)
                made[row] = made[row].followed_by(part) if row in made else _within(part, start)
        self.rows[tenant, tier].update(made)
        self.outdated -= {Bucket(tenant, tier, start) for start in starts}
        if tier != DAY:
            longer = HOUR if tier == MINUTE else DAY
            self.outdated |= {Bucket(tenant, longer, start // longer * longer) for start in starts}

    def rolled_up(
        self, tenant: str, tier: int, series_ids: Sequence[int], from_second: int, to_second: int
    ) -> list[RolledUp]:
        """See ports/rollups.py."""
        rows = dict(self.rows[tenant, tier])
        for (row, _last_ms), imported in sorted(self.imported[tenant, tier].items(), reverse=True):
            rows[row] = imported.followed_by(rows[row]) if row in rows else imported
        wanted = set(series_ids)
        return [rows[row] for row in sorted(rows) if row[0] in wanted and from_second <= row[1] < to_second]


def _within(part: RolledUp, start: int) -> RolledUp:
    return RolledUp(part.series_id, start, part.count, part.sum, part.min, part.max, part.last)
