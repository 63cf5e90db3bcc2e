"""Incidents: alerts that belong together, so that people are told of one thing once."""

from dataclasses import dataclass
from enum import StrEnum

from services.alerting.ports.alerts import Acknowledgement, Labels, Severity

MOST_MEMBERS = 100
"""Members that an incident tells of itself; those that go on come first, of these the gravest, then the oldest."""
MOST_ENTRIES = 100
"""Entries of a timeline: the first, and the newest."""


class IncidentState(StrEnum):
    """State of an incident. ACKNOWLEDGED: somebody is on it. RESOLVED: no member goes on."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Happening(StrEnum):
    """What happens to an incident.

    GREW: alerts joined, or it became graver than ever. EASED: alerts ended, or became milder, while others go on.
    UNACKNOWLEDGED: an acknowledgement is over. REOPENED: an alert of it came back soon after it was resolved.
    """

    OPENED = "opened"
    GREW = "grew"
    EASED = "eased"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    RESOLVED = "resolved"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class Member:
    """An alert of an incident: since when it fires, and until when it did, None while it goes on."""

    alert_id: str
    rule_id: str
    name: str
    severity: Severity
    service: str
    since: float
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an incident may have begun: a service, or something that services call, and in words why.

    `share` is how much speaks for it among all that come into question, 0 to 1.
    """

    name: str
    share: float
    why: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened to an incident, and to how many of its alerts; `alerts` are the ids of the first few.

    `person` and `comment` where a person did it.
    """

    at: float
    what: Happening
    severity: Severity
    count: int = 0
    alerts: tuple[str, ...] = ()
    person: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Alerts that belong together. `id` is made of the first of them, so that it is the same whoever makes it.

    Nothing of it waits for what may follow: whoever tells people decides how long to wait with what comes after the
    first. What comes and goes is bounded here: one that came back stays open for longer each time.

    `severity` is the gravest of those that go on, after the end that of the last; `worst` the gravest ever. `group`
    are the labels that all members share. `size` is how many alerts ever belonged to it, `active` how many go on;
    `members` are some of them (MOST_MEMBERS). `held_back`: all that go on are silenced or inhibited, so that nobody is
    to be told. `origins` are the likeliest first, none where nothing is known. `reopened` is how often it came back.
    `revision` rises with each change. `started_at` is when its first alert fired.
    """

    id: str
    title: str
    severity: Severity
    worst: Severity
    state: IncidentState
    started_at: float
    changed_at: float
    ended_at: float | None = None
    group: Labels = ()
    services: tuple[str, ...] = ()
    size: int = 0
    active: int = 0
    members: tuple[Member, ...] = ()
    held_back: bool = False
    origins: tuple[Origin, ...] = ()
    acknowledgement: Acknowledgement | None = None
    timeline: tuple[Entry, ...] = ()
    reopened: int = 0
    revision: int = 0

    def last(self, what: Happening) -> Entry | None:
        """The newest entry of its timeline about this; None where there is none."""
        return next((entry for entry in reversed(self.timeline) if entry.what is what), None)

    @property
    def ended_by(self) -> Entry | None:
        """Its end, where a person or an action brought that about; None where it ended by itself, or goes on."""
        end = self.last(Happening.RESOLVED) if self.state is IncidentState.RESOLVED else None
        return end if end is not None and end.person else None
