"""When a silence holds, also where clocks are put forward or back.

A recurring one begins at its time of the day by the clock of its zone: where the clock skips that time, as much later
as it skips; where it comes twice, the first time. From then on it holds for so many seconds, whatever the clock does.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from math import ceil, inf
from zoneinfo import ZoneInfo

from services.alerting.ports.silences import Phase, Recurrence, Silence

DAY = 86_400.0
WEEK_DAYS = 7


def phase(silence: Silence, at: float, zone: str = "") -> tuple[Phase, float]:
    """Where a silence is in its life at a time, and when that may change next; `zone` is the tenant's."""
    if silence.end is not None and at >= silence.end:
        return Phase.ENDED, inf
    end = inf if silence.end is None else silence.end
    if at < silence.start:
        return Phase.WAITING, silence.start
    if silence.recurrence is None:
        return Phase.HOLDING, end
    for begins, ends in _times(silence.recurrence, at, silence.recurrence.zone or zone):
        if begins <= at < ends:
            return Phase.HOLDING, min(ends, end)
        if at < begins:
            return Phase.WAITING, min(begins, end)
    return Phase.WAITING, end


def _times(recurrence: Recurrence, at: float, zone: str) -> Iterator[tuple[float, float]]:
    """The times around one, by when they begin: those that may hold then, and the next."""
    clock: tzinfo = ZoneInfo(zone) if zone else UTC
    today = datetime.fromtimestamp(at, clock).date()
    # A day more on either side, for zones whose days are not 24 hours long.
    for number in range(-ceil(recurrence.duration / DAY) - 1, WEEK_DAYS + 2):
        day = today + timedelta(days=number)
        if not recurrence.weekdays or day.isoweekday() in recurrence.weekdays:
            begins = _begin(day, recurrence.since, clock)
            if begins + recurrence.duration > at:
                yield begins, begins + recurrence.duration


def _begin(day: date, minutes: int, clock: tzinfo) -> float:
    return datetime(day.year, day.month, day.day, *divmod(minutes, 60), tzinfo=clock).timestamp()
