"""Whole answers are told as changes, of which every client makes the same answer again."""

import math
from collections.abc import Mapping, Sequence

from hypothesis import given, strategies as st

from binnacle.query.v1 import query_pb2 as pb
from binnacle_client.live_fold import refreshed
from services.streamer.convert.changed_answers import MOST_SERIES, changed

HOSTS = ("a", "b", "c", "d")
RANGE = 5
LONG = "a label that takes more than the values beside it, as labels of endpoints and customers do"
VALUES = st.sampled_from([math.nan, 1.0, 2.0])


def a_series(host: str, values: Sequence[float], envelope: Sequence[float] = ()) -> pb.TimeSeries:
    return pb.TimeSeries(labels={"host": host, "of": LONG}, values=values, minimums=envelope, maximums=envelope)


def ranked(
    first: int, rows: Mapping[str, Sequence[float]], names: Sequence[str] = ("x",), *, step: int = 1
) -> pb.TimeSeriesAnswer:
    """A whole answer: ranked series by host; with `step` 0 one value each."""
    count = RANGE if step else 1
    made = pb.TimeSeriesAnswer(times_unix_ms=range(first, first + count), full=True, start_unix_ms=first, step_ms=step)
    for name in names:
        made.results.add(name=name, series=[a_series(host, values) for host, values in rows.items()])
    return made


@st.composite
def pairs(draw: st.DrawFn) -> tuple[pb.TimeSeriesAnswer, pb.TimeSeriesAnswer]:
    """An answer, and one later: other values, other series, another order; some with an envelope."""
    step = draw(st.sampled_from([0, 1, 1]))
    told = []
    for first in (0, draw(st.integers(0, RANGE + 1))):
        count = RANGE if step else 1
        # Steps without a value are left out.
        offsets = sorted(draw(st.sets(st.sampled_from(range(count)), min_size=count - 1))) if step else [0]
        times = [first + offset for offset in offsets]
        answer = pb.TimeSeriesAnswer(
            times_unix_ms=times, full=True, start_unix_ms=first, end_unix_ms=first + count, step_ms=step
        )
        for name in ("x", "y"):
            result = answer.results.add(name=name, complete_until_unix_ms=first)
            for host in draw(st.permutations(HOSTS))[: draw(st.integers(0, len(HOSTS)))]:
                values = [draw(VALUES) for _time in times]
                result.series.append(a_series(host, values, values if draw(st.booleans()) else ()))
        told.append(answer)
    return told[0], told[1]


def shown(answer: pb.TimeSeriesAnswer) -> str:
    """Everything of it; NaN is the same as NaN."""
    return str(answer)


@given(pairs())
def test_a_change_makes_the_later_answer_of_the_former(told: tuple[pb.TimeSeriesAnswer, pb.TimeSeriesAnswer]) -> None:
    former, now = told
    change = changed(former, now)
    if change is not None:
        assert change.ByteSize() < now.ByteSize()
        assert shown(refreshed(former, change)) == shown(now)


def test_only_the_newest_step_is_told_as_the_range_goes_by_and_labels_are_not_told_again() -> None:
    former = ranked(0, {"a": [5, 5, 5, 5, 5], "b": [4, 4, 4, 4, 4]})
    now = ranked(1, {"b": [4, 4, 4, 4, 9], "a": [5, 5, 5, 5, 6]})
    change = changed(former, now)
    assert change is not None
    [result] = change.results
    assert (change.full, [*change.times_unix_ms], result.listed) == (False, [5], True)
    assert [(row.former_place, [*row.values], dict(row.labels)) for row in result.series] == [
        (2, [9], {}),
        (1, [6], {}),
    ]


def test_a_row_that_comes_in_is_told_with_its_past_and_one_that_went_is_not() -> None:
    former = ranked(0, {"a": [5] * RANGE, "b": [4] * RANGE})
    now = ranked(1, {"c": [7] * RANGE, "a": [5] * RANGE})
    change = changed(former, now)
    assert change is not None
    [new, kept] = change.results[0].series
    assert (new.former_place, new.labels["host"], [*new.values]) == (0, "c", [7] * RANGE)
    assert (kept.former_place, [*kept.values]) == (1, [5])


def test_of_single_values_those_that_are_another_are_told_and_places_of_the_rest() -> None:
    former = ranked(0, {"a": [3], "b": [2], "c": [1]}, step=0)
    now = ranked(5, {"b": [4], "a": [3]}, step=0)
    change = changed(former, now)
    assert change is not None
    assert [(row.former_place, [*row.values]) for row in change.results[0].series] == [(2, [4]), (1, [])]
    assert shown(refreshed(former, change)) == shown(now)


def test_all_rows_may_go() -> None:
    former, now = ranked(0, {"a": [3]}, ("x", "y"), step=0), ranked(5, {"a": [3]}, ("x", "y"), step=0)
    del now.results[0].series[:]
    change = changed(former, now)
    assert change is not None
    assert shown(refreshed(former, change)) == shown(now)


def test_what_takes_no_less_or_is_of_another_form_is_told_whole() -> None:
    rows = {"a": [5.0] * RANGE}
    assert changed(ranked(0, rows), ranked(RANGE, {"b": [5] * RANGE})) is None
    assert changed(ranked(0, rows), ranked(0, rows, step=2)) is None
    assert changed(ranked(0, rows), ranked(0, rows, ("other",))) is None
    gone = ranked(0, rows)
    del gone.times_unix_ms[2], gone.results[0].series[0].values[2]
    assert changed(ranked(0, rows), gone) is None


def test_very_many_series_are_not_compared() -> None:
    rows = {str(host): [1.0] for host in range(MOST_SERIES + 1)}
    assert changed(ranked(0, rows, step=0), ranked(1, rows, step=0)) is None
