"""Silences and inhibitions: what holds alerts back from people. They mirror `binnacle.alerting.v1.SilenceService`."""

from dataclasses import dataclass
from enum import StrEnum

from services.core.matching import Matcher

RULE_LABEL, SEVERITY_LABEL = "__rule__", "__severity__"
"""What matchers call the identity of an alert's rule and its severity."""


class Phase(StrEnum):
    """Where a silence is in its life."""

    WAITING = "waiting"
    HOLDING = "holding"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Days of the week (1 Monday to 7 Sunday; none: all), minute of the day, and for how many seconds from then.

    No zone: the tenant's, or UTC.
    """

    weekdays: tuple[int, ...]
    since: int
    duration: float
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Silence:
    """Alerts that match are held back from `start` to `end`, or at certain times between; no end: for ever."""

    id: str
    matchers: tuple[Matcher, ...]
    comment: str
    maintenance: bool
    start: float
    end: float | None
    recurrence: Recurrence | None = None
    created_by: str = ""
    created_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Inhibition:
    """While an alert that matches `source` fires, those that match `target` and agree in `equal` are held back."""

    id: str
    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()
    comment: str = ""
