"""Who is told of incidents, and how. They mirror `binnacle.notifications.v1`, which explains each field.

What callers may leave out has its value here. Secrets are in the clear, and in no text that is made of these.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from services.core.matching import Matcher

PER_MINUTE = 20
"""Notifications a minute for a receiver that says nothing else."""


@dataclass(frozen=True, slots=True)
class Email:
    """Mail to these addresses."""

    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Slack:
    """An incoming webhook, or a token and a channel."""

    webhook_url: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    channel: str = ""
    api_url: str = "https://slack.com/api/chat.postMessage"


@dataclass(frozen=True, slots=True)
class Webhook:
    """A request of JSON; signed where there is a secret."""

    url: str = field(repr=False)
    secret: str = field(default="", repr=False)
    authorization: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class PagerDuty:
    """Events API v2."""

    routing_key: str = field(default="", repr=False)
    url: str = "https://events.pagerduty.com/v2/enqueue"


Means = Email | Slack | Webhook | PagerDuty


class Security(StrEnum):
    """How a connection to a mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """The mail server of a tenant."""

    host: str
    port: int
    security: Security
    sender: str
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Template:
    """Title and text with places to fill; empty: the ready-made ones."""

    title: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody, or something, that can be told."""

    id: str
    means: Means
    template: Template = Template()
    without_resolved: bool = False
    per_minute: int = PER_MINUTE

    @property
    def kind(self) -> str:
        """How it is reached, in a word."""
        return type(self.means).__name__.lower()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, and the receivers by which they are told."""

    name: str
    receivers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Override:
    """A person of a rotation is on call from `start` to `end`, whoever's turn it is."""

    start: float
    end: float
    person: str


@dataclass(frozen=True, slots=True)
class Rotation:
    """People who are on call in turn, `days` each.

    The first begins on `first_day` (`YYYY-MM-DD`); they take over at a minute of the day by the clock of `zone`, UTC
    where that is empty.
    """

    id: str
    people: tuple[Person, ...]
    first_day: str
    days: int = 7
    hand_over: int = 0
    zone: str = ""
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """After so many seconds without an acknowledgement these receivers and rotations are told."""

    after: float
    tell: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Escalation:
    """Steps, begun again `repeats` times, each time `repeat_after` seconds after the last step."""

    id: str
    steps: tuple[Step, ...]
    repeats: int = 0
    repeat_after: float = 1800.0


@dataclass(frozen=True, slots=True)
class Route:
    """Alerts that match go to `tell`, receivers and rotations. What is None or empty is as in the route around it.

    A `repeat_interval` of 0 reminds nobody.
    """

    matchers: tuple[Matcher, ...] = ()
    tell: tuple[str, ...] = ()
    escalation: str = ""
    goes_on: bool = False
    group_interval: float | None = None
    repeat_interval: float | None = None
    routes: tuple["Route", ...] = ()


@dataclass(frozen=True, slots=True)
class Notifiers:
    """All of it, of one tenant. `version` is 0 where nothing was ever set up."""

    receivers: tuple[Receiver, ...] = ()
    rotations: tuple[Rotation, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    routes: tuple[Route, ...] = ()
    smtp: SmtpServer | None = None
    version: int = 0
    updated_at: float = 0.0
    updated_by: str = ""

    def receiver(self, identity: str) -> Receiver | None:
        """One receiver; None where there is none."""
        return next((one for one in self.receivers if one.id == identity), None)

    def rotation(self, identity: str) -> Rotation | None:
        """One rotation; None where there is none."""
        return next((one for one in self.rotations if one.id == identity), None)

    def escalation(self, identity: str) -> Escalation | None:
        """One escalation; None where there is none."""
        return next((one for one in self.escalations if one.id == identity), None)
