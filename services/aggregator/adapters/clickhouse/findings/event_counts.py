"""Counts of events that match."""

from collections.abc import Sequence

from services.aggregator.adapters.clickhouse.business.event_fields import MICROS, Bindings, all_of, text_of, within
from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.ports.event_counts import EventCount, EventCountQuestion


class ClickHouseEventCounts:
    """See ports/event_counts.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def counts(self, tenant: str, question: EventCountQuestion) -> Sequence[EventCount]:
        bound = Bindings()
        where = (*within(bound, question.from_ms * 1_000, question.to_ms * 1_000), all_of(question.conditions, bound))
        start = bound.whole(question.from_ms)
        if question.stretch_ms is not None:
            stretch = bound.whole(question.stretch_ms)
            start = f"intDiv(intDiv({MICROS}, 1000), {stretch}) * {stretch}"
        fields = [f"toString({text_of(field)}) AS field{place}" for place, field in enumerate(question.by)]
        groups = ", ".join(["start", *(f"field{place}" for place in range(len(fields)))])
        columns = (f"{start} AS start", *fields, "count()")
        query = TenantQuery(tenant, "events", columns, where, bound.values, group_by=groups, order_by=groups)
        return [
            EventCount(tuple(values), int(start_ms), float(events))
            for start_ms, *values, events in await self._reader.rows(query)
        ]
