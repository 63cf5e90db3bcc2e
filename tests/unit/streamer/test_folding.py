"""Putting frames together loses nothing a screen shows."""

from functools import reduce

from hypothesis import given, strategies as st

from services.streamer.domain.folding import HISTORY_MS, RECENT_EVENTS, merged, noted, updated, without_requests
from services.streamer.ports import Event, Events, Overview, State, Update

points = st.dictionaries(st.integers(0, HISTORY_MS).map(lambda ms: ms // 1000 * 1000), st.integers(), max_size=8)
updates = st.lists(points, min_size=1, max_size=8)


def update(made_at: float, held: dict[int, int]) -> Update:
    return Update(Overview(made_at, None), dict(held))


@given(points, updates)
def test_conflated_updates_bring_a_screen_to_the_same_state_as_each_of_them(
    history: dict[int, int], sent: list[dict[int, int]]
) -> None:
    start = State(Overview(0.0, None), dict(history))
    each = [update(float(place), held) for place, held in enumerate(sent)]
    one_by_one = reduce(updated, each, start)
    conflated = updated(start, reduce(merged, each))
    assert conflated.points == one_by_one.points
    assert conflated.overview is one_by_one.overview


def test_a_later_point_replaces_that_of_the_same_time() -> None:
    assert merged(update(1.0, {1000: 1, 2000: 2}), update(2.0, {2000: 3})).points == {1000: 1, 2000: 3}


def test_the_history_reaches_back_five_minutes() -> None:
    state = State(Overview(0.0, None), {0: "old", 1000: "kept"})
    assert updated(state, update(1.0, {HISTORY_MS: 7})).points == {1000: "kept", HISTORY_MS: 7}


def test_events_after_the_overview_are_noted_until_the_next_overview() -> None:
    event = Event("deploy", None)
    state = noted(State(Overview(0.0, None), {}), Events((event,)))
    assert state.overview.since == (event,)
    assert updated(state, update(1.0, {})).overview.since == ()


def test_of_events_the_newest_are_noted_as_many_as_a_screen_shows() -> None:
    events = tuple(Event("deploy", None, at=float(at)) for at in range(RECENT_EVENTS + 5))
    assert noted(State(Overview(0.0, None), {}), Events(events[::-1])).overview.since == events[5:]


def test_an_event_that_is_told_again_is_noted_once() -> None:
    first, again = (Events((Event("deploy", None, "a:0:0"),)) for _time in range(2))
    state = noted(noted(State(Overview(0.0, None), {}), first), again)
    assert state.overview.since == first.events


def test_requests_are_not_shown_one_by_one() -> None:
    purchase = Event("purchase", None)
    assert without_requests(Events((Event("request", None), purchase))).events == (purchase,)
