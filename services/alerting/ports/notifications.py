"""What people are told of incidents, and what became of it."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from services.alerting.ports.alerts import Labels, Severity
from services.alerting.ports.incidents import Incident, IncidentState
from services.alerting.ports.notifiers import Receiver, SmtpServer


class Reason(StrEnum):
    """Why somebody is told. DIGEST: of several incidents at once, since there were too many to tell each."""

    OPENED = "opened"
    GREW = "grew"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    ESCALATED = "escalated"
    REMINDER = "reminder"
    TEST = "test"
    DIGEST = "digest"


class Outcome(StrEnum):
    """What came of an attempt."""

    DELIVERED = "delivered"
    RETRYING = "retrying"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Told:
    """How an incident stood when a receiver was told of it, and when that was.

    `round` is how many steps of escalations had told it by then, counted from `since`, when nobody was on it.
    """

    state: IncidentState
    worst: Severity
    size: int
    reopened: int
    at: float
    round: int = 0
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Notice:
    """What a receiver is told of one incident: as it stood then, with its first few members.

    `annotations` and `runbook_url` are those of one of its alerts.
    """

    reason: Reason
    incident: Incident
    annotations: Labels = ()
    runbook_url: str = ""


@dataclass(frozen=True, slots=True)
class Sending:
    """A notification that is not delivered yet.

    `key` is the same for each attempt. `claimed_by` is the number of the lease under which it is being sent.
    `doubtful`: an attempt may have arrived; from then on `notice` stays as it is. `digest` is the key of what it is
    told in together with others.
    """

    key: str
    notice: Notice
    told: Told
    since: float
    due: float
    attempts: int = 0
    claimed_by: int | None = None
    doubtful: bool = False
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Thread:
    """What one receiver was told of one incident, how often, and what it is to be told now."""

    incident_id: str
    receiver_id: str
    count: int = 0
    told: Told | None = None
    sending: Sending | None = None

    @property
    def name(self) -> str:
        """What makes it one."""
        return f"{self.incident_id}/{self.receiver_id}"


@dataclass(frozen=True, slots=True)
class Notification:
    """What is sent. Of several notices it is a digest, and `why` says why; `total` is how many it tells of."""

    key: str
    tenant: str
    title: str
    text: str
    severity: Severity
    reason: Reason
    notices: tuple[Notice, ...]
    links: tuple[str, ...]
    at: float
    may_be_repeat: bool = False
    why: str = ""


class Verdict(StrEnum):
    """What a receiver made of an attempt.

    FAILED: it has not got it, try again. DOUBTFUL: it may have got it, try again. REFUSED: never again.
    """

    DELIVERED = "delivered"
    FAILED = "failed"
    DOUBTFUL = "doubtful"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt: `status` of HTTP or SMTP or 0, and in words what was said.

    `retry_after` is for how many seconds the receiver wants to be left alone.
    """

    verdict: Verdict
    detail: str = ""
    status: int = 0
    retry_after: float | None = None


class Stale(Exception):
    """Too much time has passed since it was made sure that nobody else sends this."""


class Sender(Protocol):
    """Sends notifications."""

    async def send(
        self, receiver: Receiver, smtp: SmtpServer | None, notification: Notification, go: Callable[[], None]
    ) -> Answer:
        """Send one. `go` is called just before anything that a receiver could act on leaves, and may raise Stale.

        Errors: Stale; then nothing was sent.
        """
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt, as it is recorded. `threads` is what its receiver was told of each incident, and how often before.

    `took` is for how many seconds it lasted.
    """

    at: float
    key: str
    receiver_id: str
    kind: str
    reason: Reason
    title: str
    severity: Severity
    outcome: Outcome
    attempt: int
    threads: tuple[tuple[str, int, Told | None], ...] = ()
    detail: str = ""
    status: int = 0
    may_be_repeat: bool = False
    next_at: float | None = None
    took: float = 0.0


@dataclass(frozen=True, slots=True)
class WantedDeliveries:
    """Which of them; what is empty or None matches all."""

    start: float
    end: float
    receiver_id: str = ""
    incident_id: str = ""
    outcome: Outcome | None = None


class DeliveryLog(Protocol):
    """Reads what was recorded. Errors: Unavailable."""

    def of(self, tenant: str, since: float) -> AsyncGenerator[Delivery, None]:
        """Every attempt from a time on, newest first."""
        ...

    async def page(self, tenant: str, wanted: WantedDeliveries, size: int, token: str) -> tuple[list[Delivery], str]:
        """Attempts, newest first, and where to go on; empty at the end."""
        ...
