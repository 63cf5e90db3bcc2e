"""Figures that cost something to ask for: kept for everybody who looks, asked for anew while somebody does."""

import asyncio
from collections.abc import Collection, Mapping
from contextvars import Context
from dataclasses import dataclass, field
from typing import Protocol

from services.core.clock import Clock
from services.core.errors import BinnacleError
from services.core.waiting import wait_for_nothing

LINGER_SECONDS = 60.0
"""How long a figure is kept after it was last looked at."""
REST = 9.0
"""How long a question rests, in times of what it took, so that asking takes a tenth of the time."""
LONGEST_PAUSE = 10.0
"""Seconds it rests at most."""
STALE_SECONDS = 30.0
"""How old a figure may get, beyond the time between two askings, before it is taken for lost."""
FIRST_SECONDS = 5.0
"""How long somebody waits for a figure that nobody looked at before."""


class Source(Protocol):
    """Whoever knows a figure."""

    @property
    def interval(self) -> float:
        """Seconds between two questions, at least."""
        ...

    async def ask(self, tenant: str) -> object:
        """The figure of a tenant as it stands. Raises BinnacleError."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """A figure, as its source tells it, and the seconds it took to tell."""

    body: object
    took: float = 0.0


@dataclass(frozen=True, slots=True)
class Untold:
    """Why a figure is missing."""

    reason: str


@dataclass(slots=True)
class _Slot:
    looked: float
    outcome: Told | Untold | None = None
    told_at: float = 0.0
    answered: asyncio.Event = field(default_factory=asyncio.Event)


class Kept:
    """Figures by tenant and source: one question at a time for each, however many look. Belongs to one event loop.

    Questions run in `tasks`; who owns that group decides how long they go on. Who looks first waits `first_seconds`.
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        clock: Clock,
        tasks: asyncio.TaskGroup,
        first_seconds: float = FIRST_SECONDS,
    ) -> None:
        self._sources = sources
        self._first_seconds = first_seconds
        self._clock = clock
        self._tasks = tasks
        self._slots: dict[tuple[str, str], _Slot] = {}

    async def tell(self, tenant: str, names: Collection[str]) -> dict[str, Told | Untold]:
        """What the sources of these names tell, or why they do not."""
        slots = {name: self._slot(tenant, name) for name in names}
        waiting = [slot.answered.wait() for slot in slots.values() if slot.outcome is None]
        if waiting:
            try:
                async with asyncio.timeout(self._first_seconds):
                    await asyncio.gather(*waiting)
            except TimeoutError:
                pass
        untold = Untold(f"no answer within {self._first_seconds:.0f} s")
        return {name: slot.outcome or untold for name, slot in slots.items()}

    def _slot(self, tenant: str, name: str) -> _Slot:
        slot = self._slots.get((tenant, name))
        if slot is None:
            slot = self._slots[tenant, name] = _Slot(self._clock.monotonic())
            # Whoever looks first is not whom it is kept for: nothing of that call, such as its deadline, goes along.
            self._tasks.create_task(self._keep(tenant, name, slot), name=f"{name} of {tenant}", context=Context())
        slot.looked = self._clock.monotonic()
        return slot

    async def _keep(self, tenant: str, name: str, slot: _Slot) -> None:
        source = self._sources[name]
        pause = source.interval
        while self._clock.monotonic() - slot.looked <= LINGER_SECONDS:
            began = self._clock.monotonic()
            await self._ask(source, tenant, slot, pause)
            slot.answered.set()
            # Whoever looks from now on is told what is there.
            wait_for_nothing()
            took = self._clock.monotonic() - began
            pause = max(source.interval, min(took * REST, LONGEST_PAUSE))
            await self._clock.sleep(pause)
        del self._slots[tenant, name]

    async def _ask(self, source: Source, tenant: str, slot: _Slot, pause: float) -> None:
        began = self._clock.monotonic()
        try:
            body = await source.ask(tenant)
            slot.told_at = self._clock.monotonic()
            slot.outcome = Told(body, slot.told_at - began)
        except BinnacleError as error:
            # One answer that came too late is no loss; what is shown says of when it is.
            if not isinstance(slot.outcome, Told) or self._clock.monotonic() - slot.told_at > pause + STALE_SECONDS:
                slot.outcome = Untold(str(error))
