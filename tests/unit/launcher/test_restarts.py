"""How long a process that died stays down."""

from hypothesis import given, strategies as st

from services.launcher.restarts import LONGEST_SECONDS, SETTLED_SECONDS, Backoff


def test_first_at_once_then_doubling_up_to_five_seconds() -> None:
    backoff = Backoff()
    assert [backoff.after(0.1) for _ in range(8)] == [0, 0.5, 1, 2, 4, 5, 5, 5]


def test_a_life_that_lasted_is_a_new_start() -> None:
    backoff = Backoff()
    pauses = [backoff.after(lived) for lived in (1, 1, 1, SETTLED_SECONDS, 1)]
    assert pauses == [0, 0.5, 1, 0, 0.5]


@given(st.lists(st.floats(0, 100)))
def test_pauses_are_bounded_and_never_shrink_without_a_long_life(lives: list[float]) -> None:
    backoff, former = Backoff(), 0.0
    for lived in lives:
        pause = backoff.after(lived)
        assert 0 <= pause <= LONGEST_SECONDS
        assert pause >= former or lived >= SETTLED_SECONDS
        former = pause
