"""How long to wait before trying again: longer each time, never all at once, never for ever."""

import random

INITIAL_SECONDS = 0.05
MAXIMUM_SECONDS = 2.0


class Backoff:
    """Waits that double up to a maximum, each between half and whole of its turn."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._turn = INITIAL_SECONDS

    def next(self) -> float:
        """Seconds to wait before the next try."""
        wait = self._turn * self._rng.uniform(0.5, 1.0)
        self._turn = min(self._turn * 2, MAXIMUM_SECONDS)
        return wait

    def reset(self) -> None:
        """The last try went well."""
        self._turn = INITIAL_SECONDS
