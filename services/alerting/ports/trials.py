"""How rules fare, and what they would have done."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from services.alerting.ports.alerts import Alert, AlertStep
from services.alerting.ports.rules import Rule


class Health(StrEnum):
    """Whether a rule can be judged. HOPELESS: it can never fire as it stands. PAUSED: it is not to be judged now."""

    GOOD = "good"
    NO_DATA = "no_data"
    FAILING = "failing"
    HOPELESS = "hopeless"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class RuleStatus:
    """How a rule fares: `health` and `judged_at` are None before it was judged; `judged_ms` is its share of time."""

    rule_id: str
    health: Health | None = None
    problem: str = ""
    judged_at: float | None = None
    judged_ms: float = 0.0
    groups: int = 0
    pending: int = 0
    firing: int = 0


@dataclass(frozen=True, slots=True)
class TriedAlert:
    """An alert that would have been, as it ended or stands at the end, and what would have happened to it."""

    alert: Alert
    steps: Sequence[AlertStep]


@dataclass(frozen=True, slots=True)
class Trial:
    """What a rule would have done: `alerts` in part where they are many, how many in `total`, how many `fired`."""

    alerts: Sequence[TriedAlert]
    total: int
    judgements: int
    groups: int
    fired: int
    notices: Sequence[str] = ()


class Statuses(Protocol):
    """How the rules of all tenants fare."""

    async def statuses(self, tenant: str, rules: Sequence[Rule]) -> Sequence[RuleStatus]:
        """How some rules of a tenant fare, in their order; without a health where nobody can say."""
        ...


class Trials(Protocol):
    """Tries rules on the past."""

    async def run(self, tenant: str, rule: Rule, start: float, end: float) -> Trial:
        """What a rule would have done from `start` until `end`, itself not within.

        Raises InvalidInput for a range of too many judgements, Unavailable, DeadlineExceeded.
        """
        ...
