from hypothesis import given, strategies as st

from services.launcher.agent.readings import Rates


def test_the_first_total_gives_no_rate_and_the_next_an_increase_a_second() -> None:
    rates = Rates()
    assert rates.rate("a", 100.0, 10.0) is None
    assert rates.rate("a", 150.0, 12.0) == 25.0
    assert rates.rate("b", 150.0, 12.0) is None


def test_a_total_that_fell_has_begun_anew() -> None:
    rates = Rates()
    rates.rate("a", 100.0, 10.0)
    assert rates.rate("a", 5.0, 11.0) is None
    assert rates.rate("a", 6.0, 12.0) == 1.0


def test_what_is_not_kept_is_forgotten() -> None:
    rates = Rates()
    rates.rate("a", 1.0, 1.0)
    rates.keep(set())
    assert rates.rate("a", 2.0, 2.0) is None


@given(st.lists(st.tuples(st.floats(0, 1e12), st.floats(0.001, 1e6)), min_size=1))
def test_rates_are_never_negative(steps: list[tuple[float, float]]) -> None:
    rates, now = Rates(), 0.0
    for total, pause in steps:
        now += pause
        rate = rates.rate("a", total, now)
        assert rate is None or rate >= 0.0
