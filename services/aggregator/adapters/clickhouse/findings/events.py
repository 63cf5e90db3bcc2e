"""Answers questions about events."""

from collections.abc import Sequence

from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.findings.conditions import NEWEST_FIRST, OLDEST_FIRST, Conditions
from services.aggregator.adapters.clickhouse.findings.counts import counts_of, step_of
from services.aggregator.adapters.clickhouse.findings.reading import EVENT_COLUMNS, event
from services.aggregator.ports.events import EventSplit
from services.aggregator.ports.searches import Counts, Cursor, EventSearch, Steps
from services.aggregator.ports.store import StoredEvent

LISTED = 20
OTHER = "other"


def event_conditions(search: EventSearch) -> Conditions:
    """A search as conditions on the table `events`."""
    found = Conditions()
    found.within(search.range)
    found.any_of("type", search.types)
    found.any_of("service", search.services)
    found.any_of("user_id", search.user_ids)
    found.any_of("session_id", search.session_ids)
    found.text("data", search.text)
    found.attributes("data", search.attributes)
    return found


class ClickHouseEvents:
    """See ports/events.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def page(
        self, tenant: str, search: EventSearch, limit: int, cursor: Cursor | None = None
    ) -> Sequence[StoredEvent]:
        found = event_conditions(search)
        found.beside(cursor)
        newer = cursor is not None and cursor.newer
        order = OLDEST_FIRST if newer else NEWEST_FIRST
        query = TenantQuery(tenant, "events", EVENT_COLUMNS, found.where, found.parameters, order_by=order, limit=limit)
        rows = [event(row) for row in await self._reader.rows(query)]
        return rows[::-1] if newer else rows

    async def count(self, tenant: str, search: EventSearch) -> int:
        found = event_conditions(search)
        [[count]] = await self._reader.rows(TenantQuery(tenant, "events", ("count()",), found.where, found.parameters))
        return int(count)

    async def over_time(self, tenant: str, search: EventSearch, steps: Steps, split: EventSplit) -> Sequence[Counts]:
        found = event_conditions(search)
        name = "''"
        if split:
            listed = found.value(await self._most_frequent(tenant, search, split), "Array(String)")
            name = f"if({split} IN {listed}, toString({split}), '{OTHER}')"
        columns = (f"{name} AS name", f"{step_of(steps)} AS step", "count()")
        query = TenantQuery(tenant, "events", columns, found.where, found.parameters, group_by="name, step")
        return counts_of(await self._reader.rows(query), steps)

    async def _most_frequent(self, tenant: str, search: EventSearch, split: EventSplit) -> list[str]:
        found = event_conditions(search)
        query = TenantQuery(
            tenant, "events", (split,), found.where, found.parameters,
            group_by=split, order_by=f"count() DESC, {split}", limit=LISTED,
        )  # fmt: skip
        return [name for [name] in await self._reader.rows(query)]
