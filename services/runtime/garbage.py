"""Searches for cyclic garbage that stay short where much is kept for long."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from services.core.clock import Clock

WHOLE_SECONDS = 24 * 3600.0
"""How often everything is searched all the same: it takes half a second where there are a million objects."""
OLDEST = 2
# The third: whole searches are short, so that they may be often, and each sets little aside.
_OFTEN = 2


@contextmanager
def set_aside(clock: Clock) -> Iterator[None]:
    """Within the block what a whole search has found to be in use is left out of the next ones, for a day.

    It goes as it always does once nobody uses it. Only what is left in a circle then waits for the next search of
    everything: for services in which little is, and that must not stand still.
    """
    searched_at = clock.monotonic()

    def search(phase: str, told: Mapping[str, Any]) -> None:
        nonlocal searched_at
        if told["generation"] < OLDEST:
            return
        if phase == "stop":
            gc.freeze()
        elif clock.monotonic() - searched_at >= WHOLE_SECONDS:
            searched_at = clock.monotonic()
            gc.unfreeze()

    former = gc.get_threshold()
    gc.set_threshold(former[0], former[1], _OFTEN)
    gc.callbacks.append(search)
    try:
        yield
    finally:
        gc.callbacks.remove(search)
        gc.set_threshold(*former)
        gc.unfreeze()
