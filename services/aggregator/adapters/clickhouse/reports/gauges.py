"""Values of metrics, from samples or from their roll-ups."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery, Union
from services.aggregator.adapters.clickhouse.reports.integrations import bucket_of
from services.aggregator.adapters.clickhouse.storing.rollups import TABLES
from services.aggregator.ports.gauges import Gauge, GaugeStretch, ObservedStretch

Known = Mapping[int, tuple[str, Mapping[str, str]]]
# NaN marks the end of a series; it is no value.
_SAMPLES = (
    "series_id IN {ids:Array(UInt64)}",
    "time >= toDateTime64({first:Int64}, 3, 'UTC')",
    "time < toDateTime64({end:Int64}, 3, 'UTC')",
    "NOT isNaN(value)",
)
_BUCKETS = (
    "series_id IN {ids:Array(UInt64)}",
    "bucket >= toDateTime({first:Int64}, 'UTC')",
    "bucket < toDateTime({end:Int64}, 'UTC')",
)


class ClickHouseGauges:
    """See ports/gauges.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def newest(self, tenant: str, names: Sequence[str], first: int, end: int) -> Sequence[Gauge]:
        columns = ("series_id", "toUnixTimestamp64Milli(max(time))", "argMax(value, time)")
        return [
            Gauge(*known, time_ms, value)
            for known, (time_ms, value) in await self._ask(tenant, names, first, end, columns, _samples)
        ]

    async def over_time(
        self, tenant: str, names: Sequence[str], first: int, end: int, stretch: int, tier: int
    ) -> Sequence[GaugeStretch]:
        ask = _samples if tier == 1 else _rolled_up(tier)
        second, figures = ("time", _OF_SAMPLES) if tier == 1 else ("bucket", _OF_BUCKETS)
        start = f"intDiv(toUnixTimestamp({second}), {{stretch:Int64}}) * {{stretch:Int64}}"
        columns = ("series_id", f"{start} AS start", *figures)
        found = await self._ask(tenant, names, first, end, columns, ask, stretch)
        return [GaugeStretch(*known, *cells) for known, cells in found]

    async def observed(self, tenant: str, name: str, first: int, end: int, stretch: int) -> Sequence[ObservedStretch]:
        start = "intDiv(toUnixTimestamp(time), {stretch:Int64}) * {stretch:Int64}"
        histogram = f"sumMap([{bucket_of('value')}], [toUInt64(1)])"
        columns = ("series_id", f"{start} AS start", "count()", "sum(value)", histogram)
        found = await self._ask(tenant, [name], first, end, columns, _samples, stretch)
        return [ObservedStretch(known[1], *cells[:-1], *cells[-1]) for known, cells in found]

    async def _ask(
        self,
        tenant: str,
        names: Sequence[str],
        first: int,
        end: int,
        columns: tuple[str, ...],
        ask: Any,
        stretch: int | None = None,
    ) -> list[tuple[tuple[str, Mapping[str, str]], list[Any]]]:
        """Rows of the series of these names, each with the name and labels of its series."""
        series = await self._series(tenant, names)
        if not series:
            return []
        parameters = {"ids": list(series), "first": first, "end": end, "stretch": stretch or 1}
        groups = "series_id" if stretch is None else "series_id, start"
        rows = await self._reader.rows(ask(tenant, columns, parameters, groups))
        return [(series[identity], cells) for identity, *cells in rows]

    async def _series(self, tenant: str, names: Sequence[str]) -> Known:
        columns = ("id", "any(name)", "any(labels)")
        where = ("name IN {names:Array(String)}",)
        query = TenantQuery(tenant, "series", columns, where, {"names": list(names)}, group_by="id")
        return {identity: (name, labels) for identity, name, labels in await self._reader.rows(query)}


_OF_SAMPLES = ("count()", "sum(value)", "max(value)")
_OF_BUCKETS = ("sum(part.1)", "sum(part.2)", "max(part.3)")


def _samples(tenant: str, columns: tuple[str, ...], parameters: dict[str, Any], groups: str) -> TenantQuery:
    return TenantQuery(tenant, "samples_values", columns, _SAMPLES, parameters, group_by=groups)


def _rolled_up(tier: int) -> Any:
    def ask(tenant: str, columns: tuple[str, ...], parameters: dict[str, Any], groups: str) -> TenantQuery:
        # Of the rows of a bucket the one of the highest revision holds.
        newest = ("series_id", "bucket", "argMax((count, sum, max), revision) AS part")
        made = TenantQuery(tenant, TABLES[tier], newest, _BUCKETS, parameters, group_by="series_id, bucket")
        # What was imported adds up, with itself and with what was rolled up.
        sums = ("series_id", "bucket", "(count, imported_rollups.sum, imported_rollups.max) AS part")
        imported = TenantQuery(tenant, "imported_rollups", sums, (*_BUCKETS, f"tier = {tier}"), parameters)
        return TenantQuery(tenant, Union((made, imported)), columns, (), parameters, group_by=groups)

    return ask
