"""Periods that end now, as pages name them."""

from dataclasses import dataclass

from services.aggregator.domain.ranges.ranges import Range
from services.core.errors import InvalidInput

MINUTE = 60
HOUR = 3_600
DAY = 24 * HOUR
# Seconds of the period and of its steps: few enough that many figures are still a short answer.
LENGTHS = {"1h": (HOUR, 120), "24h": (DAY, 1_800), "7d": (7 * DAY, 6 * HOUR), "30d": (30 * DAY, DAY)}
USUAL = "24h"


@dataclass(frozen=True, slots=True)
class NamedPeriod:
    """A period by its name: whole seconds, and the length of its steps."""

    name: str
    range: Range
    step_seconds: int


def named_period(name: str, now: float) -> NamedPeriod:
    """The period of that name up to `now` (Unix seconds), from a whole minute on; the usual one for an empty name.

    Raises InvalidInput.
    """
    chosen = name or USUAL
    if chosen not in LENGTHS:
        raise InvalidInput.of("period", f"must be one of {', '.join(LENGTHS)}")
    seconds, step = LENGTHS[chosen]
    end = int(now) + 1
    return NamedPeriod(chosen, Range((end - seconds) // MINUTE * MINUTE, end), step)
