"""What is closed when the streamer stops."""

import asyncio
from typing import Protocol


class Closed(Protocol):
    """Whoever serves what has no end of its own."""

    def close(self) -> None:
        """End what is served, and take no more."""
        ...


async def close_at_stop(served: Closed, stopping: asyncio.Event) -> None:
    """Close it once `stopping` is set."""
    await stopping.wait()
    served.close()
