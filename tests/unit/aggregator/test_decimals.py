import numpy as np
from hypothesis import given, strategies as st

from services.aggregator.adapters.clickhouse.decimals import BITS, decompose
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


@given(st.lists(st.tuples(st.integers(1, 3), values), max_size=50))
def test_values_come_back_exactly(rows: list[tuple[int, float]]) -> None:
    rows.sort(key=lambda row: row[0])
    given_values = np.array([value for _series, value in rows], np.float64)
    mantissas, exponents = decompose(np.array([series for series, _value in rows], np.uint64), given_values)
    assert composed(mantissas, exponents) == given_values.tolist()


def test_a_series_has_the_exponent_of_its_longest_value() -> None:
    mantissas, exponents = decompose(np.array([1, 1, 2], np.uint64), np.array([1.5, 2.125, 7.0]))
    assert (mantissas.tolist(), exponents.tolist()) == ([1500, 2125, 7], [3, 3, 0])


def test_the_end_of_a_series_keeps_its_bits_and_leaves_its_neighbours_alone() -> None:
    bits = np.array([STALE_BITS, np.float64(1.25).view(np.uint64), STALE_BITS], np.uint64)
    mantissas, exponents = decompose(np.array([1, 1, 2], np.uint64), bits.view(np.float64))
    assert (mantissas.tolist(), exponents.tolist()) == ([STALE_BITS, 125, STALE_BITS], [BITS, 2, BITS])
