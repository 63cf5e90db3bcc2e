"""Work on many values, apart from the event loop."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

# Work on more values than this would hold up other calls.
LONG = 100_000
Answer = TypeVar("Answer")


async def apart(size: int, work: Callable[[], Answer]) -> Answer:
    """Work on so many values: in a thread where it takes long."""
    return work() if size < LONG else await asyncio.to_thread(work)
