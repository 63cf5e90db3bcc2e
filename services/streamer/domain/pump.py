"""Hands on what waits for connections, all that have something in one turn."""

import asyncio
from typing import Final, Protocol

from services.core.clock import Clock
from services.core.errors import BinnacleError, Unavailable

# What happens within this time goes into one frame.
TOGETHER_SECONDS: Final = 0.02
# So many are served before everything else has its turn.
AT_ONCE: Final = 250


class Served(Protocol):
    """Whoever has something waiting."""

    def flush(self, now: float) -> None:
        """Hand it on; `now` is the clock's own count of seconds."""
        ...

    def end(self, error: BinnacleError) -> None:
        """Nothing can be handed on any more."""
        ...


class Pump:
    """Serves who asks for it: at once after a quiet time, else together every `TOGETHER_SECONDS`.

    One turn for all instead of a task for each: with a thousand connections that halves what a delivery takes.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._asking: dict[Served, None] = {}
        self._asked = asyncio.Event()

    def ask(self, served: Served) -> None:
        """Serve it in the next turn."""
        if not self._asking:
            self._asked.set()
        self._asking[served] = None

    async def run(self) -> None:
        """Serve for ever."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            asking, self._asking = self._asking, {}
            now = self._clock.monotonic()
            for number, served in enumerate(asking, 1):
                try:
                    served.flush(now)
                except Exception as fault:
                    # A fault in what one is sent must not end the others.
                    _give_up(served, fault)
                if not number % AT_ONCE:
                    await asyncio.sleep(0)
            await self._clock.sleep(TOGETHER_SECONDS)


def _give_up(served: Served, fault: Exception) -> None:
    asyncio.get_running_loop().call_exception_handler({"message": "cannot be sent", "exception": fault})
    served.end(Unavailable("what was to be sent could not be written", 1.0))
