"""How busy the made-up world is at an hour of the day."""

import math

_DAY_SECONDS = 86_400.0
_HOUR_SECONDS = 3_600.0


def busyness(time: float) -> float:
    """Share of the average load at `time` (UTC), about 0.5 at night to 1.4 in the evening, never standing still."""
    hour = time % _DAY_SECONDS / _HOUR_SECONDS
    day = 0.55 + 0.64 * _peak(hour, 11.0, 3.0) + 0.8 * _peak(hour, 19.5, 3.0)
    swell = 0.08 * math.sin(2 * math.pi * time / 421.0) + 0.05 * math.sin(2 * math.pi * time / 97.0)
    return day + swell


def _peak(hour: float, centre: float, width: float) -> float:
    distance = min(abs(hour - centre), 24.0 - abs(hour - centre))
    return math.exp(-0.5 * (distance / width) ** 2)
