"""What live subscriptions bring, put together."""

import math
from collections.abc import Mapping, Sequence

from hypothesis import given, strategies as st

from binnacle.dashboard.v1.dashboard_pb2 import DashboardState, DashboardUpdate, SignalPoint
from binnacle.live.v1 import live_pb2 as live
from binnacle.query.v1.query_pb2 import ExpressionResult, TimeSeries, TimeSeriesAnswer
from binnacle_client.live_fold import Snapshot, refreshed

Shown = Mapping[str, Sequence[float]]


def points(*seconds: int) -> list[SignalPoint]:
    made = []
    for second in seconds:
        point = SignalPoint(requests=second)
        point.time.FromSeconds(second)
        made.append(point)
    return made


def answer(times: Sequence[float], series: Shown, *, full: bool = False, start: float = 0) -> TimeSeriesAnswer:
    told = [TimeSeries(labels={"place": place}, values=values) for place, values in series.items()]
    results = [ExpressionResult(name="a", series=told)]
    return TimeSeriesAnswer(times_unix_ms=times, results=results, full=full, start_unix_ms=start, step_ms=1)


def listed(time: float, step_ms: int, series: Sequence[TimeSeries]) -> TimeSeriesAnswer:
    results = [ExpressionResult(name="a", series=series, listed=True)]
    return TimeSeriesAnswer(times_unix_ms=[time], results=results, start_unix_ms=time, step_ms=step_ms)


def shown(made: TimeSeriesAnswer) -> dict[str, list[float | None]]:
    """Values by series; None where there is none."""
    return {
        series.labels["place"]: [None if math.isnan(value) else value for value in series.values]
        for series in made.results[0].series
    }


def test_the_overview_keeps_five_minutes_and_each_second_once() -> None:
    snapshot = Snapshot()
    snapshot.take(live.Update(state=DashboardState(history=points(1, 2, 300), demo=True)))
    late = points(2, 301)
    late[0].requests = 7
    snapshot.take(live.Update(change=DashboardUpdate(points=late)))
    assert snapshot.overview is not None
    assert [(point.time.seconds, point.requests) for point in snapshot.overview.history] == [
        (2, 7),
        (300, 300),
        (301, 301),
    ]
    assert snapshot.overview.demo


def test_rows_are_held_without_gaps() -> None:
    snapshot = Snapshot()
    for number in range(120):
        snapshot.take(live.Update(events=live.Events(events=[live.LiveEvent(id=str(number))])))
    assert [event.id for event in snapshot.events] == [str(number) for number in range(20, 120)]
    snapshot.take(live.Update(subscribed=live.Subscribed(resumed=True)))
    assert len(snapshot.events) == 100
    snapshot.take(live.Update(subscribed=live.Subscribed(resumed=False)))
    assert len(snapshot.events) == 0


def test_an_answer_replaces_the_steps_it_tells_for_all_series() -> None:
    whole = answer([10, 20, 30], {"north": [1, 2, 3], "south": [4, math.nan, 6]}, full=True)
    joined = refreshed(whole, answer([30, 40], {"north": [7, 8], "east": [1, 2]}, start=20))
    assert (list(joined.times_unix_ms), joined.full) == ([20, 30, 40], True)
    assert shown(joined) == {"north": [2, 7, 8], "east": [None, 1, 2]}


def test_listed_series_are_all_there_are_in_their_order() -> None:
    whole = answer([10, 20], {"north": [1, 2], "south": [3, 4]}, full=True)
    east = TimeSeries(labels={"place": "east"}, values=[9])
    joined = refreshed(whole, listed(20, 1, [east, TimeSeries(former_place=2, values=[5])]))
    assert list(shown(joined).items()) == [("east", [9]), ("south", [5])]
    assert not joined.results[0].listed


def test_of_an_instant_what_is_not_told_again_holds_at_the_new_time() -> None:
    whole = answer([10], {"north": [1], "south": [2]}, full=True)
    series = [TimeSeries(former_place=2), TimeSeries(former_place=1, values=[5])]
    joined = refreshed(whole, listed(20, 0, series))
    assert list(joined.times_unix_ms) == [20]
    assert list(shown(joined).items()) == [("south", [2]), ("north", [5])]


VALUES = st.dictionaries(st.sampled_from("abc"), st.lists(st.integers(0, 9), min_size=12, max_size=12))


@given(VALUES, VALUES, st.integers(0, 6), st.integers(1, 6))
def test_differences_make_what_a_whole_answer_would(before: Shown, now: Shown, begin: int, changed: int) -> None:
    """Between two answers steps up to `begin` fall out, and those from `changed` on may differ in any way."""
    first, last = 6, 12
    split = begin + min(changed, first - begin)
    held = answer(range(first), {place: values[:first] for place, values in before.items()}, full=True)
    truth = {
        place: [*before.get(place, [math.nan] * last)[begin:split], *now.get(place, [math.nan] * last)[split:]]
        for place in {*before, *now}
    }
    told = {place: values[split:] for place, values in now.items()}
    joined = refreshed(held, answer(range(split, last), told, start=begin))
    alive = answer(range(begin, last), {p: v for p, v in truth.items() if not all(map(math.isnan, v))})
    assert list(joined.times_unix_ms) == list(range(begin, last))
    assert shown(joined) == shown(alive)
