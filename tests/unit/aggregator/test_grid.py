"""Steps cover the range, whatever it is; neighbouring stretches are taken together."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from services.aggregator.domain.series.grid import round_step, runs, stepped
from services.core.errors import InvalidInput

DAY_MS = 86_400_000


@given(st.integers(0, 10**12), st.integers(1, 400 * DAY_MS), st.integers(2, 10_000))
def test_a_round_step_covers_the_range_with_no_more_steps_than_there_is_room_for(
    start: int, length: int, pixels: int
) -> None:
    grid = stepped(start, start + length, round_step(start, start + length, pixels))
    assert grid.count <= pixels
    assert grid.first_ms <= start < grid.first_ms + grid.step_ms
    assert grid.end_ms - grid.step_ms < start + length <= grid.end_ms


@pytest.mark.parametrize(("length", "pixels", "seconds"), [(3_600_000, 300, 15), (DAY_MS, 300, 300), (60_000, 300, 1)])
def test_the_step_is_the_shortest_round_one(length: int, pixels: int, seconds: int) -> None:
    assert round_step(0, length, pixels) == seconds * 1_000


@pytest.mark.parametrize("step", [0, 9, -1])
def test_a_step_too_short_is_refused(step: int) -> None:
    with pytest.raises(InvalidInput, match="step"):
        stepped(0, 1_000, step)


def test_too_many_steps_are_refused() -> None:
    with pytest.raises(InvalidInput, match="50,000"):
        stepped(0, DAY_MS, 1_000)


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 5))
def test_stretches_hold_what_is_chosen(chosen: list[bool], most: int) -> None:
    stretches = runs(np.array(chosen, bool), most)
    inside = {at for first, end in stretches for at in range(first, end)}
    assert {at for at, one in enumerate(chosen) if one} <= inside
    assert len(stretches) <= most
    if len(runs(np.array(chosen, bool), 60)) <= most:
        assert inside == {at for at, one in enumerate(chosen) if one}
