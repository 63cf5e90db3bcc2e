"""Times of the week, from messages and back."""

import re
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from services.runtime.faults import Faults

_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def weekdays(faults: Faults, field: str, given: Sequence[int]) -> tuple[int, ...]:
    """Days of the week, 1 to 7."""
    right = all(1 <= day <= 7 for day in given) and len(set(given)) == len(given)
    faults.require(right, field, "must be different days from 1, Monday, to 7, Sunday")
    return tuple(sorted(given))


def minutes_of_day(faults: Faults, field: str, given: str) -> int:
    """Minutes since midnight of a time such as `09:30`; 0 of an empty one."""
    found = _TIME_OF_DAY.fullmatch(given or "00:00")
    faults.require(found is not None, field, "must be a time of the day from 00:00 to 23:59")
    return int(found[1]) * 60 + int(found[2]) if found else 0


def time_of_day(minutes: int) -> str:
    """Minutes since midnight as `09:30`."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def zone(faults: Faults, field: str, given: str) -> str:
    """The name of a time zone, or nothing."""
    try:
        right = not given or ZoneInfo(given) is not None
    except (KeyError, ValueError, OSError):
        right = False
    faults.require(right, field, "must be a zone of the IANA database, such as Europe/Berlin")
    return given
