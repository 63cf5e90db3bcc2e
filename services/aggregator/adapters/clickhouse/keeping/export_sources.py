"""What exports read: each source tells how many rows there are, and gives them in pages by ranges of its key."""

import abc
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from services.aggregator.adapters.clickhouse.engine.reader import Bounds, Reader
from services.aggregator.adapters.clickhouse.engine.statements import Join, TenantQuery, TenantTable, Union
from services.aggregator.adapters.clickhouse.series.matching import expressions_of, series_ids
from services.aggregator.ports.exports import Bucket, SampleSearch, SumSearch
from services.aggregator.ports.rollups import DAY, HOUR, MINUTE

COUNT_BOUNDS = Bounds(seconds=30.0, result_rows=5_000_000)
SERIES_AT_ONCE = 2_000
_TIERS: Mapping[Bucket, tuple[int, TenantTable]] = {
    "minutes": (MINUTE, "rollup_minutes"),
    "hours": (HOUR, "rollup_hours"),
    "days": (DAY, "rollup_days"),
}
Key = tuple[Any, ...]


class ExportSource(Protocol):
    """Rows of one table in the order of its key, whose parts are the columns `k0`, `k1` and so on of a page."""

    key_parts: int

    async def count(self, reader: Reader) -> int:
        """Rows there are, which also fixes what is read; once, before anything else."""
        ...

    def stretches(self) -> AsyncIterator[Any]:
        """What is read after each other, as `page` takes it."""
        ...

    def page(self, stretch: Any, after: Key | None, limit: int) -> TenantQuery:
        """The rows of a stretch after a key: `limit` of them, and those that share the last one's key."""
        ...


@dataclass(frozen=True, slots=True)
class KeyPart:
    """A part of a key: how SQL reads it, its type, and the column it orders by."""

    sql: str
    kind: str
    column: str


_PLACE = (
    KeyPart("journal_id", "String", "journal_id"),
    KeyPart("offset", "UInt64", "offset"),
    KeyPart("row", "UInt32", "row"),
)
BY_TIME = (KeyPart("toUnixTimestamp64Micro(time)", "Int64", "time"), *_PLACE)
BY_SERVICE = (KeyPart("service", "String", "service"), *BY_TIME)
BY_SERVICE_NANO = (
    KeyPart("service", "String", "service"),
    KeyPart("toUnixTimestamp64Nano(time)", "Int64", "time"),
    *_PLACE,
)


def _after(parts: Sequence[KeyPart], key: Key | None, parameters: dict[str, Any]) -> tuple[str, ...]:
    """The condition that rows come after a key; the first part alone finds the place in the index."""
    if key is None:
        return ()
    parameters |= {f"after{place}": value for place, value in enumerate(key)}
    told = ", ".join(f"{{after{place}:{part.kind}}}" for place, part in enumerate(parts))
    first = "{after0:" + parts[0].kind + "}"
    if parts[0].sql != parts[0].column:
        first = f"fromUnixTimestamp64Micro({first})"
    return (f"{parts[0].column} >= {first}", f"({', '.join(part.sql for part in parts)}) > ({told})")


class PlacedRows:
    """Rows that tell the place of their record: those of records committed when they were counted."""

    def __init__(
        self,
        tenant: str,
        table: TenantTable,
        columns: Sequence[str],
        keys: Sequence[KeyPart],
        where: Sequence[str],
        parameters: Mapping[str, Any],
    ) -> None:
        self._tenant = tenant
        self._table = table
        self._columns = columns
        self._keys = keys
        self._where = tuple(where)
        self._parameters = dict(parameters)
        self._reach: dict[str, int] = {}
        self.key_parts = len(keys)

    async def count(self, reader: Reader) -> int:
        query = TenantQuery(
            self._tenant,
            self._table,
            ("journal_id", "max(offset)", "count()"),
            self._where,
            self._parameters,
            group_by="journal_id",
            committed=True,
        )
        rows = await reader.rows(query, COUNT_BOUNDS)
        self._reach = {journal_id: offset for journal_id, offset, _count in rows}
        return sum(count for _journal_id, _offset, count in rows)

    async def stretches(self) -> AsyncIterator[None]:
        yield None

    def page(self, stretch: None, after: Key | None, limit: int) -> TenantQuery:
        parameters = {
            **self._parameters,
            "journals": list(self._reach),
            "reached": list(self._reach.values()),
        }
        within = "has({journals:Array(String)}, journal_id)"
        reached = "offset <= {reached:Array(UInt64)}[indexOf({journals:Array(String)}, journal_id)]"
        where = (*self._where, within, reached, *_after(self._keys, after, parameters))
        keys = [f"{part.sql} AS k{place}" for place, part in enumerate(self._keys)]
        return TenantQuery(
            self._tenant,
            self._table,
            (*self._columns, *keys),
            where,
            parameters,
            order_by=", ".join(part.column for part in self._keys),
            limit_by=f"{limit} WITH TIES",
        )


