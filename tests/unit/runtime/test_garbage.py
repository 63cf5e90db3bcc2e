"""Searches for cyclic garbage stay short, and find what there is."""

import gc
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from services.runtime.garbage import WHOLE_SECONDS, set_aside
from tests.support.clock import ManualClock

FULL = 1_500_000
"""Objects, about what 100,000 alerts are made of."""


@dataclass(slots=True)
class Kept:
    other: object = None


@contextmanager
def pauses() -> Iterator[list[float]]:
    """How long each search within the block takes, in seconds of processor time."""
    found: list[float] = []
    began = 0.0

    def note(phase: str, _told: object) -> None:
        nonlocal began
        if phase == "start":
            began = time.thread_time()
        else:
            found.append(time.thread_time() - began)

    gc.callbacks.append(note)
    try:
        yield found
    finally:
        gc.callbacks.remove(note)


def test_much_that_is_kept_is_not_searched_again_and_again() -> None:
    with set_aside(ManualClock()):
        set_apart = longest_while_kept()
    assert set_apart < longest_while_kept() / 2


def longest_while_kept() -> float:
    """The longest search, in seconds, while so many objects come and stay."""
    gc.collect()
    gc.freeze()
    try:
        with pauses() as found:
            kept = [Kept(Kept()) for _each in range(FULL // 2)]
        assert len(kept) == FULL // 2
        return max(found)
    finally:
        gc.unfreeze()


async def test_what_nobody_uses_goes_at_the_next_search_of_everything() -> None:
    clock = ManualClock()
    with set_aside(clock):
        circle = Kept()
        circle.other = circle
        held = Holder(circle)
        held.other = held
        gone = weakref.ref(held)
        gc.collect()
        del held
        gc.collect()
        assert gone() is not None
        await clock.advance(WHOLE_SECONDS)
        gc.collect()
        assert gone() is None


class Holder:
    """Something that may be pointed at weakly."""

    def __init__(self, other: object) -> None:
        self.other = other
