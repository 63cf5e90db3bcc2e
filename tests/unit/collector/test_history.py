"""What becomes of samples of long ago."""

from collections import defaultdict

import numpy as np
from hypothesis import given, strategies as st

from services.collector.domain.columns import SampleColumns
from services.collector.domain.history import DAY, HOUR, MINUTE, PAST, PRESENT, RAW_SECONDS, rolled_up
from services.core.columns import RollupColumns
from services.core.conventions import STALE_BITS

NOW = 1_800_000_000.0
STALE = float(np.array([STALE_BITS], np.uint64).view(np.float64)[0])

Row = tuple[int, int, float]


def samples(rows: list[Row]) -> SampleColumns:
    return SampleColumns(
        np.array([row[0] for row in rows], np.uint64),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.float64),
    )


def ago(seconds: float) -> int:
    return int((NOW - seconds) * 1000)


def by_bucket(sums: RollupColumns) -> dict[tuple[int, int, int], tuple[float, ...]]:
    keys = zip(sums.tiers.tolist(), sums.series_ids.tolist(), sums.buckets.tolist(), strict=True)
    figures = zip(*(column.tolist() for column in sums.columns()[3:]), strict=True)
    return dict(zip(keys, figures, strict=True))


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.integers(ago(3 * HOUR), ago(0)), st.integers(-1000, 1000).map(float)),
        unique_by=lambda row: row[:2],
        max_size=40,
    )
)
def test_sums_are_those_of_plain_arithmetic(rows: list[Row]) -> None:
    expected: dict[tuple[int, int, int], list[Row]] = defaultdict(list)
    for row in rows:
        expected[MINUTE, row[0], row[1] // 60_000 * 60].append(row)
    found = by_bucket(rolled_up(samples(rows), MINUTE))
    assert found.keys() == expected.keys()
    for key, theirs in expected.items():
        values, newest = [row[2] for row in theirs], max(theirs, key=lambda row: row[1])
        assert found[key] == (len(values), sum(values), min(values), max(values), newest[2], newest[1])


def test_each_sample_is_kept_as_it_is_or_in_the_sums_of_its_age() -> None:
    ages = (HOUR, RAW_SECONDS - 1, RAW_SECONDS + 1, 20 * DAY, 100 * DAY, 1000 * DAY)
    raw, sums = PAST.parted(samples([(7, ago(age), float(number)) for number, age in enumerate(ages)]), NOW)
    assert raw is not None
    assert raw.values.tolist() == [0.0, 1.0]
    assert sums is not None
    kept = defaultdict(list)
    for tier, value in zip(sums.tiers.tolist(), sums.lasts.tolist(), strict=True):
        kept[tier].append(value)
    assert {tier: sorted(values) for tier, values in kept.items()} == {
        MINUTE: [2.0, 3.0],
        HOUR: [2.0, 3.0, 4.0],
        DAY: [2.0, 3.0, 4.0, 5.0],
    }


def test_the_end_of_a_series_is_kept_raw_and_left_out_of_sums() -> None:
    raw, sums = PAST.parted(samples([(7, ago(HOUR), STALE), (7, ago(9 * DAY), STALE)]), NOW)
    assert raw is not None
    assert raw.values.view(np.uint64).tolist() == [STALE_BITS]
    assert sums is None


def test_samples_of_now_are_kept_as_they_are() -> None:
    given_samples = samples([(7, ago(0), 1.0)])
    assert PRESENT.parted(given_samples, NOW) == (given_samples, None)
