"""Hands on what had to wait for connections, all that have something in one turn."""

import asyncio
from typing import Final, Protocol

from services.core.clock import Clock
from services.core.errors import BinnacleError, Unavailable

# What happens within this time after a frame goes into the next.
TOGETHER_SECONDS: Final = 0.02
# So many are served before everything else has its turn: of those that wait, and of those that need not.
AT_ONCE: Final = 250
UNASKED: Final = 1_000


class Served(Protocol):
    """Whoever has something waiting."""

    def flush(self, now: float) -> None:
        """Hand it on; `now` is the clock's own count of seconds."""
        ...

    def end(self, error: BinnacleError) -> None:
        """Nothing can be handed on any more."""
        ...


class Pump:
    """Serves who asks for it, together every `TOGETHER_SECONDS`; says who need not ask.

    One turn for all instead of a task for each: with a thousand connections that halves what a delivery takes.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._asking: dict[Served, None] = {}
        self._asked = asyncio.Event()
        self._unasked = 0

    def admits(self) -> bool:
        """Whether one more may be served without asking, before everything else has its turn."""
        if self._unasked == 0:
            asyncio.get_running_loop().call_soon(self._rest)
        self._unasked += 1
        return self._unasked <= UNASKED

    def _rest(self) -> None:
        self._unasked = 0

    def ask(self, served: Served) -> None:
        """Serve it in the next turn."""
        if not self._asking:
            self._asked.set()
        self._asking[served] = None

    async def run(self) -> None:
        """Serve for ever."""
        while True:
            await self._asked.wait()
            await self._clock.sleep(TOGETHER_SECONDS)
            self._asked.clear()
            asking, self._asking = self._asking, {}
            now = self._clock.monotonic()
            for number, served in enumerate(asking, 1):
                try:
                    served.flush(now)
                except Exception as fault:
                    give_up(served, fault)
                if not number % AT_ONCE:
                    await asyncio.sleep(0)


def give_up(served: Served, fault: Exception) -> None:
    """A fault in what one is sent must not end the others."""
    asyncio.get_running_loop().call_exception_handler({"message": "cannot be sent", "exception": fault})
    served.end(Unavailable("what was to be sent could not be written", 1.0))
