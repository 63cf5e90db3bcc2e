"""The record of what happened to alerts."""

from collections.abc import AsyncGenerator
from typing import Protocol

from services.alerting.ports.alerts import Transition
from services.alerting.ports.states import Batch


class TransitionLog(Protocol):
    """Writes the record."""

    async def record(self, tenant: str, batch: Batch) -> int:
        """Record transitions; returns once that is durable, with how many were refused for good.

        Errors: any BinnacleError is worth another try: of one name a batch counts once.
        """
        ...


class History(Protocol):
    """Reads the record."""

    def of(self, tenant: str, since: float) -> AsyncGenerator[Transition, None]:
        """Every transition from a time on, newest first. Errors: Unavailable."""
        ...
