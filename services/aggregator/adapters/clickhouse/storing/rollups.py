"""Roll-ups in ClickHouse: INSERT … SELECT of whole buckets, or of sums known already, under a revision of its own.

Of the rows of a bucket the one of the highest revision holds. A revision is taken after a segment's samples are
inserted (and marked as disturbing its minutes), and before a roll-up reads: what was disturbed below the revision of a
roll-up is in it, whatever was killed in between.
"""

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from services.aggregator.adapters.clickhouse.engine import native
from services.aggregator.adapters.clickhouse.engine.engines import Engine
from services.aggregator.adapters.clickhouse.engine.statements import Statement, TenantQuery, TenantTable, quoted
from services.aggregator.adapters.clickhouse.engine.turns import highest, take
from services.aggregator.adapters.clickhouse.storing.minute_sums import MinuteSums
from services.aggregator.ports.rollups import DAY, HOUR, MINUTE, Bucket, RolledUp

TABLES: dict[int, TenantTable] = {MINUTE: "rollup_minutes", HOUR: "rollup_hours", DAY: "rollup_days"}
MARKS = "rollup_marks"
REVISIONS = "revisions"
RESERVED_AT_ONCE = 1_000_000
# One thread spends less than two, and leaves the other cores to intake. Samples lie in the order they are grouped in,
# but a hash table takes half as long where buckets hold few samples; what does not fit goes to disk. A large block is
# one part instead of several that are merged.
_SETTINGS = (
    "max_threads = 1, optimize_on_insert = 0, max_partitions_per_insert_block = 0,"
    " min_insert_block_size_rows = 2000000, max_bytes_before_external_group_by = 500000000"
)
_INTO = "INSERT INTO {table} (tenant, series_id, bucket, count, sum, min, max, last, revision)"
# NaN marks the end of a series; it is no value.
_FROM_SAMPLES = (
    "SELECT {tenant}, series_id, toStartOfMinute(time) AS start, count(), sum(value), min(value), max(value),"
    " argMax(value, toUnixTimestamp64Milli(time)), {revision} FROM samples_values"
    " WHERE tenant = {tenant} AND time >= toDateTime64({first}, 3, 'UTC') AND time < toDateTime64({end}, 3, 'UTC')"
    " AND NOT isNaN(value){chosen} GROUP BY series_id, start"
)
_FROM_SHORTER = (
    "SELECT {tenant}, series_id, toStartOfInterval(part.bucket, INTERVAL {tier} SECOND) AS start, sum(part.count),"
    " sum(part.sum), min(part.min), max(part.max), argMax(part.last, part.bucket), {revision}"
    " FROM {shorter} AS part FINAL WHERE tenant = {tenant} AND part.bucket >= toDateTime({first}, 'UTC')"
    " AND part.bucket < toDateTime({end}, 'UTC'){chosen} GROUP BY series_id, start"
)
_OUTDATED = Statement(
    f"SELECT tenant, tier, toUnixTimestamp(bucket) FROM {MARKS} GROUP BY tenant, tier, bucket"
    " HAVING max(disturbed) > max(rolled)"
)


