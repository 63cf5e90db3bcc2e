"""When rules are judged: parts of the week, by the clocks of a time zone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from services.alerting.ports.rules import ActiveTime

_zone = lru_cache(maxsize=256)(ZoneInfo)


def is_active(times: Sequence[ActiveTime], at: float) -> bool:
    """Whether a moment is within any of the times; always, where there are none."""
    return not times or any(_is_within(time, at) for time in times)


def _is_within(time: ActiveTime, at: float) -> bool:
    local = datetime.fromtimestamp(at, _zone(time.zone or "UTC"))
    minute = local.hour * 60 + local.minute
    if time.since < time.until:
        return time.since <= minute < time.until and _is_on(time, local)
    # It ends on the day after the one it began on.
    if minute >= time.since:
        return _is_on(time, local)
    return minute < time.until and _is_on(time, local - timedelta(days=1))


def _is_on(time: ActiveTime, day: datetime) -> bool:
    return not time.weekdays or day.isoweekday() in time.weekdays
