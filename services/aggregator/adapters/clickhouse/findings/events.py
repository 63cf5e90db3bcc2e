"""Answers questions about events."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.findings.conditions import NEWEST_FIRST, OLDEST_FIRST, Conditions
from services.aggregator.adapters.clickhouse.findings.counts import counts_of
from services.aggregator.adapters.clickhouse.findings.reading import EVENT_COLUMNS, event
from services.aggregator.adapters.clickhouse.newest.filters import event_search_filter
from services.aggregator.adapters.clickhouse.newest.newest_rows import place_before
from services.aggregator.adapters.clickhouse.slices.parts import Part
from services.aggregator.adapters.clickhouse.slices.row_merging import WHOLE, Groups, RowMerging
from services.aggregator.adapters.clickhouse.slices.slices import Sliced
from services.aggregator.adapters.clickhouse.slices.steps import stretch_column
from services.aggregator.ports.events import EventSplit
from services.aggregator.ports.searches import Counts, Cursor, EventSearch, Steps, TimeRange
from services.aggregator.ports.store import StoredEvent
from services.core.conventions import NOTIFICATION_EVENT

LISTED = 20
DAY = 86_400
_COUNTED = RowMerging(2, (WHOLE,))
OTHER = "other"
_NOTIFICATIONS = {NOTIFICATION_EVENT}


def event_conditions(search: EventSearch) -> Conditions:
    """A search as conditions on the table `events`."""
    found = Conditions()
    found.within(search.range)
    found.any_of("type", search.types)
    found.none_of("type", search.without_types)
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
        matches = event_search_filter(search)
        if matches is not None and not (cursor and cursor.newer):
            before = place_before(search.range.to_us, cursor)
            reader = self._reader
            newest = reader.newest_notifications if set(search.types) == _NOTIFICATIONS else reader.newest_events
            known = await newest.page(tenant, matches, search.range.from_us, before, limit)
            if known is not None:
                return known
        found = event_conditions(search)
        found.beside(cursor)
        newer = cursor is not None and cursor.newer
        order = OLDEST_FIRST if newer else NEWEST_FIRST
        query = TenantQuery(tenant, "events", EVENT_COLUMNS, found.where, found.parameters, order_by=order, limit=limit)
        rows = [event(row) for row in await self._reader.rows(query)]
        return rows[::-1] if newer else rows

    async def count(self, tenant: str, search: EventSearch) -> int:
        found = await self._counted(tenant, search, "", DAY)
        return sum(count for (count,) in found.values())

    async def over_time(self, tenant: str, search: EventSearch, steps: Steps, split: EventSplit) -> Sequence[Counts]:
        found = await self._counted(tenant, search, split, steps.seconds)
        sums: Counter[str] = Counter()
        for (name, _start), (count,) in found.items():
            sums[name] += count
        listed = sorted(sums, key=lambda name: (-sums[name], name))[:LISTED]
        rows = [
            [name if name in listed else OTHER, (start - steps.first_second) // steps.seconds, count]
            for (name, start), (count,) in found.items()
        ]
        return counts_of(rows, steps)

    async def _counted(self, tenant: str, search: EventSearch, split: EventSplit, seconds: int) -> Groups:
        """How many events match, by what they are split by and the start of the step."""

        def ask(part: Part, place: str) -> TenantQuery:
            micros = "toUnixTimestamp64Micro(time)"
            conditions = event_conditions(replace(search, range=TimeRange(part.start_us, part.end_us)))
            name = f"toString({split})" if split else "''"
            columns = (
                f"{place.format(micros)} AS part",
                f"{name} AS name",
                f"{stretch_column(micros, seconds)} AS start",
            )
            return TenantQuery(
                tenant, "events", (*columns, "count()"), conditions.where, conditions.parameters,
                group_by="part, name, start",
            )  # fmt: skip

        question: Sliced[Groups] = Sliced("events", ask, _COUNTED)
        return await self._reader.slices.answer(tenant, question, search.range.from_us, search.range.to_us)
