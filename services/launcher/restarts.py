"""How long a process that died stays down."""

from dataclasses import dataclass

FIRST_SECONDS = 0.5
# A part has to be back within ten seconds: what is left is for its start.
LONGEST_SECONDS = 5.0
SETTLED_SECONDS = 10.0


@dataclass(slots=True)
class Backoff:
    """Pauses before restarts: none at first, then doubling up to a bound; forgotten after a life that lasted."""

    _next: float = 0.0

    def after(self, lived: float) -> float:
        """Seconds to wait after a life of `lived` seconds."""
        if lived >= SETTLED_SECONDS:
            self._next = 0.0
        pause = self._next
        self._next = min(max(pause * 2, FIRST_SECONDS), LONGEST_SECONDS)
        return pause
