"""A week by the hour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from services.aggregator.ports.audience import HourCounts

WEEKDAYS, HOURS = 7, 24


@dataclass(frozen=True, slots=True)
class PeakHour:
    """One hour of the week, over all its occurrences; `weekday` is 1 on Mondays, `users` a sum over occurrences."""

    weekday: int
    hour: int
    occurrences: int = 0
    requests: float = 0.0
    events: int = 0
    users: int = 0

    def average(self, figure: float) -> float:
        """A figure of one occurrence on average."""
        return figure / self.occurrences if self.occurrences else 0.0


def peak_hours(starts: Sequence[int], found: Mapping[int, HourCounts], zone: ZoneInfo) -> list[PeakHour]:
    """All hours of a week from Monday 0 h on. An hour that a change of the clock repeats counts as one occurrence."""
    week = {(day, hour): PeakHour(day, hour) for day in range(1, WEEKDAYS + 1) for hour in range(HOURS)}
    seen: set[tuple[str, int]] = set()
    for start in starts:
        local = datetime.fromtimestamp(start, zone)
        place = local.isoweekday(), local.hour
        former, told = week[place], found.get(start, HourCounts())
        occurrence = (local.date().isoformat(), local.hour)
        week[place] = PeakHour(
            *place,
            former.occurrences + (occurrence not in seen),
            former.requests + told.requests,
            former.events + told.events,
            former.users + told.users,
        )
        seen.add(occurrence)
    return list(week.values())
