"""How many events there were: all of them, or those of a type or a service, which stand in the name of the figure."""

from services.aggregator.domain.figures.counting import counting
from services.aggregator.domain.figures.figures import Asked, Figure
from services.aggregator.ports.events import Events
from services.aggregator.ports.searches import EventSearch
from services.core.event_figures import event_figure

UNIT = "events"


class EventFigures:
    """`events`, `events_by_type` and `events_by_service`; `events{type=purchase,service=shop}` are some of them."""

    def __init__(self, events: Events) -> None:
        self._events = events

    async def over_time(self, asked: Asked, name: str) -> Figure | None:
        """Of what is so named; None where that is nothing of events. Raises what Events raises."""
        wanted = event_figure(name)
        if wanted is None:
            return None
        by, split = counting(asked), wanted.split
        types, services = _only(wanted.only.get("type")), _only(wanted.only.get("service"))
        search = EventSearch(by.within, types=types, services=services)
        found = await self._events.over_time(asked.tenant, search, by.steps, split)
        if split:
            return Figure(UNIT, [by.series(one.counts, **{split: one.name}) for one in found])
        return Figure(UNIT, [by.series(found[0].counts if found else [0] * by.steps.count)])


def _only(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)
