from array import array
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, strategies as st

from binnacle.metrics.v1.metrics_pb2 import SampleColumns
from binnacle_client import InvalidInput, sample_columns
from binnacle_client.values import struct, timestamp

U64 = st.integers(0, 2**64 - 1)
I64 = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(st.tuples(U64, I64, st.floats(allow_nan=False))))
def test_columns_copied_as_blocks_are_those_written_number_by_number(rows: list[tuple[int, int, float]]) -> None:
    ids, times, values = [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
    packed = sample_columns(array("Q", ids), array("q", times), array("d", values))
    assert packed == SampleColumns(series_ids=ids, times_unix_ms=times, values=values)


def test_columns_may_be_numpy_arrays() -> None:
    packed = sample_columns(np.array([7], np.uint64), np.array([1_000], np.int64), np.array([0.5]))
    assert (list(packed.series_ids), list(packed.times_unix_ms), list(packed.values)) == ([7], [1_000], [0.5])


def test_a_moment_may_be_aware_naive_or_a_number() -> None:
    aware = datetime(2027, 1, 15, 8, 0, 0, 250_000, tzinfo=UTC)
    assert timestamp(aware) == timestamp(aware.replace(tzinfo=None)) == timestamp(aware.timestamp())
    assert timestamp(aware).nanos == 250_000_000


def test_attributes_that_json_does_not_know_are_refused_with_their_field() -> None:
    with pytest.raises(InvalidInput) as caught:
        struct("data", {"when": object()})
    assert caught.value.violations[0].field == "data"
