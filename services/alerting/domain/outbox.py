"""Carries transitions to the record while judging goes on."""

import asyncio
from collections.abc import Sequence
from hashlib import blake2b
from typing import NoReturn

from services.alerting.domain.retries import Backoff
from services.alerting.ports.alerts import Transition
from services.alerting.ports.gauges import Gauges
from services.alerting.ports.notifications import Delivery
from services.alerting.ports.states import Batch
from services.alerting.ports.transitions import TransitionLog
from services.core.clock import Clock
from services.core.errors import BinnacleError

MOST_WAITING = 2_000
"""Batches that may wait; beyond it new ones are dropped, and counted."""
MOST_TOGETHER = 500


class Outbox:
    """Records the batches of a tenant in order, each again and again until it is acknowledged."""

    def __init__(self, tenant: str, log: TransitionLog, clock: Clock, gauges: Gauges) -> None:
        self._tenant = tenant
        self._log = log
        self._clock = clock
        self._gauges = gauges
        self._waiting: dict[str, Batch] = {}
        self._done: list[str] = []
        self._news = asyncio.Event()

    def put(self, batches: Sequence[Batch]) -> None:
        """Queue batches; one of a name that waits already is the same."""
        for batch in batches:
            if len(self._waiting) >= MOST_WAITING:
                self._gauges.record_dropped(len(batch.transitions) + len(batch.deliveries))
            else:
                self._waiting[batch.name] = batch
        if self._waiting:
            self._news.set()

    def waiting(self) -> Sequence[Batch]:
        """What is not recorded yet."""
        return list(self._waiting.values())

    def take_done(self) -> list[str]:
        """Names of what was recorded since the last time."""
        done, self._done = self._done, []
        return done

    async def run(self) -> NoReturn:
        """Record until cancelled."""
        backoff = Backoff(self._clock)
        while True:
            while not self._waiting:
                self._news.clear()
                await self._news.wait()
            try:
                await self._record(next(iter(self._waiting.values())))
            except BinnacleError:
                self._gauges.record_failed()
                await backoff.wait()
            else:
                backoff.succeeded()

    async def _record(self, batch: Batch) -> None:
        refused = await self._log.record(self._tenant, batch)
        if refused:
            self._gauges.record_dropped(refused)
        del self._waiting[batch.name]
        self._done.append(batch.name)


def batches_of(transitions: Sequence[Transition]) -> list[Batch]:
    """Transitions in batches, named by what they are."""
    parts = (transitions[place : place + MOST_TOGETHER] for place in range(0, len(transitions), MOST_TOGETHER))
    return [Batch(_name(part), tuple(part)) for part in parts]


def batch_of(deliveries: Sequence[Delivery]) -> Batch:
    """Attempts in one batch, named by what they are."""
    name = blake2b(digest_size=16)
    for each in deliveries:
        name.update(f"{each.key}\0{each.attempt}\0{each.at!r}\0".encode())
    return Batch(name.hexdigest(), (), tuple(deliveries))


def _name(transitions: Sequence[Transition]) -> str:
    name = blake2b(digest_size=16)
    for each in transitions:
        name.update(f"{each.alert.id}\0{each.step.what}\0{each.step.severity}\0{each.step.at!r}\0".encode())
    return name.hexdigest()
