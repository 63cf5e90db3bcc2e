"""How long to wait before the next try."""

from services.core.clock import Clock

FIRST_WAIT = 0.25
LONGEST_WAIT = 5.0


class Backoff:
    """Waits twice as long after each failure in a row, up to 5 seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next = FIRST_WAIT

    async def wait(self) -> None:
        """Wait after a failure."""
        seconds, self._next = self._next, min(2 * self._next, LONGEST_WAIT)
        await self._clock.sleep(seconds)

    def succeeded(self) -> None:
        """Begin anew with the shortest wait."""
        self._next = FIRST_WAIT
