"""Figures as people read them."""

import math

import pytest
from hypothesis import given, strategies as st

from services.core.figure_texts import exact_text, figure_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (83.33333333, "83.3"),
        (99.8733, "99.9"),
        (5.0, "5"),
        (0.0, "0"),
        (-0.012345, "-0.0123"),
        (999.96, "1,000"),
        (1234.567, "1,235"),
        (1_073_741_824.0, "1,073,741,824"),
        (0.1 + 0.2, "0.3"),
        (math.inf, "inf"),
    ],
)
def test_three_digits_count_and_whole_numbers_are_whole(value: float, text: str) -> None:
    assert figure_text(value) == text


@pytest.mark.parametrize(
    ("value", "beside", "text"),
    [
        (95.02, 95.0, "95.02"),
        (95.0, 95.0, "95"),
        (94.9996, 95.0, "94.9996"),
        (95.04, 95.03, "95.04"),
        (83.33, 80.0, "83.3"),
    ],
)
def test_a_figure_is_told_apart_from_the_one_beside_it(value: float, beside: float, text: str) -> None:
    assert figure_text(value, beside) == text


@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12).map(lambda one: float(f"{one:.6g}")))
def test_a_figure_is_never_told_on_the_other_side(value: float, beside: float) -> None:
    told = float(figure_text(value, beside).replace(",", ""))
    assert told == pytest.approx(value, rel=5e-3)
    assert told >= beside if value > beside else told <= beside


def test_what_a_person_gave_is_told_as_it_was() -> None:
    assert [exact_text(one) for one in (80.0, 99.95, 1e6, 0.001)] == ["80", "99.95", "1,000,000", "0.001"]
