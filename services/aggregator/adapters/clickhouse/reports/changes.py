"""Changes: the events that mark one."""

from collections.abc import Sequence
from typing import Any

from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.findings.reading import EVENT_COLUMNS, event
from services.aggregator.adapters.clickhouse.newest.filters import change_filter
from services.aggregator.adapters.clickhouse.newest.newest_rows import place_before
from services.aggregator.adapters.clickhouse.reports.services import DEPLOYED, IN_RANGE
from services.aggregator.ports.changes import ChangeFilter
from services.aggregator.ports.searches import Cursor
from services.aggregator.ports.store import EventPosition, StoredEvent

_PLACE = "(toUnixTimestamp64Micro(time), journal_id, offset, row)"
_BEFORE = f"{_PLACE} < ({{us:Int64}}, {{journal:String}}, {{offset:UInt64}}, {{row:UInt32}})"


class ClickHouseChanges:
    """See ports/changes.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def changes(
        self, tenant: str, matching: ChangeFilter, limit: int, before: EventPosition | None
    ) -> Sequence[StoredEvent]:
        matches = change_filter(matching)
        if matches is not None:
            end = place_before(matching.to_us, None if before is None else Cursor(before))
            known = await self._reader.newest_changes.page(tenant, matches, matching.from_us, end, limit)
            if known is not None:
                return known
        to_us = matching.to_us if before is None else min(matching.to_us, before[0] + 1)
        parameters: dict[str, Any] = {"from_us": matching.from_us, "to_us": to_us, "kinds": list(matching.kinds)}
        where = [*IN_RANGE, "type IN {kinds:Array(String)}"]
        if matching.service:
            where.append(f"{DEPLOYED} = {{service:String}}")
            parameters["service"] = matching.service
        if before is not None:
            where.append(_BEFORE)
            parameters |= dict(zip(("us", "journal", "offset", "row"), before, strict=True))
        order = "time DESC, journal_id DESC, offset DESC, row DESC"
        query = TenantQuery(tenant, "events", EVENT_COLUMNS, tuple(where), parameters, order_by=order, limit=limit)
        return [event(row) for row in await self._reader.rows(query)]
