"""Active series against a plain model."""

import numpy as np
from hypothesis import given, settings, strategies as st

from services.collector.domain.activity import MINUTES, ActiveSeries
from services.collector.domain.columns import Ids


class Minutes:
    def __init__(self) -> None:
        self.at = 0

    def __call__(self) -> float:
        return self.at * 60.0 + 1.0


class Plain:
    """One dictionary: series to the minute it was last written in."""

    def __init__(self) -> None:
        self.seen: dict[int, int] = {}

    def write(self, ids: list[int], minute: int, limit: int) -> list[bool]:
        self.seen = {one: at for one, at in self.seen.items() if at >= minute - MINUTES}
        refused: set[int] = set()
        for one in ids:
            if one in self.seen or (len(self.seen) < limit and one not in refused):
                self.seen[one] = minute
            else:
                refused.add(one)
        return [one in refused for one in ids]


def column(ids: list[int]) -> Ids:
    return np.array(ids, np.uint64)


writes = st.lists(
    st.tuples(st.sampled_from([0, 0, 0, 1, 30, 61, 130]), st.lists(st.integers(0, 25), min_size=1, max_size=20)),
    max_size=40,
)


@settings(max_examples=300)
@given(writes, st.integers(0, 15), st.sampled_from([1, 3, 4_096]))
def test_it_counts_as_a_plain_dictionary_does(writes: list[tuple[int, list[int]]], limit: int, fresh: int) -> None:
    minutes, plain = Minutes(), Plain()
    active = ActiveSeries(minutes, fresh)
    for pause, ids in writes:
        minutes.at += pause
        expected = plain.write(ids, minutes.at, limit)
        over = active.write("a", column(ids), limit)
        assert (over.tolist() if over is not None else [False] * len(ids)) == expected
        assert active.count("a") == len(plain.seen)


def test_a_bomb_is_stopped_while_what_is_there_goes_on() -> None:
    minutes = Minutes()
    active = ActiveSeries(minutes)
    assert active.write("a", column(list(range(100))), 100) is None
    for first in range(1_000, 11_000, 1_000):
        mixed = column([*range(first, first + 1_000), *range(100)])
        over = active.write("a", mixed, 100)
        assert over is not None
        assert over.tolist() == [True] * 1_000 + [False] * 100
    assert active.count("a") == 100
    assert active.write("b", column([1_000]), 100) is None


def test_series_that_fall_silent_make_room_after_an_hour() -> None:
    minutes = Minutes()
    active = ActiveSeries(minutes)
    active.write("a", column([1, 2]), 2)
    minutes.at = 50
    active.write("a", column([1]), 2)
    assert active.write("a", column([3]), 2) is not None
    minutes.at = 61
    assert active.count("a") == 1
    assert active.write("a", column([3]), 2) is None


def test_a_column_that_repeats_keeps_its_series_active() -> None:
    minutes = Minutes()
    active = ActiveSeries(minutes)
    assert not active.touch("a", column([1, 2]))
    assert active.write("a", column([1, 2]), 2) is None
    for minute in range(0, 300, 20):
        minutes.at = minute
        for _message in range(3):
            assert active.touch("a", column([2, 1]))
    assert active.count("a") == 2
    assert not active.touch("a", column([1, 3]))
    assert not active.touch("b", column([1, 2]))
    minutes.at += 61
    assert not active.touch("a", column([2, 1]))
