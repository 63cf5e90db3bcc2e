"""Carries one tenant's alerts to the state store while evaluation goes on."""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from services.alerting.domain.evaluation import Changes
from services.alerting.domain.retries import Backoff
from services.alerting.ports import Alert, Gauges, StateStore
from services.core.clock import Clock
from services.core.errors import BinnacleError


class Keeper:
    """Writes changes as they come. What cannot be written waits, the latest of each alert only."""

    def __init__(self, tenant: str, store: StateStore, clock: Clock, gauges: Gauges) -> None:
        self._tenant = tenant
        self._store = store
        self._clock = clock
        self._gauges = gauges
        self._unsaved: dict[str, Alert | None] = {}
        self._news = asyncio.Event()

    def put(self, changes: Changes) -> None:
        """Take changes in, to be written at once or later."""
        self._unsaved.update({alert.id: alert for alert in changes.transitions})
        self._unsaved.update(dict.fromkeys(changes.forgotten))
        if self._unsaved:
            self._news.set()

    async def load(self) -> Sequence[Alert]:
        """What the store keeps, however long it takes."""
        backoff = Backoff(self._clock)
        while True:
            try:
                return await self._store.load(self._tenant)
            except BinnacleError:
                self._gauges.store_failed()
                await backoff.wait()

    async def run(self, everything: Callable[[], Iterable[Alert]]) -> None:
        """Write for ever. After a failure `everything` is written, since a store that went away may have lost some."""
        backoff = Backoff(self._clock)
        while True:
            await self._news.wait()
            self._news.clear()
            batch, self._unsaved = self._unsaved, {}
            try:
                await self._save(batch)
            except BinnacleError:
                self._gauges.store_failed()
                await backoff.wait()
                self._unsaved = batch | {alert.id: alert for alert in everything()} | self._unsaved
                self._news.set()
            else:
                backoff.succeeded()

    async def _save(self, batch: dict[str, Alert | None]) -> None:
        alerts = [alert for alert in batch.values() if alert is not None]
        forgotten = [alert_id for alert_id, alert in batch.items() if alert is None]
        await self._store.save(self._tenant, alerts, forgotten)
