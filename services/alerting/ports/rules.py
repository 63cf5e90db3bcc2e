"""Rules: what is watched, and when somebody is to be told. They mirror `binnacle.rules.v1`, which explains each field.

What callers may leave out has its value here: rules are whole.
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from services.alerting.ports.alerts import Labels, Severity
from services.core.applying import Origin
from services.core.event_conditions import EventCondition
from services.core.matching import Matcher
from services.core.questions import Expression, Selection


class Comparison(StrEnum):
    """On which side of a threshold a value is bad."""

    ABOVE = "above"
    AT_LEAST = "at_least"
    BELOW = "below"
    AT_MOST = "at_most"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A value of each group is across a threshold; the last expression is compared."""

    expressions: tuple[Expression, ...]
    comparison: Comparison = Comparison.ABOVE


@dataclass(frozen=True, slots=True)
class Ratio:
    """The share that one sum has of another, in percent; `minimum_whole` is the least whole to be judged by."""

    part: Selection
    whole: Selection
    minimum_whole: float = 0.0
    comparison: Comparison = Comparison.ABOVE


@dataclass(frozen=True, slots=True)
class Change:
    """How much a value differs from its own value `period` before, in its unit or in percent."""

    selection: Selection
    period: float
    percent: bool = False
    comparison: Comparison = Comparison.ABOVE


@dataclass(frozen=True, slots=True)
class Absence:
    """Series that had samples have had none for `after`; the value is the age of the newest sample."""

    metric: str
    matchers: tuple[Matcher, ...]
    by: tuple[str, ...]
    after: float


@dataclass(frozen=True, slots=True)
class StaleHeartbeat:
    """The last heartbeat of a service is too old; the value is its age. No services: all of them."""

    services: tuple[str, ...] = ()
    grace: float = 0.0


@dataclass(frozen=True, slots=True)
class EventMatch:
    """An event that matches was sent; the value is how many since it fired."""

    conditions: tuple[EventCondition, ...]
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EventRate:
    """How many events that match were sent within `window`; with `among` their share of the events that match that."""

    conditions: tuple[EventCondition, ...]
    by: tuple[str, ...]
    window: float
    comparison: Comparison = Comparison.ABOVE
    among: tuple[EventCondition, ...] = ()


@dataclass(frozen=True, slots=True)
class OfRule:
    """One of the alerts of a rule fires."""

    rule_id: str


@dataclass(frozen=True, slots=True)
class AllOf:
    """All formulas hold."""

    formulas: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of the formulas holds."""

    formulas: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The formula does not hold."""

    formula: "Formula"


Formula = OfRule | AllOf | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Composite:
    """Other rules hold together; alerts that share the labels `by` belong together."""

    formula: Formula
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BurnWindow:
    """A long and a short window, and the multiple of the allowed share from which on both count."""

    severity: Severity
    long: float
    short: float
    factor: float


BURN_WINDOWS = (
    BurnWindow(Severity.CRITICAL, 3600.0, 300.0, 14.4),
    BurnWindow(Severity.CRITICAL, 6 * 3600.0, 1800.0, 6.0),
    BurnWindow(Severity.WARNING, 3 * 86400.0, 6 * 3600.0, 1.0),
)
"""Those of a rule that names none."""


@dataclass(frozen=True, slots=True)
class BurnRate:
    """The share of bad among all, as a multiple of what the objective allows; the value is the lesser multiple."""

    bad: Selection
    total: Selection
    objective: float
    windows: tuple[BurnWindow, ...] = BURN_WINDOWS


@dataclass(frozen=True, slots=True)
class AnomalyScore:
    """The score that an anomaly detector gives series."""

    selection: Selection


Condition = (
    Threshold | Ratio | Change | Absence | StaleHeartbeat | EventMatch | EventRate | Composite | BurnRate | AnomalyScore
)


@dataclass(frozen=True, slots=True)
class Level:
    """A severity, the value to cross, and the value to come back across; None for conditions without a value.

    `recovery` is the threshold where the rule names none.
    """

    severity: Severity
    threshold: float | None = None
    recovery: float | None = None


class Choice(StrEnum):
    """What happens to alerts where a judgement is lacking."""

    KEEP = "keep"
    RESOLVE = "resolve"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Lack:
    """What happens where data is lacking, or a rule cannot be judged, and after how long."""

    choice: Choice = Choice.KEEP
    after: float = 300.0


@dataclass(frozen=True, slots=True)
class ActiveTime:
    """A part of the week: days from 1 Monday to 7 Sunday (none: all), minutes of the day, `until` not within.

    An `until` that is not after `since` is of the next day; both 0: the whole day. No zone: the tenant's, or UTC.
    """

    weekdays: tuple[int, ...] = ()
    since: int = 0
    until: int = 0
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """A webhook to call when an alert fires; `resolves`: what it repaired is resolved once the data agrees."""

    receiver_id: str
    dry_run: bool = False
    per_hour: int = 10
    resolves: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition that is judged for each group on its own. `levels` are the gravest first.

    A rule of a BurnRate has one level for each of its windows, in their order, the threshold being the factor.
    """

    id: str
    name: str
    condition: Condition
    levels: tuple[Level, ...]
    description: str = ""
    enabled: bool = True
    hold: float = 0.0
    keep_firing: float = 0.0
    interval: float = 10.0
    grace: float = 2.0
    minimum_points: int = 1
    no_data: Lack = Lack()
    failure: Lack = Lack()
    labels: Labels = ()
    annotations: Labels = ()
    runbook_url: str = ""
    owner: str = ""
    active_times: tuple[ActiveTime, ...] = ()
    action: Action | None = None
    origin: Origin = Origin.CALL
    version: int = 0
    updated_at: float = 0.0
    updated_by: str = ""


class RuleSource(Protocol):
    """The rules of all tenants."""

    def follow(self) -> AsyncGenerator[Mapping[str, tuple[Rule, ...]], None]:
        """Every tenant's rules, those that are switched off too: at first, and after each change.

        It goes on with what it knows where nothing answers.
        """
        ...
