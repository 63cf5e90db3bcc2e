"""When silences hold, through the changes of clocks, too."""

from datetime import datetime
from math import inf
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from services.alerting.domain.holding_back.silence_times import phase
from services.alerting.ports.silences import Phase, Recurrence, Silence

BERLIN = "Europe/Berlin"
HOUR = 3_600.0


def at(text: str, zone: str = BERLIN, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def silence(start: float, end: float | None, recurrence: Recurrence | None = None) -> Silence:
    return Silence("s", (), "why", False, start, end, recurrence)


def nightly(hours: float = 2.0, *weekdays: int, zone: str = BERLIN, since: int = 150) -> Silence:
    return silence(0.0, None, Recurrence(weekdays, since, hours * HOUR, zone))


def test_one_that_is_once() -> None:
    once = silence(100.0, 200.0)
    assert phase(once, 99.0) == (Phase.WAITING, 100.0)
    assert phase(once, 100.0) == (Phase.HOLDING, 200.0)
    assert phase(once, 200.0) == (Phase.ENDED, inf)


def test_one_that_recurs_holds_from_its_time_of_the_day() -> None:
    assert phase(nightly(), at("2026-05-04T02:29"))[0] is Phase.WAITING
    assert phase(nightly(), at("2026-05-04T02:30")) == (Phase.HOLDING, at("2026-05-04T04:30"))
    assert phase(nightly(), at("2026-05-04T04:30")) == (Phase.WAITING, at("2026-05-05T02:30"))


def test_one_that_recurs_on_some_days() -> None:
    friday_night = nightly(60.0, 5, since=18 * 60)
    assert phase(friday_night, at("2026-05-08T18:00"))[0] is Phase.HOLDING
    assert phase(friday_night, at("2026-05-11T05:59"))[0] is Phase.HOLDING
    assert phase(friday_night, at("2026-05-11T06:00")) == (Phase.WAITING, at("2026-05-15T18:00"))


def test_a_time_that_the_clock_skips_begins_as_much_later() -> None:
    # On 29 March 2026 it is 03:00 after 01:59 in Berlin.
    assert phase(nightly(), at("2026-03-29T03:29"))[0] is Phase.WAITING
    assert phase(nightly(), at("2026-03-29T03:30")) == (Phase.HOLDING, at("2026-03-29T05:30"))


def test_a_time_that_comes_twice_begins_the_first_time() -> None:
    # On 25 October 2026 it is 02:00 again after 02:59.
    assert phase(nightly(), at("2026-10-25T02:30")) == (Phase.HOLDING, at("2026-10-25T02:30") + 2 * HOUR)
    assert phase(nightly(), at("2026-10-25T02:30", fold=1))[0] is Phase.HOLDING
    assert phase(nightly(), at("2026-10-25T03:30"))[0] is Phase.WAITING


def test_the_zone_is_that_of_the_tenant_where_none_is_told() -> None:
    somewhere = nightly(zone="")
    assert phase(somewhere, at("2026-05-04T02:30"), BERLIN)[0] is Phase.HOLDING
    assert phase(somewhere, at("2026-05-04T02:30", "UTC"))[0] is Phase.HOLDING


def test_nothing_holds_outside_of_start_and_end() -> None:
    recurrence = Recurrence((), 0, 24 * HOUR, "UTC")
    limited = silence(at("2026-05-04T12:00", "UTC"), at("2026-05-05T12:00", "UTC"), recurrence)
    assert phase(limited, at("2026-05-04T11:00", "UTC")) == (Phase.WAITING, limited.start)
    assert phase(limited, at("2026-05-05T11:00", "UTC")) == (Phase.HOLDING, limited.end)
    assert phase(limited, at("2026-05-05T12:00", "UTC"))[0] is Phase.ENDED


@pytest.mark.parametrize("zone", ["UTC", BERLIN, "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"])
@given(
    # Whole seconds: between two times there is one to look at.
    st.integers(round(at("2026-01-01T00:00", "UTC")), round(at("2027-01-01T00:00", "UTC"))).map(float),
    st.sets(st.integers(1, 7)),
    st.integers(0, 1439),
    st.integers(60, 7 * 24 * round(HOUR)).map(float),
)
def test_it_stays_until_it_is_said_to_change(
    zone: str, moment: float, days: set[int], since: int, seconds: float
) -> None:
    recurring = silence(0.0, None, Recurrence(tuple(sorted(days)), since, seconds, zone))
    held, until = phase(recurring, moment)
    assert moment < until <= moment + 9 * 24 * HOUR
    assert phase(recurring, (moment + until) / 2)[0] is held
    assert phase(recurring, until - 0.001)[0] is held
