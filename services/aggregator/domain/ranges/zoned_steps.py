"""Steps of a range: where each begins, whatever the time zone."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from zoneinfo import ZoneInfo

from services.core.errors import InvalidInput

DAY = 86_400
MAX_STEPS = 1_500
MOST_UNASKED = 300
USUAL_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, DAY)


@dataclass(frozen=True, slots=True)
class ZonedSteps:
    """Steps of `seconds` each; step `i` is `[edges[i], edges[i + 1])`, in seconds since the Unix epoch.

    The first and the last are cut off at the ends of the range.
    """

    seconds: int
    edges: Sequence[int]

    def __len__(self) -> int:
        return len(self.edges) - 1

    @property
    def stretch(self) -> int:
        """The longest stretch, counted from the epoch, whose multiples hold every inner edge."""
        return reduce(math.gcd, self.edges[1:-1], self.seconds)

    def place(self, second: int) -> int:
        """The step that a second, or a stretch that begins with it, belongs to."""
        return min(max(bisect_right(self.edges, second) - 1, 0), len(self) - 1)


def zoned_steps(from_second: int, to_second: int, seconds: int, zone: ZoneInfo) -> ZonedSteps:
    """The steps of a range, counted from each midnight in `zone`; with 0 `seconds` up to 300 of a usual length.

    Raises InvalidInput for a length that neither divides a day nor is whole days, and for more than 1,500 steps.
    """
    length = seconds or usual_step(to_second - from_second)
    if DAY % length and length % DAY:
        raise InvalidInput.of("step_seconds", "must be a divisor of 86,400, or a multiple of it")
    if (to_second - from_second) / length > MAX_STEPS:
        raise InvalidInput.of("step_seconds", f"must give at most {MAX_STEPS:,} steps: ask for longer ones")
    marks = sorted(set(_marks(from_second, to_second, length, zone)))
    inner = [edge for edge in marks if from_second < edge < to_second]
    return ZonedSteps(length, [from_second, *inner, to_second])


def usual_step(range_seconds: int) -> int:
    """The shortest usual step that gives at most 300 of them."""
    for length in USUAL_SECONDS:
        if length * MOST_UNASKED >= range_seconds:
            return length
    return DAY * math.ceil(range_seconds / DAY / MOST_UNASKED)


def _marks(from_second: int, to_second: int, length: int, zone: ZoneInfo) -> list[int]:
    """Where steps begin, from the midnight before the range on."""
    day = datetime.fromtimestamp(from_second, zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    marks: list[int] = []
    days = max(1, length // DAY)
    while (midnight := _second(day, zone)) < to_second:
        following = day + timedelta(days=days)
        # A day may have 23 or 25 hours: the steps of each begin anew.
        marks += [midnight] if length >= DAY else range(midnight, _second(following, zone), length)
        day = following
    return marks


def _second(local: datetime, zone: ZoneInfo) -> int:
    return int(local.replace(tzinfo=zone).timestamp())
