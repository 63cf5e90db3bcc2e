"""Work on many things at once, beside the event loop."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

FEW = 50
"""Things that nobody has to wait for."""
Thing = TypeVar("Thing")
Made = TypeVar("Made")


async def aside(work: Callable[[Sequence[Thing]], Made], things: Sequence[Thing], few: int = FEW) -> Made:
    """What `work` makes of things, in a thread where they are many. It must not touch what others may change."""
    return work(things) if len(things) <= few else await asyncio.to_thread(work, things)
