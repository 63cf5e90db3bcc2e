"""How many notifications receivers may still get."""

from services.alerting.ports.notifiers import Receiver
from services.core.clock import Clock


class Budget:
    """A quiet receiver may get what a minute allows at once, and then so many a minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def left(self, receiver: Receiver) -> int:
        """How many it may get now."""
        return int(self._now(receiver))

    def spend(self, receiver: Receiver) -> None:
        """One is being sent."""
        self._left[receiver.id] = self._now(receiver) - 1.0, self._clock.monotonic()

    def _now(self, receiver: Receiver) -> float:
        most = float(receiver.per_minute)
        left, at = self._left.get(receiver.id, (most, self._clock.monotonic()))
        return min(most, left + (self._clock.monotonic() - at) * most / 60)
