"""The ready-made rules. docs/conventions.md documents them."""

from dataclasses import dataclass
from typing import Protocol

from services.alerting.domain.states import Judgement, Terms
from services.alerting.ports import ServiceWindow, Severity
from services.core.conventions import HEARTBEAT_STALE_AFTER


class Rule(Protocol):
    """Judges one service at a time; pure."""

    @property
    def terms(self) -> Terms:
        """What its alerts say."""
        ...

    def judge(self, window: ServiceWindow, at: float) -> Judgement:
        """Whether the condition holds for a service at `at`."""
        ...


@dataclass(frozen=True, slots=True)
class ErrorRateRule:
    """More than `terms.threshold` percent of at least `minimum_requests` within up to 5 minutes failed."""

    terms: Terms
    minimum_requests: float

    def judge(self, window: ServiceWindow, at: float) -> Judgement:
        percent = min(100.0, 100.0 * window.errors / window.requests) if window.requests > 0 else 0.0
        enough = window.requests >= self.minimum_requests
        return Judgement(enough and percent > self.terms.threshold, percent)


@dataclass(frozen=True, slots=True)
class HeartbeatStaleRule:
    """The last heartbeat is older than `terms.threshold` seconds; a service that never sent one is not judged."""

    terms: Terms

    def judge(self, window: ServiceWindow, at: float) -> Judgement:
        age = max(0.0, at - window.last_heartbeat) if window.last_heartbeat is not None else 0.0
        return Judgement(age > self.terms.threshold, age)


SERVICE_ERROR_RATE = ErrorRateRule(
    Terms("service-error-rate", "Error rate over 5 %", Severity.CRITICAL, threshold=5.0, hold=10.0), minimum_requests=20
)
HEARTBEAT_STALE = HeartbeatStaleRule(
    Terms("heartbeat-stale", "Heartbeat missing", Severity.WARNING, threshold=float(HEARTBEAT_STALE_AFTER), hold=0.0)
)
READY_MADE: tuple[Rule, ...] = (SERVICE_ERROR_RATE, HEARTBEAT_STALE)
