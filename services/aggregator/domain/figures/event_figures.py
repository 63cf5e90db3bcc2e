"""How many events there were: all of them, or those of a type or a service, which stand in the name of the figure."""

import re

from services.aggregator.domain.figures.counting import counting
from services.aggregator.domain.figures.figures import Asked, Figure
from services.aggregator.ports.events import Events, EventSplit
from services.aggregator.ports.searches import EventSearch

UNIT = "events"
_NAME = re.compile(r"events(?:_by_(type|service))?(?:\{((?:type|service)=.+)\})?")
_CONDITION = re.compile(r",(?=(?:type|service)=)")
_SPLITS: dict[str | None, EventSplit] = {None: "", "type": "type", "service": "service"}


class EventFigures:
    """`events`, `events_by_type` and `events_by_service`; `events{type=purchase,service=shop}` are some of them."""

    def __init__(self, events: Events) -> None:
        self._events = events

    async def over_time(self, asked: Asked, name: str) -> Figure | None:
        """Of what is so named; None where that is nothing of events. Raises what Events raises."""
        read = _NAME.fullmatch(name)
        if read is None:
            return None
        split = _SPLITS[read[1]]
        wanted = dict(one.split("=", 1) for one in _CONDITION.split(read[2] or "") if one)
        by = counting(asked)
        search = EventSearch(by.within, types=_only(wanted.get("type")), services=_only(wanted.get("service")))
        found = await self._events.over_time(asked.tenant, search, by.steps, split)
        if split:
            return Figure(UNIT, [by.series(one.counts, **{split: one.name}) for one in found])
        return Figure(UNIT, [by.series(found[0].counts if found else [0] * by.steps.count)])


def _only(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)
