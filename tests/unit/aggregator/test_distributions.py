"""Quantiles of buckets, against the definition."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from services.aggregator.domain.series.distributions import quantile

INF = math.inf


def plain(lowers: list[float], uppers: list[float], counts: list[float], share: float) -> float:
    """By bisection: the value below which the share of the evenly spread counts lies."""

    def below(value: float) -> float:
        return sum(
            n * min(max((value - low) / (high - low), 0.0), 1.0)
            for low, high, n in zip(lowers, uppers, counts, strict=True)
        )

    low, high = min(lowers), max(uppers)
    wanted = share * sum(counts)
    for _halving in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) < wanted else (low, middle)
    return high


buckets = st.lists(
    st.tuples(st.integers(0, 20), st.integers(1, 10), st.integers(1, 50)).map(
        lambda one: (float(one[0]), float(one[0] + one[1]), float(one[2]))
    ),
    min_size=1,
    max_size=8,
)


@given(buckets, st.sampled_from([0.01, 0.25, 0.5, 0.9, 0.99]))
@settings(max_examples=150)
def test_a_quantile_of_buckets_that_overlap_is_that_of_their_sum(
    rows: list[tuple[float, float, float]], share: float
) -> None:
    lowers, uppers, counts = (list(column) for column in zip(*rows, strict=True))
    told = quantile(np.array(lowers), np.array(uppers), np.array(counts), share)
    assert told == pytest.approx(plain(lowers, uppers, counts, share), abs=1e-6)


@pytest.mark.parametrize(
    ("lowers", "uppers", "counts", "share", "expected"),
    [
        ([0.0, 1.0], [1.0, INF], [1.0, 9.0], 0.9, 1.0),
        ([-INF, 1.0], [1.0, 2.0], [9.0, 1.0], 0.5, 1.0),
        ([0.0, 1.0], [0.0, 2.0], [5.0, 5.0], 0.75, 1.5),
        ([0.0], [4.0], [8.0], 0.0, 0.0),
        ([], [], [], 0.5, math.nan),
        ([-INF], [INF], [3.0], 0.5, math.nan),
    ],
)
def test_buckets_without_an_end_are_told_as_their_bound(
    lowers: list[float], uppers: list[float], counts: list[float], share: float, expected: float
) -> None:
    told = quantile(np.array(lowers), np.array(uppers), np.array(counts), share)
    assert told == pytest.approx(expected, nan_ok=True)
