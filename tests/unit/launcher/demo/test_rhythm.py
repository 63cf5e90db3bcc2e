import pytest

from services.launcher.demo.rhythm import busyness

DAY = 1_800_057_600.0 - 1_800_057_600.0 % 86_400


def test_a_day_averages_to_one() -> None:
    assert sum(busyness(DAY + second) for second in range(0, 86_400, 30)) / 2_880 == pytest.approx(1.0, abs=0.03)


def test_evenings_are_busier_than_mornings_and_nights_quiet_but_never_silent() -> None:
    night, morning, evening = (busyness(DAY + hour * 3_600) for hour in (3, 11, 19.5))
    assert 0.3 < night < 0.75 < morning < evening


def test_the_last_second_of_a_day_leads_into_the_first_of_the_next() -> None:
    assert busyness(DAY + 86_399.9) == pytest.approx(busyness(DAY + 86_400.1), abs=0.02)
