"""Every function over time equals a recomputation in plain Python, whatever the samples and their order."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from services.aggregator.domain.series.cell_folding import FIELDS, fold_cells
from services.aggregator.domain.series.folding import fold, ordered, places_of
from services.aggregator.domain.series.grid import Grid
from services.aggregator.ports.time_series import Fold, Function
from tests.support import plain_series

FUNCTIONS: list[Function] = [
    "average",
    "sum",
    "minimum",
    "maximum",
    "last",
    "count",
    "rate",
    "increase",
    "quantile",
    "distinct",
]
SERIES = 3
STEP = 1_000
STEPS = 6

points = st.lists(
    st.tuples(
        st.integers(0, SERIES - 1),
        st.integers(-3 * STEP, (STEPS + 2) * STEP),
        st.sampled_from([0.0, 1.0, 2.5, 2.5, -7.0, 40.0, 41.0, 1e9, math.nan]),
    ),
    max_size=60,
)


@pytest.mark.parametrize("function", FUNCTIONS)
@given(rows=points, window=st.sampled_from([STEP, 3 * STEP, 700]), share=st.sampled_from([0.0, 0.5, 0.95, 1.0]))
@settings(max_examples=60)
def test_a_fold_equals_plain_python(
    function: Function, rows: list[tuple[int, int, float]], window: int, share: float
) -> None:
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    samples = ordered(np.array(columns[0], np.intp), np.array(columns[1], np.int64), np.array(columns[2], np.float64))
    grid = Grid(0, STEP, STEPS)
    told = fold(samples, SERIES, grid, window, Fold(function, share))
    assert told.shape == (SERIES, STEPS)
    found = {(one, step): float(told[one, step]) for one in range(SERIES) for step in range(STEPS)}
    expected = {
        (one, step): plain_series.folded(
            [(at, value) for series, at, value in rows if series == one],
            function,
            share,
            (step + 1) * STEP - window,
            (step + 1) * STEP,
        )
        for one in range(SERIES)
        for step in range(STEPS)
    }
    assert plain_series.same(found, expected), (found, expected)


@pytest.mark.parametrize("function", list(FIELDS))
@given(rows=points, window=st.sampled_from([1, 2, 5]), every=st.sampled_from([1, 2]))
@settings(max_examples=40)
def test_sums_by_bucket_give_what_the_samples_give(
    function: Function, rows: list[tuple[int, int, float]], window: int, every: int
) -> None:
    steps = 4
    buckets = every * (steps - 1) + window
    first = (every - window) * STEP

    def of_bucket(series: int, bucket: int, what: str) -> float:
        mine = [(at, value) for one, at, value in rows if one == series]
        start = first + bucket * STEP
        return plain_series.folded(mine, what, 0.0, start, start + STEP)

    names = {"count": "count", "sum": "sum", "min": "minimum", "max": "maximum", "last": "last"}
    cells = {
        field: np.array([[of_bucket(s, b, names[field]) for b in range(buckets)] for s in range(SERIES)])
        for field in FIELDS[function]
    }
    told = fold_cells(cells, function, steps, every, window)
    for series in range(SERIES):
        mine = [(at, value) for one, at, value in rows if one == series]
        for step in range(steps):
            end = (step + 1) * every * STEP
            expected = plain_series.folded(mine, function, 0.0, end - window * STEP, end)
            assert plain_series.same({0: float(told[series, step])}, {0: expected})


@given(
    known=st.lists(st.integers(0, 2**64 - 1), max_size=8, unique=True),
    told=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 3)), max_size=12),
)
@settings(max_examples=60)
def test_each_series_is_found_at_its_place(known: list[int], told: list[tuple[int, int]]) -> None:
    rows = [known[number] if number < len(known) else 2**63 + number for number, times in told for _row in range(times)]
    found = places_of(np.array(known, np.uint64), np.array(rows, np.uint64))
    assert found.tolist() == [known.index(row) if row in known else -1 for row in rows]
