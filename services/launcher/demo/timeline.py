"""What happens when: actions at their times, in order, however large the steps in which time moves."""

import heapq
from collections.abc import Callable

Action = Callable[[float], None]

LONGEST_STEP_SECONDS = 30.0


class Timeline:
    """Actions to come. An action is called with its own time, and puts its successor."""

    def __init__(self, start: float) -> None:
        self._now = start
        self._coming: list[tuple[float, int, Action]] = []
        self._count = 0

    def at(self, time: float, action: Action) -> None:
        """Do `action` at `time`, or as soon as time moves when that has passed."""
        self._count += 1
        heapq.heappush(self._coming, (time, self._count, action))

    def advance(self, now: float) -> None:
        """Do all that is due by `now`. After a sleep of the machine the world goes on where it stopped."""
        gap = now - self._now - LONGEST_STEP_SECONDS
        if gap > 0.0:
            self._coming = [(time + gap, count, action) for time, count, action in self._coming]
        self._now = max(now, self._now)
        while self._coming and self._coming[0][0] <= now:
            time, _, action = heapq.heappop(self._coming)
            action(time)
