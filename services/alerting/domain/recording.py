"""Carries transitions to the record while evaluation goes on."""

import asyncio
from collections import deque
from collections.abc import Iterable
from itertools import takewhile

from services.alerting.domain.retries import Backoff
from services.alerting.ports import Alert, Gauges, TransitionLog
from services.core.clock import Clock
from services.core.errors import BinnacleError

QUEUE_BOUND = 10_000
"""Transitions that may wait; beyond it new ones are dropped, and counted."""
BATCH = 500


class Recorder:
    """Records transitions in order, again and again until each is acknowledged."""

    def __init__(self, log: TransitionLog, clock: Clock, gauges: Gauges, bound: int = QUEUE_BOUND) -> None:
        self._log = log
        self._clock = clock
        self._gauges = gauges
        self._bound = bound
        self._waiting: deque[tuple[str, Alert]] = deque()
        self._news = asyncio.Event()
        # What is tried again must be what was tried before, whatever came meanwhile: it may have been taken.
        self._batch: list[Alert] = []

    def put(self, tenant: str, transitions: Iterable[Alert]) -> None:
        """Queue transitions of a tenant."""
        for alert in transitions:
            if len(self._waiting) >= self._bound:
                self._gauges.record_dropped(1)
            else:
                self._waiting.append((tenant, alert))
                self._news.set()

    async def run(self) -> None:
        """Record for ever."""
        backoff = Backoff(self._clock)
        while True:
            while not self._waiting:
                self._news.clear()
                await self._news.wait()
            try:
                await self._record_first()
            except BinnacleError:
                self._gauges.record_failed()
                await backoff.wait()
            else:
                backoff.succeeded()

    async def _record_first(self) -> None:
        tenant = self._waiting[0][0]
        if not self._batch:
            self._batch = [alert for _, alert in takewhile(lambda entry: entry[0] == tenant, self._first(BATCH))]
        refused = await self._log.record(tenant, self._batch)
        if refused:
            self._gauges.record_dropped(refused)
        for _ in self._batch:
            self._waiting.popleft()
        self._batch = []

    def _first(self, count: int) -> list[tuple[str, Alert]]:
        return [self._waiting[place] for place in range(min(count, len(self._waiting)))]
