"""What alerting needs from outside, and the values that cross.

Times are seconds since the Unix epoch, durations are seconds.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class AlertState(StrEnum):
    """State of one alert; a rule and service without an alert are inactive too."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"
    INACTIVE = "inactive"


class Severity(StrEnum):
    """How grave an alert is."""

    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Alert:
    """One episode of a rule over a service: `id` is the same from pending to resolved.

    `value` is the one seen last, in the unit of `threshold`. `fired_at` is None unless it fired, `ended_at` until the
    condition ended.
    """

    id: str
    rule_id: str
    name: str
    severity: Severity
    service: str
    state: AlertState
    started_at: float
    fired_at: float | None
    ended_at: float | None
    value: float
    threshold: float

    @property
    def changed_at(self) -> float:
        """Time of the transition into its state."""
        return self.ended_at or self.fired_at or self.started_at


@dataclass(frozen=True, slots=True)
class ServiceWindow:
    """One service over the 5 minutes before the observation; `last_heartbeat` is None when it sent none for a day."""

    service: str
    requests: float
    errors: float
    last_heartbeat: float | None


@dataclass(frozen=True, slots=True)
class Observation:
    """Every service of a tenant at one moment, by the aggregator's clock."""

    at: float
    windows: tuple[ServiceWindow, ...]


class OverviewSource(Protocol):
    """What happens now."""

    def watch(self, tenant: str) -> AsyncGenerator[Observation, None]:
        """Observations as they are made, one a second, until it ends. Errors: Unavailable, also on silence."""
        ...


class StateStore(Protocol):
    """Keeps alerts across restarts; never the only copy of what happened."""

    async def load(self, tenant: str) -> Sequence[Alert]:
        """Every alert kept, in no order. Errors: Unavailable."""
        ...

    async def save(self, tenant: str, alerts: Sequence[Alert], forgotten: Sequence[str]) -> None:
        """Keep alerts, each in place of a former one with its id, and drop the forgotten ids; all of it or nothing.

        Errors: Unavailable.
        """
        ...


class TransitionLog(Protocol):
    """The record of what happened."""

    async def record(self, tenant: str, transitions: Sequence[Alert]) -> int:
        """Record alerts as they became; returns once that is durable, with how many were refused for good.

        Errors: any BinnacleError is worth another try; some may have been recorded then.
        """
        ...


class Tenants(Protocol):
    """Whose services are watched."""

    async def known(self) -> Sequence[str]:
        """Their names."""
        ...


class Gauges(Protocol):
    """Counts what alerting does, for operators."""

    def evaluated(self, lag: float) -> None:
        """An observation was judged, `lag` seconds after it was made."""
        ...

    def transitioned(self, state: AlertState) -> None:
        """An alert went into a state."""
        ...

    def source_failed(self) -> None:
        """The overview broke off or could not be reached."""
        ...

    def store_failed(self) -> None:
        """The state store did not answer."""
        ...

    def record_failed(self) -> None:
        """Recording failed and will be tried again."""
        ...

    def record_dropped(self, transitions: int) -> None:
        """Transitions that will not be recorded: the queue is full, or they were refused for good."""
        ...
