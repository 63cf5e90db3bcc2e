"""Writes what was refused to the journal every two seconds, so that it reaches the store like everything else."""

from typing import NoReturn

from services.collector.domain.intake import Intake
from services.core.clock import Clock
from services.core.errors import Overloaded, Unavailable

EVERY_SECONDS = 2.0


class WarningWriter:
    """Takes from the intake's book of refusals. What the journal has no room for is kept, and written later."""

    def __init__(self, intake: Intake, clock: Clock) -> None:
        self._intake = intake
        self._clock = clock

    async def run(self) -> NoReturn:
        """Write until cancelled."""
        while True:
            await self._clock.sleep(EVERY_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Write what there is."""
        book = self._intake.admission.refusals
        for tenant in book.tenants():
            taken = book.take(tenant)
            try:
                await self._intake.warnings(tenant, taken)
            except (Overloaded, Unavailable):
                book.give_back(tenant, taken)
