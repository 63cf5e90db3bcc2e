import numpy as np
import pytest
from hypothesis import given, strategies as st

from services.aggregator.domain.intake.buckets import LAST_BUCKET, bucket_numbers, bucket_value, percentiles

latencies = st.lists(st.floats(0.002, 1e8), min_size=1, max_size=200)


def histogram(values: list[float]) -> dict[int, int]:
    numbers, counts = np.unique(bucket_numbers(np.array(values)), return_counts=True)
    return dict(zip(numbers.tolist(), counts.tolist(), strict=True))


@given(latencies, st.sampled_from([0.0, 0.5, 0.95, 0.99, 1.0]))
def test_any_percentile_is_within_one_percent(values: list[float], share: float) -> None:
    exact = float(np.percentile(values, share * 100.0))
    [told] = percentiles(histogram(values), [share])
    assert told == pytest.approx(exact, rel=0.01)


def test_extremes_stay_in_range() -> None:
    assert bucket_numbers(np.array([0.0, 1e-9, 1e300])).tolist() == [0, 0, LAST_BUCKET]
    assert bucket_value(0) == 0.0
