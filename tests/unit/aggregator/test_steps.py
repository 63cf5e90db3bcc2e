import pytest
from hypothesis import given, strategies as st

from services.aggregator.domain.ranges.steps import MAX_STEPS, steps_of
from services.aggregator.ports.searches import TimeRange
from services.core.errors import InvalidInput

STARTS = st.integers(0, 2_000_000_000_000_000)


@given(STARTS, st.integers(1, 400 * 86_400_000_000))
def test_steps_cover_the_range_and_no_more(start: int, length: int) -> None:
    steps = steps_of(TimeRange(start, start + length), 0)
    step_us = steps.seconds * 1_000_000
    first_us = steps.first_second * 1_000_000
    assert steps.first_second % steps.seconds == 0
    assert first_us <= start < first_us + step_us
    end_us = first_us + steps.count * step_us
    assert end_us - step_us < start + length <= end_us
    assert steps.count <= max(62, length // (86_400 * 1_000_000) + 2)


@pytest.mark.parametrize(("range_us", "seconds"), [(86_400_000_000, 1), (1, 86_401), (MAX_STEPS * 10**6 + 1, 1)])
def test_too_many_steps_are_refused(range_us: int, seconds: int) -> None:
    with pytest.raises(InvalidInput) as error:
        steps_of(TimeRange(0, range_us), seconds)
    assert error.value.violations[0].field == "step_seconds"
