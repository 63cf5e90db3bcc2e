"""Who judges: of several processes the one that holds the lease."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NoReturn

from services.alerting.ports.gauges import Gauges
from services.alerting.ports.states import Lease, StateStore
from services.core.clock import Clock
from services.core.errors import Unavailable

LEASE_SECONDS = 5.0
TRY_SECONDS = 1.0
UNSURE_AFTER = 8.0
"""A leader that could not even try for so long has stood still: it may have been replaced without noticing."""
VACANT_TRIES = 2
"""How often in a row a follower has to find nobody leading: a leader whose lease was lost is back sooner."""
_AWAY_TRIES = 5


class Leadership:
    """Claims the lease, holds it, and says whether it may still be relied on.

    While the store is away the leader goes on: nobody can replace it meanwhile.
    """

    def __init__(self, store: StateStore, clock: Clock, gauges: Gauges, holder: str) -> None:
        self._store = store
        self._gauges = gauges
        self._clock = clock
        self._holder = holder
        self._lease: Lease | None = None
        self._looked_at = clock.monotonic()
        self._looked = asyncio.Event()
        self._doubted = asyncio.Event()
        self.on_new_lease: Callable[[], None] = lambda: None
        """Called when a leader goes on under another lease: what it kept may be gone."""

    @property
    def lease(self) -> Lease:
        """The lease that is held, or was last."""
        assert self._lease is not None
        return self._lease

    async def run(
        self, lead: Callable[[], Coroutine[Any, Any, None]], follow: Callable[[], Coroutine[Any, Any, None]]
    ) -> NoReturn:
        """Follow or lead until cancelled; both run until they are cancelled."""
        if await self._try_once():
            await _beside(lead(), self._hold())
        while True:
            await _beside(follow(), self._win())
            await _beside(lead(), self._hold())

    async def sure(self) -> None:
        """Return once it is known that nobody else leads, as far as the store can tell."""
        while self._clock.monotonic() - self._looked_at > UNSURE_AFTER:
            self._looked.clear()
            await self._looked.wait()

    async def confirm(self, refused: Lease) -> None:
        """Return once this process leads under another lease than one that the store refused to write under.

        Never where another process leads.
        """
        if self._lease == refused:
            self._doubted.set()
        while self._lease == refused:
            self._looked.clear()
            await self._looked.wait()

    async def _try_once(self) -> bool:
        try:
            return await self._claim(None)
        except Unavailable:
            return False

    async def _win(self) -> None:
        vacancies = 0
        while True:
            try:
                leader = await self._store.leader()
                vacancies = 0 if leader == "another" else vacancies + 1
                is_due = leader == "this" or vacancies >= VACANT_TRIES
                if is_due and await self._claim(None):
                    return
            except Unavailable:
                # Its leader is back before it.
                vacancies = VACANT_TRIES - _AWAY_TRIES
            await self._clock.sleep(TRY_SECONDS)

    async def _hold(self) -> None:
        """Renew the lease until it is lost."""
        self._gauges.leads(True)
        while await self._renew():
            await _first(self._clock.sleep(TRY_SECONDS), self._doubted.wait())
        self._gauges.leads(False)
        self._gauges.lease_lost()

    async def _renew(self) -> bool:
        """Whether nobody else leads, as far as the store can tell."""
        self._doubted.clear()
        began, former = self._clock.monotonic(), self._lease
        try:
            if not await self._claim(former):
                return False
        except Unavailable:
            self._gauges.store_failed()
        if self._lease != former:
            self._gauges.lease_lost()
            self.on_new_lease()
        self._looked_at = began
        self._looked.set()
        return True

    async def _claim(self, former: Lease | None) -> bool:
        began = self._clock.monotonic()
        lease = await self._store.claim(self._holder, former, LEASE_SECONDS)
        if lease is not None:
            self._lease, self._looked_at = lease, began
        return lease is not None


async def _beside(work: Coroutine[Any, Any, None], until: Awaitable[None]) -> None:
    """Do work until something else is done."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(work)
        await until
        task.cancel()


async def _first(*waits: Coroutine[Any, Any, Any]) -> None:
    """Return when the first is done."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