class Revisions:
    """Numbers that only grow, over restarts and over all processes that share the store. For several threads.

    Where others write beside this process, each number is a turn of its own: a range kept back would let what happens
    later have the lower number.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._at_once = RESERVED_AT_ONCE if engine.exclusive else 1
        self._reserved = highest(engine, REVISIONS)
        self._next = self._reserved + 1

    def next(self) -> int:
        """A number above all that were given before."""
        with self._lock:
            if self._next > self._reserved:
                self._reserve()
            taken, self._next = self._next, self._next + 1
            return taken

    def _reserve(self) -> None:
        while not take(self._engine, REVISIONS, self._reserved, self._reserved + self._at_once):
            self._reserved = highest(self._engine, REVISIONS)
        self._next, self._reserved = self._reserved + 1, self._reserved + self._at_once


class Disturbed:
    """Minutes marked as disturbed since they were last rolled up: to mark them once more would say nothing.

    Only where nobody else rolls up. For several threads: who is told here that a minute is marked has inserted its
    samples before, and a roll-up that takes the mark away reads after it has said so here.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._marked: dict[str, set[int]] = {}
        self._rolling = 0

    def unmarked(self, minutes: Mapping[str, Collection[int]]) -> dict[str, list[int]]:
        """Those of the minutes, by tenant, that have to be marked."""
        with self._lock:
            found = {tenant: [*{*starts} - self._marked.get(tenant, set())] for tenant, starts in minutes.items()}
        return {tenant: sorted(starts) for tenant, starts in found.items() if starts}

    def marked(self, minutes: Mapping[str, Collection[int]], revision: int) -> None:
        """Minutes were marked under a revision; which tells nothing once a later roll-up has begun."""
        with self._lock:
            if revision > self._rolling:
                for tenant, starts in minutes.items():
                    self._marked.setdefault(tenant, set()).update(starts)

    def rolling(self, tenant: str, starts: Collection[int], revision: int) -> None:
        """Minutes are about to be rolled up under a revision."""
        with self._lock:
            self._rolling = max(self._rolling, revision)
            self._marked.get(tenant, set()).difference_update(starts)

    def forget(self, tenant: str) -> None:
        """Rows of a tenant, and its marks, are deleted."""
        with self._lock:
            self._marked.pop(tenant, None)


def mark_disturbed(engine: Engine, revision: int, minutes: Mapping[str, Collection[int]]) -> None:
    """Note that what is in these minutes, by tenant, has changed before the revision was taken."""
    rows = [(tenant, MINUTE, start, revision, 0) for tenant, starts in minutes.items() for start in starts]
    _insert_marks(engine, rows, f"disturbed/{revision}")


def roll_up(engine: Engine, revision: int, tenant: str, tier: int, starts: Sequence[int]) -> None:
    """Make the rows of the buckets again, and note it."""
    engine.execute(_statement(revision, tenant, tier, starts))
    _mark_rolled(engine, revision, tenant, tier, starts)


def roll_up_minutes(
    engine: Engine, revision: int, tenant: str, starts: Sequence[int], sums: MinuteSums | None, known: Collection[int]
) -> None:
    """The same of minutes, of which those `known` come to `sums`."""
    if rest := [start for start in starts if start not in known]:
        engine.execute(_statement(revision, tenant, MINUTE, rest))
    if sums is not None and len(sums):
        _insert_sums(engine, revision, tenant, sums)
    _mark_rolled(engine, revision, tenant, MINUTE, starts)


def _insert_sums(engine: Engine, revision: int, tenant: str, sums: MinuteSums) -> None:
    size = len(sums)
    columns = [
        native.words("tenant", [tenant], [size]),
        native.numbers("series_id", "UInt64", sums.series_ids),
        native.numbers("bucket", "DateTime('UTC')", (sums.minutes * MINUTE).astype(np.uint32)),
        native.numbers("count", "UInt64", sums.counts),
        native.numbers("sum", "Float64", sums.sums),
        native.numbers("min", "Float64", sums.least),
        native.numbers("max", "Float64", sums.greatest),
        native.numbers("last", "Float64", sums.last),
        native.numbers("revision", "UInt64", np.full(size, revision, np.uint64)),
    ]
    names = ", ".join(column.name for column in columns)
    engine.insert(TABLES[MINUTE], names, native.block(columns, size), f"made/{revision}")


