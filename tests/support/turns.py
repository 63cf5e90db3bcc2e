"""How long an event loop is held."""

import asyncio
import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Longest:
    """Seconds of processor time of the thread of the loop: what other programs do meanwhile counts for nothing."""

    seconds: float = 0.0


@contextmanager
def longest_turn() -> Iterator[Longest]:
    """The longest turn of the running loop within the block, all that is done in it taken together."""
    # What pytest keeps is no part of a service, which begins so too.
    gc.collect()
    gc.freeze()
    loop = asyncio.get_running_loop()
    longest = Longest()
    handle: asyncio.Handle | None = None
    before = time.thread_time()

    def turn() -> None:
        nonlocal handle, before
        now = time.thread_time()
        longest.seconds = max(longest.seconds, now - before)
        before = now
        # At least a millisecond later, so that threads have their turn.
        handle = loop.call_later(0.001, turn)

    turn()
    try:
        yield longest
    finally:
        if handle is not None:
            handle.cancel()
        gc.unfreeze()
