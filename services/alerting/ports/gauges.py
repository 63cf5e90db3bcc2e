"""What alerting does, in numbers."""

from typing import Protocol

from services.alerting.ports.alerts import AlertState
from services.alerting.ports.notifications import Outcome


class Gauges(Protocol):
    """Counts what alerting does, for operators."""

    def evaluated(self, lag: float) -> None:
        """All rules of one interval were judged at a tick, `lag` seconds after that was due."""
        ...

    def transitioned(self, state: AlertState) -> None:
        """An alert went into a state."""
        ...

    def source_failed(self) -> None:
        """What rules are judged by could not be asked for, or a feed of it broke off."""
        ...

    def store_failed(self) -> None:
        """The state store did not answer."""
        ...

    def leads(self, leads: bool) -> None:
        """Whether this process judges from now on."""
        ...

    def lease_lost(self) -> None:
        """This process led, and another does, or the lease ran out or was lost."""
        ...

    def record_failed(self) -> None:
        """Recording failed and will be tried again."""
        ...

    def record_dropped(self, transitions: int) -> None:
        """Transitions that will not be recorded: the queue is full, or they were refused for good."""
        ...

    def notified(self, kind: str, outcome: Outcome) -> None:
        """An attempt was made to tell a receiver of a kind something."""
        ...
