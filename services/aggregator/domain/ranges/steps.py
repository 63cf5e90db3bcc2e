"""Steps that a range of time is counted by."""

from services.aggregator.domain.ranges.zoned_steps import USUAL_SECONDS
from services.aggregator.ports.searches import Steps, TimeRange
from services.core.errors import InvalidInput

WANTED_STEPS = 60
MAX_STEPS = 2_000
MAX_STEP_SECONDS = 86_400


def steps_of(range_: TimeRange, seconds: int, field: str = "step_seconds") -> Steps:
    """The steps of a range; a round length for about 60 of them when `seconds` is 0.

    Raises InvalidInput for a step over a day, and for over 2,000 steps.
    """
    if seconds > MAX_STEP_SECONDS:
        raise InvalidInput.of(field, f"must be at most {MAX_STEP_SECONDS:,}")
    length = seconds or _round((range_.to_us - range_.from_us) / WANTED_STEPS / 1e6)
    first = range_.from_us // 1_000_000 // length
    last = (range_.to_us - 1) // 1_000_000 // length
    if last - first + 1 > MAX_STEPS:
        raise InvalidInput.of(field, f"must be longer: the range has {last - first + 1:,} steps, {MAX_STEPS:,} at most")
    return Steps(first * length, length, last - first + 1)


def _round(seconds: float) -> int:
    return next((length for length in USUAL_SECONDS if length >= seconds), USUAL_SECONDS[-1])