def _mark_rolled(engine: Engine, revision: int, tenant: str, tier: int, starts: Sequence[int]) -> None:
    rows = [(tenant, tier, start, 0, revision) for start in starts]
    if tier != DAY:
        longer = HOUR if tier == MINUTE else DAY
        outdated = sorted({start // longer * longer for start in starts})
        rows += [(tenant, longer, start, revision, 0) for start in outdated]
    _insert_marks(engine, rows, f"rolled/{revision}")


def outdated(engine: Engine) -> list[Bucket]:
    """The buckets disturbed since they were rolled up."""
    return [Bucket(tenant, int(tier), int(start)) for tenant, tier, start in engine.query(_OUTDATED)]


def rolled_up(
    engine: Engine, tenant: str, tier: int, series_ids: Sequence[int], from_second: int, to_second: int
) -> list[RolledUp]:
    """The rows that hold, with what was imported."""
    imported = _imported(engine, tenant, tier, series_ids, from_second, to_second)
    found = {(row.series_id, row.start): row for row in imported}
    newest = tuple(f"argMax({name}, revision)" for name in ("count", "sum", "min", "max", "last"))
    query = TenantQuery(
        tenant,
        TABLES[tier],
        ("series_id", "toUnixTimestamp(bucket)", *newest),
        ("series_id IN {ids:Array(UInt64)}", "bucket >= toDateTime({first:Int64})", "bucket < toDateTime({end:Int64})"),
        {"ids": list(series_ids), "first": from_second, "end": to_second},
        group_by="series_id, bucket",
        order_by="series_id, bucket",
    )
    for row in (RolledUp(*cells) for cells in engine.query(query.statement())):
        earlier = found.get((row.series_id, row.start))
        found[row.series_id, row.start] = row if earlier is None else earlier.followed_by(row)
    return [found[place] for place in sorted(found)]


def _imported(
    engine: Engine, tenant: str, tier: int, series_ids: Sequence[int], from_second: int, to_second: int
) -> Iterator[RolledUp]:
    """Sums of imports, whose rows add up."""
    query = TenantQuery(
        tenant,
        "imported_rollups",
        (
            "series_id",
            "toUnixTimestamp(bucket)",
            "sum(count)",
            "sum(imported_rollups.sum)",
            "min(imported_rollups.min)",
            "max(imported_rollups.max)",
            "max(newest).2",
        ),
        (
            "tier = {tier:UInt32}",
            "series_id IN {ids:Array(UInt64)}",
            "bucket >= toDateTime({first:Int64})",
            "bucket < toDateTime({end:Int64})",
        ),
        {"tier": tier, "ids": list(series_ids), "first": from_second, "end": to_second},
        group_by="series_id, bucket",
    )
    return (RolledUp(*row) for row in engine.query(query.statement()))


def _statement(revision: int, tenant: str, tier: int, starts: Sequence[int]) -> str:
    shorter = {HOUR: TABLES[MINUTE], DAY: TABLES[HOUR]}.get(tier, "")
    select = (_FROM_SHORTER if shorter else _FROM_SAMPLES).format(
        tenant=quoted(tenant),
        tier=tier,
        revision=revision,
        shorter=shorter,
        first=starts[0],
        end=starts[-1] + tier,
        chosen=_chosen(tier, starts),
    )
    return f"{_INTO.format(table=TABLES[tier])} {select} SETTINGS {_SETTINGS}"


def _chosen(tier: int, starts: Sequence[int]) -> str:
    """A condition where there are gaps between the buckets."""
    if len(starts) == (starts[-1] - starts[0]) // tier + 1:
        return ""
    return f" AND toUnixTimestamp(start) IN ({', '.join(map(str, starts))})"


def _insert_marks(engine: Engine, rows: Sequence[tuple[str, int, int, int, int]], token: str) -> None:
    tenants, tiers, starts, disturbed, rolled = zip(*rows, strict=True)
    columns = [
        native.words("tenant", tenants),
        native.numbers("tier", "UInt32", np.array(tiers, np.uint32)),
        native.numbers("bucket", "DateTime('UTC')", np.array(starts, np.uint32)),
        native.numbers("disturbed", "UInt64", np.array(disturbed, np.uint64)),
        native.numbers("rolled", "UInt64", np.array(rolled, np.uint64)),
    ]
    names = ", ".join(column.name for column in columns)
    engine.insert(MARKS, names, native.block(columns, len(rows)), token)
