"""The life of the aggregator: open the store, read the live state back, tick once a second."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import NoReturn

from services.aggregator.domain.intake.claims import Claims, RepeatLimits
from services.aggregator.domain.intake.flow import FlowMeter
from services.aggregator.domain.intake.forgotten import Forgotten
from services.aggregator.domain.intake.intake import Intake
from services.aggregator.domain.intake.rollups import RAW_SECONDS, RollUps
from services.aggregator.domain.live.live import Live
from services.aggregator.domain.live.tails import Tails
from services.aggregator.ports.observer import Observer
from services.aggregator.ports.store import Store
from services.core.clock import Clock
from services.core.errors import Unavailable

RETRY_SECONDS = 1.0
SETTLE_SECONDS = 30.0
# After the turn of a second, so that an update shows the whole second before.
TICK_AFTER_SECONDS = 0.02


class Aggregator:
    """Live state and intake over one store."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        observer: Observer,
        limits: RepeatLimits | None = None,
        raw_seconds: Callable[[str], float] = lambda _tenant: RAW_SECONDS,
    ) -> None:
        self.live = Live(clock, observer)
        self._claims = Claims(clock, observer, limits)
        self.rollups = RollUps(store, clock, raw_seconds)
        self.flow = FlowMeter(clock)
        self.forgotten = Forgotten()
        self.tails = Tails(clock)
        self.intake = Intake(
            store, self.live, self._claims, clock, observer, self.rollups, self.flow, self.forgotten, self.tails
        )
        self.before_intake: list[Callable[[], Awaitable[None]]] = []
        self._store = store
        self._clock = clock

    async def run(self) -> None:
        """Start, then hand out updates until cancelled. Raises Conflict when the store is newer than this software."""
        while not await self._started():
            await self._clock.sleep(RETRY_SECONDS)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.rollups.run(), name="roll-ups")
            tasks.create_task(self._tick(), name="ticks")
            tasks.create_task(self._settle(), name="what others did")

    async def _tick(self) -> NoReturn:
        while True:
            await self._clock.sleep(1.0 - self._clock.now() % 1.0 + TICK_AFTER_SECONDS)
            self.live.tick()
            self.tails.tick()
            self._claims.forget()

    async def _settle(self) -> None:
        """Take up what other aggregators over the same store have committed, or left behind."""
        while self._store.shared:
            await self._clock.sleep(SETTLE_SECONDS)
            with contextlib.suppress(Unavailable):
                await self.intake.settle()
                await self.rollups.adopt()

    async def _started(self) -> bool:
        try:
            await self._store.open()
            for step in self.before_intake:
                await step()
            limits = self._claims.limits
            self._claims.restore(await self._store.claims(limits.horizon_us, limits.names))
            await self.rollups.resume()
            self.intake.resume(await self.live.rebuild(self._store))
        except Unavailable:
            return False
        return True

    async def ready(self) -> None:
        """Raises Unavailable, with the reason, while calls would be refused."""
        self.live.require_rebuilt()
        self.intake.require_storing()

    def stop(self) -> None:
        """End all streams, so that the process can go."""
        self.intake.stop()
        self.live.stop()
        self.tails.stop()
