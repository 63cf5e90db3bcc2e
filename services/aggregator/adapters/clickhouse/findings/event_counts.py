"""Counts of events that match."""

from collections.abc import Sequence

from services.aggregator.adapters.clickhouse.business.event_fields import MICROS, Bindings, all_of, text_of, within
from services.aggregator.adapters.clickhouse.engine.reader import Reader
from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.slices.parts import Part
from services.aggregator.adapters.clickhouse.slices.row_merging import WHOLE, Groups, RowMerging
from services.aggregator.adapters.clickhouse.slices.slices import Sliced
from services.aggregator.ports.event_counts import EventCount, EventCountQuestion


class ClickHouseEventCounts:
    """See ports/event_counts.py. An hour that is counted again and again, while it moves on, is read once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def counts(self, tenant: str, question: EventCountQuestion) -> Sequence[EventCount]:
        def ask(part: Part, place: str) -> TenantQuery:
            return _counted(tenant, question, part, place)

        # The stretch and the fields.
        sliced: Sliced[Groups] = Sliced("events", ask, RowMerging(1 + len(question.by), (WHOLE,)))
        found = await self._reader.slices.answer(tenant, sliced, question.from_ms * 1_000, question.to_ms * 1_000)
        counts = [
            EventCount(tuple(values), question.from_ms if question.stretch_ms is None else int(start), float(events))
            for (start, *values), (events,) in found.items()
        ]
        return sorted(counts, key=lambda one: (one.start_ms, one.values))


def _counted(tenant: str, question: EventCountQuestion, part: Part, place: str) -> TenantQuery:
    bound = Bindings()
    where = (*within(bound, part.start_us, part.end_us), all_of(question.conditions, bound))
    start = "0"
    if question.stretch_ms is not None:
        stretch = bound.whole(question.stretch_ms)
        start = f"intDiv(intDiv({MICROS}, 1000), {stretch}) * {stretch}"
    fields = [f"toString({text_of(field)}) AS field{number}" for number, field in enumerate(question.by)]
    columns = (f"{place.format(MICROS)} AS part", f"{start} AS start", *fields)
    groups = ", ".join(("part", "start", *(f"field{number}" for number in range(len(fields)))))
    return TenantQuery(tenant, "events", (*columns, "count()"), where, bound.values, group_by=groups)
