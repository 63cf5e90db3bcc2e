"""Keeps the live overview whole where several aggregators share a store: what others take in is read from there."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import NoReturn

from services.aggregator.domain.live.live import Live, history_bounds
from services.aggregator.ports.others import SharedStore
from services.aggregator.ports.tails import Stretch
from services.core.clock import Clock
from services.core.errors import Unavailable

FOLLOW_SECONDS = 0.5
EVENTS_AT_ONCE = 1_000


class Others:
    """Follows the ledger: for tenants that are watched all the time, for others when they are asked for."""

    def __init__(self, live: Live, store: SharedStore, read_anew: Callable[[], Awaitable[None]], clock: Clock) -> None:
        self._live = live
        self._store = store
        self._read_anew = read_anew
        self._clock = clock

    async def run(self) -> NoReturn:
        """Keep up, for ever."""
        while True:
            await self._clock.sleep(FOLLOW_SECONDS)
            if self._store.shared:
                with suppress(Unavailable):
                    await self.follow()

    async def follow(self) -> None:
        """Take up what others have stored of tenants that are watched. Raises Unavailable as the store."""
        watched = self._live.watched()
        if watched:
            committed = await self._store.committed()
            for tenant in watched:
                await self._take_up(tenant, committed)

    async def catch_up(self, tenant: str) -> None:
        """Take up what others have stored of a tenant. Raises Unavailable as the store."""
        if self._store.shared:
            await self._take_up(tenant, await self._store.committed())

    async def _take_up(self, tenant: str, committed: Mapping[str, int]) -> None:
        self._live.require_rebuilt()
        counted = self._live.counted(tenant)
        missing = {name: end for name, end in committed.items() if end > counted.get(name, 0)}
        if any(self._live.divided(name) for name in missing):
            # What was fed here in part was stored by another, as a whole: it cannot be taken apart again.
            await self._read_anew()
        elif missing:
            bounds = replace(history_bounds(self._clock.now()), events=EVENTS_AT_ONCE)
            stretches = [Stretch(name, (counted.get(name, 0), 0), (end, 0)) for name, end in missing.items()]
            part = await self._store.live_part(tenant, bounds, stretches)
            # Meanwhile somebody else may have counted it, or everything was read anew.
            if self._live.counted(tenant) == counted:
                self._live.take_up(part, missing)
