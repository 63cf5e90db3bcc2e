"""Who of a rotation is on call, also where clocks are put forward or back."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from services.alerting.ports.notifiers import Person, Rotation


@dataclass(frozen=True, slots=True)
class Duty:
    """Who is on call until when, and who is then."""

    person: Person
    until: float
    next: Person


def on_call(rotation: Rotation, at: float) -> Duty:
    """Who is on call at a time; before the first day the last person is."""
    person, until = _at(rotation, at)
    return Duty(person, until, _at(rotation, until)[0])


def _at(rotation: Rotation, at: float) -> tuple[Person, float]:
    """Who is on call, and when that may change next."""
    turn, until = _turn(rotation, at)
    person = rotation.people[turn % len(rotation.people)]
    named = {one.name: one for one in rotation.people}
    for override in rotation.overrides:
        if override.start <= at < override.end:
            # Of two that overlap the later one in the list holds.
            person, until = named[override.person], min(until, override.end)
    later = (one.start for one in rotation.overrides if one.start > at)
    return person, min((until, *later))


def _turn(rotation: Rotation, at: float) -> tuple[int, float]:
    """How many turns ended since the first day, and when this one does."""
    clock: tzinfo = ZoneInfo(rotation.zone) if rotation.zone else UTC
    first, day = date.fromisoformat(rotation.first_day), datetime.fromtimestamp(at, clock).date()
    if at < _hand_over(rotation, day, clock):
        day -= timedelta(days=1)
    turn = (day - first).days // rotation.days
    return turn, _hand_over(rotation, first + timedelta(days=(turn + 1) * rotation.days), clock)


def _hand_over(rotation: Rotation, day: date, clock: tzinfo) -> float:
    return datetime(day.year, day.month, day.day, *divmod(rotation.hand_over, 60), tzinfo=clock).timestamp()
