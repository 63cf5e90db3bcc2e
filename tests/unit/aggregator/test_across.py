"""Series together, ranked, calculated with, and with their gaps filled."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from services.aggregator.domain.series.across import Matrix, aggregate, calculated, filled, grouped_by, ranked
from services.aggregator.domain.series.question import Aggregation, Fill, Grouping, Ranking
from services.core.errors import InvalidInput
from tests.support import plain_series

NAN = math.nan
HOSTS = [{"__name__": "heat", "host": str(n % 3), "disk": str(n)} for n in range(6)]
AGGREGATIONS: list[Aggregation] = ["average", "sum", "minimum", "maximum", "count", "quantile"]


def matrix(values: list[list[float]], labels: list[dict[str, str]] = HOSTS) -> Matrix:
    return Matrix(labels[: len(values)], np.array(values, np.float64).reshape(len(values), -1))


def same_rows(told: np.ndarray, expected: list[list[float]]) -> bool:
    return np.allclose(told, np.array(expected, np.float64), equal_nan=True)


values = st.lists(st.lists(st.sampled_from([NAN, NAN, 1.0, 2.0, -3.5, 8.0]), min_size=3, max_size=3), max_size=6)


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@given(rows=values, by=st.sampled_from([(), ("host",), ("host", "disk"), ("nobody",)]))
@settings(max_examples=60)
def test_series_together_equal_plain_python(
    aggregation: Aggregation, rows: list[list[float]], by: tuple[str, ...]
) -> None:
    labels = HOSTS[: len(rows)]
    grouping = Grouping(aggregation, 0.9, by)
    groups = grouped_by(labels, grouping)
    told = aggregate(np.array(rows, np.float64).reshape(len(rows), 3), groups, grouping)
    assert told.shape == (len(groups.labels), 3)
    for place, group in enumerate(groups.labels):
        mine = [
            row for row, one in zip(rows, labels, strict=True) if {k: v for k, v in one.items() if k in by} == group
        ]
        for step in range(3):
            expected = plain_series.across([row[step] for row in mine], aggregation, 0.9)
            assert plain_series.same({0: float(told[place, step])}, {0: expected})


def test_labels_that_go_take_the_name_with_them() -> None:
    groups = grouped_by(HOSTS, Grouping("sum", without=("disk",)))
    assert groups.labels == [{"host": "0"}, {"host": "1"}, {"host": "2"}]
    assert groups.of.tolist() == [0, 1, 2, 0, 1, 2]


def test_the_greatest_and_the_lowest_by_their_mean() -> None:
    rows = matrix([[1, 1, 1], [NAN, 9, NAN], [NAN, NAN, NAN], [5, NAN, 5]])
    assert [one["disk"] for one in ranked(rows, Ranking(2, lowest=False)).labels] == ["1", "3"]
    assert [one["disk"] for one in ranked(rows, Ranking(5, lowest=True)).labels] == ["0", "3", "1"]


def test_sides_of_a_calculation_go_together_by_their_labels() -> None:
    left = Matrix([{"__name__": "a", "host": "1"}, {"__name__": "a", "host": "2"}], np.array([[6.0, 8.0], [1.0, NAN]]))
    right = Matrix([{"__name__": "b", "host": "1"}, {"__name__": "b", "host": "3"}], np.array([[2.0, 0.0], [1.0, 1.0]]))
    told = calculated(left, "/", right, 2)
    assert told.labels == [{"host": "1"}]
    assert same_rows(told.values, [[3.0, NAN]])
    total = Matrix([{}], np.array([[10.0, 2.0]]))
    assert same_rows(calculated(left, "-", total, 2).values, [[-4.0, 6.0], [-9.0, NAN]])
    assert same_rows(calculated(total, "-", left, 2).values, [[4.0, -6.0], [9.0, NAN]])
    assert same_rows(calculated(100.0, "*", left, 2).values, [[600.0, 800.0], [100.0, NAN]])
    assert same_rows(calculated(2.0, "+", 3.0, 2).values, [[5.0, 5.0]])


def test_series_that_differ_in_the_name_only_are_no_side() -> None:
    twice = Matrix([{"__name__": "a", "x": "1"}, {"__name__": "b", "x": "1"}], np.ones((2, 2)))
    with pytest.raises(InvalidInput):
        calculated(twice, "+", twice, 2)


@pytest.mark.parametrize(
    ("fill", "expected"),
    [
        ("none", [NAN, 1.0, NAN, NAN, 4.0, NAN]),
        ("null", [NAN, 1.0, NAN, NAN, 4.0, NAN]),
        ("zero", [0.0, 1.0, 0.0, 0.0, 4.0, 0.0]),
        ("previous", [NAN, 1.0, 1.0, 1.0, 4.0, 4.0]),
        ("linear", [NAN, 1.0, 2.0, 3.0, 4.0, NAN]),
    ],
)
def test_gaps_are_filled_by_the_rule(fill: Fill, expected: list[float]) -> None:
    assert same_rows(filled(np.array([[NAN, 1.0, NAN, NAN, 4.0, NAN]]), fill), [expected])
