"""Alerts, and what people say of them."""

from dataclasses import dataclass
from enum import StrEnum

from services.core.conventions import SERVICE_LABEL

ACKNOWLEDGED, RESOLVED_BY_HAND = "acknowledged", "resolved_by_hand"
"""What people do, as steps in the life of an alert."""
ACTION_STARTED, ACTION_SUCCEEDED, ACTION_FAILED = "action_started", "action_succeeded", "action_failed"
ACTION_LIMITED, ACTION_TRIED = "action_limited", "action_tried"
"""What becomes of the action of its rule."""

Labels = tuple[tuple[str, str], ...]
"""Names and values, by name."""


class AlertState(StrEnum):
    """State of one alert; a group without an alert is inactive too.

    KEEP_FIRING: the condition has ended, the alert goes on for a while. NO_DATA and ERROR: its rule wants to be told
    that it cannot be judged.
    """

    PENDING = "pending"
    FIRING = "firing"
    KEEP_FIRING = "keep_firing"
    NO_DATA = "no_data"
    ERROR = "error"
    RESOLVED = "resolved"
    INACTIVE = "inactive"


class Severity(StrEnum):
    """How grave an alert is."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """The graver, the greater."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody is on it, until `expires_at`; None: until the alert ends."""

    person: str
    comment: str
    at: float
    expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """Somebody says that it is over; it comes back at `returns_at` if its condition holds until then."""

    person: str
    comment: str
    at: float
    returns_at: float


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Ids of the silences and of the alerts that hold an alert back from people."""

    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One episode of a rule over a group: `id` is the same from pending to resolved.

    `group` are the labels of the group, `labels` those and the rule's. `changed_at` is the time of the transition into
    its state, `value` that of its last transition, in the unit of `threshold`, which is 0 where there is none.
    `value` is None where none was ever seen. `fired_at` is None until people were told, `ended_at` until it ended.
    `incident_id` is empty while it belongs to none.
    """

    id: str
    rule_id: str
    name: str
    severity: Severity
    state: AlertState
    group: Labels
    labels: Labels
    started_at: float
    changed_at: float
    value: float | None
    threshold: float
    fired_at: float | None = None
    ended_at: float | None = None
    annotations: Labels = ()
    runbook_url: str = ""
    owner: str = ""
    acknowledgement: Acknowledgement | None = None
    resolution: Resolution | None = None
    held_back: HeldBack = HeldBack()
    incident_id: str = ""

    @property
    def service(self) -> str:
        """The service that it concerns; empty without one."""
        return next((value for name, value in self.labels if name == SERVICE_LABEL), "")


@dataclass(frozen=True, slots=True)
class AlertStep:
    """What happened to an alert: it went into a state, or a person did something (`acknowledged`, `resolved_by_hand`).

    Written once, never changed.
    """

    at: float
    what: str
    severity: Severity
    value: float | None
    person: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Transition:
    """An alert as it became, and the step that made it so."""

    alert: Alert
    step: AlertStep

    @property
    def is_after_end(self) -> bool:
        """Whether the alert had ended before: it is said of its incident, which waits for whether one comes back."""
        return self.alert.ended_at is not None and self.alert.ended_at < self.step.at