class _SeriesRows(abc.ABC):
    """Rows of series, some series at a time."""

    key_parts = 2

    def __init__(self, tenant: str, search: SampleSearch | SumSearch) -> None:
        self._tenant = tenant
        self._search = search
        self._rows: list[tuple[int, int]] = []

    async def count(self, reader: Reader) -> int:
        joins: tuple[Join, ...] = ()
        if self._search.matchers:
            joins = (Join("INNER", series_ids(self._tenant, self._search.matchers), "series_id"),)
        query = TenantQuery(
            self._tenant,
            Union(self._parts(("series_id",))),
            ("series_id", "count()"),
            group_by="series_id",
            order_by="series_id",
            joins=joins,
        )
        with expressions_of("match"):
            self._rows = [(series, count) for series, count in await reader.rows(query, COUNT_BOUNDS)]
        return sum(count for _series, count in self._rows)

    async def stretches(self) -> AsyncIterator[list[int]]:
        ids = [series for series, _count in self._rows]
        for start in range(0, len(ids), SERIES_AT_ONCE):
            yield ids[start : start + SERIES_AT_ONCE]

    @abc.abstractmethod
    def _parts(self, columns: tuple[str, ...]) -> tuple[TenantQuery, ...]:
        """The rows that are counted, one for each that is exported."""

    def _named(self, rows: TenantQuery, ids: list[int], columns: tuple[str, ...]) -> TenantQuery:
        described = TenantQuery(
            self._tenant,
            "series",
            ("id AS series_id", "anyLast(name) AS metric", "toJSONString(anyLast(labels)) AS labels"),
            ("id IN {ids:Array(UInt64)}",),
            {"ids": ids},
            group_by="id",
        )
        return TenantQuery(
            self._tenant,
            rows,
            (*columns, "metric", "labels", "k0", "k1"),
            joins=(Join("ANY LEFT", described, "series_id"),),
            order_by="k0, k1",
        )


def _within(column: str, search: SampleSearch | SumSearch) -> tuple[str, str]:
    # Whole numbers of ours: no text of a caller is in them.
    first, end = int(search.range.from_us), int(search.range.to_us)
    return (
        f"{column} >= fromUnixTimestamp64Micro(toInt64({first}))",
        f"{column} < fromUnixTimestamp64Micro(toInt64({end}))",
    )


_AFTER_SERIES = "(series_id, {time}) > ({{after0:UInt64}}, {{after1:Int64}})"


class SampleRows(_SeriesRows):
    """Samples; the marks that end series are left out."""

    def _parts(self, columns: tuple[str, ...]) -> tuple[TenantQuery, ...]:
        wanted = (*_within("time", self._search), "NOT isNaN(value)")
        return (TenantQuery(self._tenant, "samples_values", columns, wanted),)

    def page(self, stretch: list[int], after: Key | None, limit: int) -> TenantQuery:
        parameters: dict[str, Any] = {"ids": stretch}
        where: tuple[str, ...] = (
            "series_id IN {ids:Array(UInt64)}",
            *_within("time", self._search),
            "NOT isNaN(value)",
        )
        if after is not None:
            where += ("series_id >= {after0:UInt64}", _AFTER_SERIES.format(time="toUnixTimestamp64Milli(time)"))
            parameters |= {"after0": after[0], "after1": after[1]}
        rows = TenantQuery(
            self._tenant,
            "samples_values",
            ("time", "series_id", "value", "series_id AS k0", "toUnixTimestamp64Milli(time) AS k1"),
            where,
            parameters,
            order_by="series_id, time",
            limit_by=f"{limit} WITH TIES",
        )
        return self._named(rows, stretch, ("time", "series_id", "value"))


class SumRows(_SeriesRows):
    """Sums of samples, with those that were imported."""

    _search: SumSearch

    def _parts(self, columns: tuple[str, ...]) -> tuple[TenantQuery, ...]:
        tier, table = _TIERS[self._search.bucket]
        within = _within("bucket", self._search)
        return (
            TenantQuery(self._tenant, table, columns, within, final=True),
            TenantQuery(self._tenant, "imported_rollups", columns, (*within, f"tier = {int(tier)}")),
        )

    def page(self, stretch: list[int], after: Key | None, limit: int) -> TenantQuery:
        tier, table = _TIERS[self._search.bucket]
        parameters: dict[str, Any] = {"ids": stretch}
        where: tuple[str, ...] = ("series_id IN {ids:Array(UInt64)}", *_within("bucket", self._search))
        if after is not None:
            where += ("series_id >= {after0:UInt64}", _AFTER_SERIES.format(time="toInt64(toUnixTimestamp(bucket))"))
            parameters |= {"after0": after[0], "after1": after[1]}
        made = TenantQuery(
            self._tenant,
            table,
            ("series_id", "bucket", "count AS n", "sum AS s", "min AS l", "max AS g", "(1, last) AS e"),
            where,
            parameters,
            final=True,
            order_by="series_id, bucket",
            limit=limit,
        )
        imported = TenantQuery(
            self._tenant,
            "imported_rollups",
            ("series_id", "bucket", "count AS n", "sum AS s", "min AS l", "max AS g", "(0, newest.2) AS e"),
            (*where, f"tier = {int(tier)}"),
            parameters,
        )
        columns = (
            "series_id",
            "bucket AS start",
            "sum(n) AS count",
            "sum(s) AS total",
            "min(l) AS least",
            "max(g) AS greatest",
            "max(e).2 AS newest",
            "series_id AS k0",
            "toInt64(toUnixTimestamp(bucket)) AS k1",
        )
        rows = TenantQuery(
            self._tenant,
            Union((made, imported)),
            columns,
            group_by="series_id, bucket",
            order_by="series_id, bucket",
            limit_by=f"{limit} WITH TIES",
        )
        return self._named(rows, stretch, ("start", "series_id", "count", "total", "least", "greatest", "newest"))
