"""Waiting for a condition, with a deadline, instead of sleeping for luck."""

import asyncio
import time
from collections.abc import Awaitable, Callable

PAUSE_SECONDS = 0.01


async def eventually(condition: Callable[[], Awaitable[bool]], what: str, within: float = 20.0) -> None:
    """Return once `condition` holds; fail, naming `what`, when it does not hold `within` seconds."""
    deadline = time.monotonic() + within
    while not await condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {what}")
        await asyncio.sleep(PAUSE_SECONDS)


def eventually_sync(condition: Callable[[], bool], what: str, within: float = 20.0) -> None:
    """The same for tests without an event loop."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {what}")
        time.sleep(PAUSE_SECONDS)
