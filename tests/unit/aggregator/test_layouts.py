"""Samples put in the order of the store, whatever columns of ids come."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from services.aggregator.adapters.clickhouse.storing import layouts
from services.aggregator.adapters.clickhouse.storing.layouts import Layouts
from services.aggregator.ports.records import SampleColumns

Row = tuple[int, int]
BLOCKS = st.lists(st.lists(st.integers(0, 5) | st.integers(2**64 - 3, 2**64 - 1), min_size=1, max_size=12), min_size=1)


def block(ids: list[int], first: int = 0) -> SampleColumns:
    times = np.arange(first, first + len(ids), dtype=np.int64)
    return SampleColumns(np.array(ids, np.uint64), times, times.astype(np.float64))


def rows_of(known: Layouts, blocks: list[SampleColumns]) -> list[tuple[int, int, int]]:
    found = known.ordered(blocks)
    return list(zip(found.series_ids.tolist(), found.times_ms.tolist(), found.mantissas.tolist(), strict=True))


@given(BLOCKS, st.booleans())
def test_rows_are_in_order_of_series_and_then_as_they_came(columns: list[list[int]], known_before: bool) -> None:
    blocks = [block(ids, 100 * number) for number, ids in enumerate(columns)]
    known = Layouts()
    if known_before:
        known.ordered(blocks)
    rows = [(int(i), int(t), int(t)) for each in blocks for i, t in zip(each.series_ids, each.times_ms, strict=True)]
    assert rows_of(known, blocks) == sorted(rows, key=lambda row: row[0])


def test_more_series_than_sixteen_bits_name_are_in_order() -> None:
    ids = np.random.default_rng(1).permutation(layouts.FEW + 1_000).tolist()
    assert [row[0] for row in rows_of(Layouts(), [block(ids)])] == sorted(ids)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layouts, "REMEMBERED_ROWS", 100)
    known = Layouts()
    for first in range(200):
        known.ordered([block([first, first + 1, *range(first % 7 + 1)])])
    assert known._rows <= 100 + 10
    assert len(known._unions) <= layouts.REMEMBERED_UNIONS


@pytest.mark.parametrize("ids", [[7], [5, 1, 5, 1], [2, 1, 3], [1, 1, 2], [9, 9, 4, 4, 4, 9]])
def test_one_sender_s_columns_are_in_order_however_often_they_come(ids: list[int]) -> None:
    known = Layouts()
    for times in (1, 3, 2):
        blocks = [block(ids, 100 * number) for number in range(times)]
        rows = [
            (int(i), int(t), int(t)) for each in blocks for i, t in zip(each.series_ids, each.times_ms, strict=True)
        ]
        assert rows_of(known, blocks) == sorted(rows, key=lambda row: row[0])
