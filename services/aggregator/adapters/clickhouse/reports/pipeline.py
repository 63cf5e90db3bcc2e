"""The state of the store. What counts everybody's data is told only to who is alone in it."""

import asyncio
from collections.abc import Sequence
from typing import Any, get_args

from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import (
    AboutEngine,
    HasNeighbours,
    TenantQuery,
    TenantTable,
    Union,
    quoted,
)
from services.aggregator.adapters.clickhouse.reports.services import IN_RANGE
from services.aggregator.ports.pipeline import OutdatedRollups, RefusedRow, StoreState, TableState
from services.aggregator.ports.usage import NOT_REFUSED

_VIEWS = ("samples_values",)
TABLES: tuple[TenantTable, ...] = tuple(table for table in get_args(TenantTable) if table not in _VIEWS)


class ClickHousePipeline:
    """See ports/pipeline.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def state(self, tenant: str) -> StoreState:
        [[neighbours]] = await self._reader.rows(HasNeighbours(tenant))
        if neighbours:
            return StoreState(await self._counted(tenant), alone=False)
        tables, [[merges]], [[free]] = await asyncio.gather(
            *(self._reader.rows(about) for about in (AboutEngine.TABLES, AboutEngine.MERGES, AboutEngine.FREE_BYTES))
        )
        found = {table: TableState(table, *figures) for table, *figures in tables}
        known = [found.get(table, TableState(table, 0, 0, 0)) for table in sorted(TABLES)]
        return StoreState(known, alone=True, running_merges=merges, free_bytes=free)

    async def _counted(self, tenant: str) -> list[TableState]:
        counts = tuple(TenantQuery(tenant, table, (f"'{table}' AS name", "count() AS size")) for table in TABLES)
        query = TenantQuery(tenant, Union(counts), ("name", "size"), order_by="name")
        return [TableState(*row) for row in await self._reader.rows(query)]

    async def refused(self, tenant: str, from_us: int, to_us: int, most: int) -> Sequence[RefusedRow]:
        query = TenantQuery(
            tenant,
            "intake_warnings",
            ("kind", "reason", "sum(count) AS points"),
            (*IN_RANGE, f"reason != {quoted(NOT_REFUSED)}"),
            {"from_us": from_us, "to_us": to_us},
            group_by="kind, reason",
            order_by="points DESC, kind, reason",
            limit=most,
        )
        return [RefusedRow(*row) for row in await self._reader.rows(query)]

    async def outdated(self, tenant: str) -> Sequence[OutdatedRollups]:
        marks = TenantQuery(
            tenant,
            "rollup_marks",
            ("tier", "bucket"),
            group_by="tier, bucket",
            having="max(disturbed) > max(rolled)",
        )
        columns = ("tier", "count()", "toUnixTimestamp(min(bucket))")
        query = TenantQuery(tenant, marks, columns, group_by="tier", order_by="tier")
        rows: list[list[Any]] = await self._reader.rows(query)
        return [OutdatedRollups(*row) for row in rows]
