"""Ranges in parts, and when parts of the past have changed."""

from itertools import pairwise

from hypothesis import given, strategies as st

from services.aggregator.adapters.clickhouse.slices.changes import ChangedTimes
from services.aggregator.adapters.clickhouse.slices.parts import DAY_US, HOUR_US, MINUTE_US, Part, parts_of, together
from services.aggregator.adapters.clickhouse.slices.steps import step_of, stretch_of
from tests.support.journals import NOW, record, segment

MICRO = 1_000_000
NOW_US = round(NOW * MICRO)
AT = NOW_US // DAY_US * DAY_US


@given(st.integers(0, 3 * DAY_US), st.integers(1, 3 * DAY_US), st.integers(0, 6 * DAY_US))
def test_parts_hold_a_range_once(begin: int, length: int, now: int) -> None:
    whole, ends = parts_of(begin, begin + length, now)
    parts = sorted([*whole, *ends], key=lambda part: part.start_us)
    assert (parts[0].start_us, parts[-1].end_us) == (begin, begin + length)
    assert all(one.end_us == other.start_us for one, other in pairwise(parts))
    for part in whole:
        assert part.length_us in (DAY_US, HOUR_US, MINUTE_US)
        assert part.start_us % part.length_us == 0
        assert part.end_us <= now
    # A tail may be long where it is to come.
    assert all(end.length_us < 2 * MINUTE_US for end in ends if end.end_us <= now)
    assert len(whole) <= 2 * (59 + 23) + 3


def test_what_is_very_old_is_not_cut() -> None:
    whole, ends = parts_of(0, NOW_US + 1, NOW_US)
    assert len(whole) < 40 + 24 + 60
    assert [end.start_us for end in ends] == [0, NOW_US]


def test_neighbours_are_read_together_up_to_a_length() -> None:
    minutes = [Part(start * MINUTE_US, (start + 1) * MINUTE_US) for start in (0, 1, 2, 5, 6)]
    assert [len(parts) for parts in together(minutes, HOUR_US)] == [3, 2]
    assert [len(parts) for parts in together(minutes, 2 * MINUTE_US)] == [2, 1, 2]


@given(st.lists(st.integers(0, 10**6), min_size=1, unique=True).map(sorted), st.integers(0, 2 * 10**6))
def test_every_stretch_is_within_one_step(starts: list[int], second: int) -> None:
    stretch = stretch_of(starts)
    first = second // stretch * stretch
    assert step_of(starts, first) == step_of(starts, first + stretch - 1)


def test_what_changed_since_holds_no_more() -> None:
    changes = ChangedTimes()
    minute, hour, day = Part(AT, AT + MINUTE_US), Part(AT, AT + HOUR_US), Part(AT, AT + DAY_US)
    before = changes.position()
    changes.after(segment(record(events=[{"type": "page_view", "time": AT / MICRO + 61}])), 0, done=False)
    assert changes.holds("default", "events", minute, before)
    assert not changes.holds("default", "events", hour, before)
    assert not changes.holds("default", "events", day, before)
    assert not changes.holds("default", "errors", day, before)
    assert changes.holds("default", "logs", day, before)
    assert changes.holds("other", "events", day, before)
    assert changes.holds("default", "events", day, changes.position())
    now = changes.position()
    changes.forget("default")
    assert not changes.holds("default", "logs", minute, now)


def test_a_deploy_tells_the_version_of_all_errors_after_it() -> None:
    changes = ChangedTimes()
    earlier, later = Part(AT, AT + HOUR_US), Part(AT + 5 * HOUR_US, AT + 6 * HOUR_US)
    before = changes.position()
    changes.after(segment(record(events=[{"type": "deploy", "time": AT / MICRO + 7_200}])), 0, done=True)
    assert changes.holds("default", "errors", earlier, before)
    assert not changes.holds("default", "errors", later, before)
    assert changes.holds("default", "events", later, before)
    now = changes.position()
    assert changes.holds("default", "errors", later, now)
    changes.after(segment(record(events=[{"type": "deploy", "time": AT / MICRO - 60}]), first_offset=1), 0, done=True)
    assert not changes.holds("default", "errors", earlier, now)
