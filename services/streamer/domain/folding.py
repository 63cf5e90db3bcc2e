"""How frames are put together, so that nobody who comes late or lags misses a change."""

from collections.abc import Mapping
from dataclasses import replace

from services.core.conventions import FIGURES_WINDOW, REQUEST_EVENT
from services.streamer.ports import Events, State, Update

HISTORY_MS = FIGURES_WINDOW * 1000
RECENT_EVENTS = 20


def updated(state: State, update: Update) -> State:
    """The state after an update: its overview, and the history with its points."""
    return State(update.overview, with_points(state.points, update.points), update.connections)


def noted(state: State, frame: Events) -> State:
    """The state after events, which its overview does not know yet, or knows and is told again after a break."""
    since = state.overview.since
    told = {event.place for event in since if event.place}
    new = (event for event in frame.events if event.place not in told)
    newest = sorted((*since, *new), key=lambda event: event.at)[-RECENT_EVENTS:]
    return replace(state, overview=replace(state.overview, since=tuple(newest)))


def merged(older: Update, newer: Update) -> Update:
    """One update that stands for two: the newer overview, the points of both."""
    return replace(newer, points=with_points(older.points, newer.points))


def with_points(older: Mapping[int, object], newer: Mapping[int, object]) -> Mapping[int, object]:
    """The points of both, the newer ones winning, as far back as a screen shows."""
    both = {**older, **newer}
    first = max(both, default=0) - HISTORY_MS
    return {time: point for time, point in both.items() if time > first}


def without_requests(frame: Events) -> Events:
    """The events that are shown one by one; requests are only counted."""
    return Events(tuple(event for event in frame.events if event.type != REQUEST_EVENT))
