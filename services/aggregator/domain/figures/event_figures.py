"""How many events there were: all of them, or those of a type or a service, which stand in the name of the figure."""

import re

from services.aggregator.domain.figures.figures import Asked, Figure, counted
from services.aggregator.domain.ranges.steps import steps_of
from services.aggregator.ports.events import Events, EventSplit
from services.aggregator.ports.searches import Counts, EventSearch, TimeRange

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
        within = TimeRange(asked.range.first_us, asked.range.end_us)
        steps = steps_of(within, asked.steps.seconds)
        starts = [max(asked.range.first, steps.first_second + place * steps.seconds) for place in range(steps.count)]
        search = EventSearch(within, types=_only(wanted.get("type")), services=_only(wanted.get("service")))
        found = await self._events.over_time(asked.tenant, search, steps, split)
        if not split and not found:
            found = [Counts("", [0] * steps.count)]
        return Figure(
            UNIT,
            [
                counted(list(zip(starts, map(float, one.counts), strict=True)), **({split: one.name} if split else {}))
                for one in found
            ],
        )


def _only(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)
