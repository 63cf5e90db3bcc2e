"""Calls that are to repair what an alert is about."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from services.alerting.ports.alerts import Alert
from services.alerting.ports.notifications import Answer


@dataclass(frozen=True, slots=True)
class Run:
    """A call for one alert; `key` is the same for each attempt, `may_be_repeat` where a former one may have arrived."""

    key: str
    tenant: str
    alert: Alert
    may_be_repeat: bool = False


class ActionCaller(Protocol):
    """Calls the receivers of tenants."""

    async def call(self, receiver_id: str, run: Run, go: Callable[[], None]) -> Answer:
        """Call one. `go` is called just before anything that it could act on leaves, and may raise Stale.

        Errors: Stale, and then nothing was sent; Unavailable while nobody knows the receivers.
        """
        ...
