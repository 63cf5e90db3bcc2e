"""Waiting before another try."""

import random

from services.collector.domain.backoff import INITIAL_SECONDS, MAXIMUM_SECONDS, Backoff


def test_waits_grow_to_a_maximum_and_start_small_again() -> None:
    backoff = Backoff(random.Random(1))
    waits = [backoff.next() for _try in range(12)]
    assert INITIAL_SECONDS / 2 <= waits[0] <= INITIAL_SECONDS
    assert all(MAXIMUM_SECONDS / 2 <= wait <= MAXIMUM_SECONDS for wait in waits[-4:])
    backoff.reset()
    assert backoff.next() <= INITIAL_SECONDS


def test_two_collectors_do_not_come_back_at_once() -> None:
    first, second = Backoff(random.Random(1)), Backoff(random.Random(2))
    assert [first.next() for _try in range(5)] != [second.next() for _try in range(5)]
