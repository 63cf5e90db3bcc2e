"""Sums by series and minute equal a recomputation, whatever the order, and in however many parts they came."""

from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given, strategies as st

from services.aggregator.adapters.clickhouse.storing.layouts import Layouts
from services.aggregator.adapters.clickhouse.storing.minute_sums import MinuteSums, minute_sums, together
from services.aggregator.ports.records import SampleColumns

Point = tuple[int, int, float]
POINTS = st.tuples(
    st.sampled_from([1, 7, 1 << 63]),
    st.integers(1_700_000_000_000, 1_700_000_200_000),
    st.one_of(st.just(nan), st.integers(-1000, 1000).map(float), st.sampled_from([0.1, float("inf"), -1e300])),
)
PARTS = st.lists(st.lists(st.lists(POINTS, min_size=1), min_size=1, max_size=3), min_size=1, max_size=3)


def columns(points: list[Point]) -> SampleColumns:
    ids, times, values = zip(*points, strict=True)
    return SampleColumns(np.array(ids, np.uint64), np.array(times, np.int64), np.array(values, np.float64))


def expected(points: list[Point]) -> list[tuple[object, ...]]:
    groups: dict[tuple[int, int], list[tuple[int, float]]] = {}
    for series, at, value in points:
        if not isnan(value):
            groups.setdefault((series, at // 60_000), []).append((at, value))
    return [
        (
            series,
            minute,
            len(found),
            pytest.approx(sum(value for _at, value in found)),
            min(value for _at, value in found),
            max(value for _at, value in found),
            *max(found),
        )
        for (series, minute), found in sorted(groups.items())
    ]


def rows(sums: MinuteSums) -> list[tuple[object, ...]]:
    shown = (sums.series_ids, sums.minutes, sums.counts, sums.sums, sums.least, sums.greatest, sums.last_ms, sums.last)
    return list(zip(*(column.tolist() for column in shown), strict=True))


@given(PARTS)
def test_sums_of_parts_together(parts: list[list[list[Point]]]) -> None:
    sums = [minute_sums(Layouts().ordered([columns(block) for block in blocks])) for blocks in parts]
    for blocks, part in zip(parts, sums, strict=True):
        assert rows(part) == expected([point for block in blocks for point in block])
    assert rows(together(sums)) == expected([point for blocks in parts for block in blocks for point in block])


@given(st.lists(POINTS, min_size=1))
def test_some_minutes_of_them(points: list[Point]) -> None:
    sums = minute_sums(Layouts().ordered([columns(points)]))
    even = [row for row in rows(sums) if row[1] % 2 == 0]  # type: ignore[operator]  # numbers of minutes
    assert rows(sums.only(sums.minutes % 2 == 0)) == even
