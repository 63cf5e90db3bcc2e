import numpy as np
from hypothesis import given, strategies as st

from services.aggregator.adapters.clickhouse.storing.decimals import BITS, decompose
from services.core.conventions import STALE_BITS

values = st.floats(allow_nan=False, allow_infinity=False) | st.decimals(
    -10_000_000, 10_000_000, places=3, allow_nan=False
).map(float)


def composed(mantissas: np.ndarray, exponents: np.ndarray) -> list[float]:
    """What the view of the store makes of them."""
    return [
        float(np.int64(mantissa).view(np.float64)) if exponent == BITS else float(mantissa) / float(10**exponent)
        for mantissa, exponent in zip(mantissas.tolist(), exponents.tolist(), strict=True)
    ]


def decomposed(series: list[int], given_values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As a series' values come for the first time."""
    _names, counts = np.unique(np.array(series, np.uint64), return_counts=True)
    return decompose(counts, np.zeros(len(counts), np.int8), given_values)


@given(st.lists(st.tuples(st.integers(1, 3), values), max_size=50))
def test_values_come_back_exactly(rows: list[tuple[int, float]]) -> None:
    rows.sort(key=lambda row: row[0])
    given_values = np.array([value for _series, value in rows], np.float64)
    mantissas, exponents = decomposed([series for series, _value in rows], given_values)
    assert composed(mantissas, exponents) == given_values.tolist()


def test_a_series_has_the_exponent_of_its_longest_value() -> None:
    mantissas, exponents = decomposed([1, 1, 2], np.array([1.5, 2.125, 7.0]))
    assert (mantissas.tolist(), exponents.tolist()) == ([1500, 2125, 7], [3, 3, 0])


def test_the_end_of_a_series_keeps_its_bits_and_leaves_its_neighbours_alone() -> None:
    bits = np.array([STALE_BITS, np.float64(1.25).view(np.uint64), STALE_BITS], np.uint64)
    mantissas, exponents = decomposed([1, 1, 2], bits.view(np.float64))
    assert (mantissas.tolist(), exponents.tolist()) == ([STALE_BITS, 125, STALE_BITS], [BITS, 2, BITS])


def test_a_series_keeps_the_exponent_it_once_needed() -> None:
    known = np.zeros(1, np.int8)
    decompose(np.array([2]), known, np.array([1.5, 2.125]))
    mantissas, exponents = decompose(np.array([1]), known, np.array([7.0]))
    assert (mantissas.tolist(), exponents.tolist()) == ([7000], [3])


def test_a_series_without_short_forms_is_known_as_such() -> None:
    known = np.zeros(2, np.int8)
    for _time in range(2):
        mantissas, exponents = decompose(np.array([2, 1]), known, np.array([1 / 3, 1 / 7, 2.5]))
        assert exponents.tolist() == [BITS, BITS, 1]
        assert composed(mantissas, exponents) == [1 / 3, 1 / 7, 2.5]
    assert known.tolist() == [BITS, 1]
