"""An event that is told again is shown once."""

from services.streamer.domain.shown import Shown
from services.streamer.ports import Event, Events


def told(*places: str) -> Events:
    return Events(tuple(Event("deploy", None, place) for place in places))


def places(frame: Events) -> list[str]:
    return [event.place for event in frame.events]


def test_what_was_shown_is_left_out() -> None:
    shown = Shown()
    assert places(shown.new(told("a:0:0", "a:0:1"))) == ["a:0:0", "a:0:1"]
    assert places(shown.new(told("a:0:1", "a:1:0", "b:0:1"))) == ["a:1:0", "b:0:1"]


def test_events_without_a_place_are_always_new() -> None:
    shown = Shown()
    assert places(shown.new(told("", ""))) == ["", ""]
    assert places(shown.new(told(""))) == [""]


def test_only_the_newest_are_remembered() -> None:
    shown = Shown(remembered=2)
    shown.new(told("a", "b", "c"))
    assert places(shown.new(told("b", "c", "a"))) == ["a"]
