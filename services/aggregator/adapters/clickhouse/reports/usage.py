"""What tenants sent, from the rows written with it; how many series, from samples and what is left of them."""

from collections.abc import Mapping
from typing import Any

from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery, TenantTable
from services.aggregator.adapters.clickhouse.storing.usage_rows import COLUMNS
from services.aggregator.ports.usage import Sent

# Days are rolled up soon after they end; samples are kept for a week at least.
RAW_DAYS = 2


class ClickHouseUsage:
    """See ports/usage.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def sent(self, tenant: str, first_day: int, end_day: int) -> Mapping[int, Sent]:
        query = TenantQuery(
            tenant,
            "usage",
            ("toUInt32(day) AS number", *(f"sum({name})" for name in COLUMNS)),
            ("toUInt32(day) >= {first:UInt32}", "toUInt32(day) < {end:UInt32}"),
            {"first": first_day, "end": end_day},
            group_by="number",
        )
        return {int(day): Sent(*map(int, figures)) for day, *figures in await self._reader.rows(query)}

    async def active_series(self, tenant: str, first_day: int, end_day: int, today: int) -> Mapping[int, int]:
        raw_from = max(first_day, min(today - RAW_DAYS + 1, end_day))
        found = await self._series(tenant, "rollup_days", "bucket", first_day, raw_from)
        return {**found, **await self._series(tenant, "samples", "time", raw_from, end_day)}

    async def _series(self, tenant: str, table: TenantTable, time: str, first: int, end: int) -> dict[int, int]:
        if first >= end:
            return {}
        bounds: dict[str, Any] = {"first": first * 86_400, "end": end * 86_400}
        query = TenantQuery(
            tenant,
            table,
            (f"toUInt32(toDate({time}, 'UTC')) AS number", "uniqExact(series_id)"),
            (f"{time} >= toDateTime({{first:Int64}}, 'UTC')", f"{time} < toDateTime({{end:Int64}}, 'UTC')"),
            bounds,
            group_by="number",
        )
        return {int(day): int(series) for day, series in await self._reader.rows(query)}
