"""Who is on call: in turn, by the clock of a zone, and in somebody's place."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from services.alerting.domain.telling.rotations import on_call
from services.alerting.ports.notifiers import Override, Person, Rotation

BERLIN = ZoneInfo("Europe/Berlin")
PEOPLE = tuple(Person(name, (f"{name}-mail",)) for name in ("ann", "bob", "eve"))


def rotation(**changes: object) -> Rotation:
    made = {"id": "shop", "people": PEOPLE, "first_day": "2026-01-05", "hand_over": 9 * 60, "zone": "Europe/Berlin"}
    return Rotation(**{**made, **changes})  # type: ignore[arg-type]


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


@pytest.mark.parametrize(
    ("time", "person"),
    [
        ("2026-01-05T09:00", "ann"),
        ("2026-01-12T08:59:59", "ann"),
        ("2026-01-12T09:00", "bob"),
        ("2026-01-26T09:00", "ann"),
        ("2026-01-05T08:59", "eve"),
        # Clocks were put forward in between.
        ("2026-03-30T08:59", "eve"),
        ("2026-03-30T09:00", "ann"),
    ],
)
def test_people_take_over_by_the_clock_of_the_zone(time: str, person: str) -> None:
    assert on_call(rotation(), at(time)).person.name == person


def test_it_is_told_until_when_and_who_is_next() -> None:
    duty = on_call(rotation(), at("2026-01-06T12:00"))
    assert (duty.person.name, duty.until, duty.next.name) == ("ann", at("2026-01-12T09:00"), "bob")


def test_somebody_takes_a_place_and_gives_it_back() -> None:
    taken = rotation(overrides=(Override(at("2026-01-06T00:00"), at("2026-01-07T00:00"), "eve"),))
    assert on_call(taken, at("2026-01-05T12:00")).until == at("2026-01-06T00:00")
    duty = on_call(taken, at("2026-01-06T12:00"))
    assert (duty.person.name, duty.until, duty.next.name) == ("eve", at("2026-01-07T00:00"), "ann")
    assert on_call(taken, at("2026-01-07T00:00")).person.name == "ann"


@given(st.floats(min_value=at("2025-01-01T00:00"), max_value=at("2030-01-01T00:00")), st.integers(1, 28))
def test_whoever_is_on_call_stays_so_until_told(time: float, days: int) -> None:
    each = rotation(days=days)
    duty = on_call(each, time)
    assert time < duty.until <= time + (days + 1) * 86_400
    assert on_call(each, (time + duty.until) / 2).person == duty.person
    assert on_call(each, duty.until).person == duty.next
