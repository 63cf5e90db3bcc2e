"""Steps of a range in any time zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from services.aggregator.domain.ranges.zoned_steps import MAX_STEPS, MOST_UNASKED, usual_step, zoned_steps
from services.core.errors import InvalidInput

ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia")
LENGTHS = (60, 300, 900, 3_600, 10_800, 21_600, 86_400, 3 * 86_400)


@given(
    st.integers(1_200_000_000, 1_900_000_000), st.integers(1, 40 * 86_400), st.sampled_from(LENGTHS),
    st.sampled_from(ZONES),
)  # fmt: skip
def test_steps_cover_the_range_and_begin_on_the_marks_of_the_zone(
    first: int, size: int, length: int, zone: str
) -> None:
    if size / length > MAX_STEPS:
        with pytest.raises(InvalidInput):
            zoned_steps(first, first + size, length, ZoneInfo(zone))
        return
    steps = zoned_steps(first, first + size, length, ZoneInfo(zone))
    assert (steps.edges[0], steps.edges[-1]) == (first, first + size)
    assert all(a < b for a, b in zip(steps.edges, steps.edges[1:], strict=False))
    # The day of a change of clocks has an hour more or less.
    assert all(b - a <= length + 3_600 * (length >= 86_400) for a, b in zip(steps.edges, steps.edges[1:], strict=False))
    for edge in steps.edges[1:-1]:
        local = datetime.fromtimestamp(edge, ZoneInfo(zone))
        midnight = local.replace(hour=0, minute=0, second=0, tzinfo=None).replace(tzinfo=ZoneInfo(zone)).timestamp()
        assert (edge - midnight) % length == 0 if length < 86_400 else edge == midnight
        assert edge % steps.stretch == 0
        assert steps.edges[steps.place(edge)] == edge
        assert steps.edges[steps.place(edge - 1)] < edge
    assert steps.place(first - 10) == 0


def test_a_day_of_the_change_of_clocks_has_another_length() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first = int(datetime(2026, 3, 28, tzinfo=berlin).timestamp())
    steps = zoned_steps(first, first + 3 * 86_400, 86_400, berlin)
    assert [b - a for a, b in zip(steps.edges, steps.edges[1:], strict=False)] == [86_400, 82_800, 86_400, 3_600]


@given(st.integers(1, 400 * 86_400))
def test_the_usual_step_gives_no_more_than_three_hundred(size: int) -> None:
    assert size / usual_step(size) <= MOST_UNASKED


@pytest.mark.parametrize("length", [7, 100_000, 86_401])
def test_steps_that_do_not_fit_a_day_are_refused(length: int) -> None:
    with pytest.raises(InvalidInput):
        zoned_steps(0, 1_000_000, length, ZoneInfo("UTC"))
