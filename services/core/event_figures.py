"""Names of the figures that count events: `events`, `events_by_type`, `events{type=purchase,service=shop}`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Split = Literal["", "type", "service"]
_NAME = re.compile(r"events(?:_by_(type|service))?(?:\{((?:type|service)=.+)\})?")
_SPLITS: Mapping[str | None, Split] = {None: "", "type": "type", "service": "service"}
_CONDITION = re.compile(r",(?=(?:type|service)=)")


@dataclass(frozen=True, slots=True)
class EventFigure:
    """Which events are counted, by `type` and `service`; what they are told apart by: one of these, or nothing."""

    only: Mapping[str, str]
    split: Split


def event_figure(name: str) -> EventFigure | None:
    """What is so named; None where that is nothing of events."""
    read = _NAME.fullmatch(name)
    if read is None:
        return None
    only = dict(one.split("=", 1) for one in _CONDITION.split(read[2] or "") if one)
    return EventFigure(only, _SPLITS[read[1]])
