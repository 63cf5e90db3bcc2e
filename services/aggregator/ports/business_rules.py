"""Rules of a business, and the events that break them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from services.aggregator.ports.store import EventPosition, StoredEvent
from services.core.event_conditions import EventCondition

Severity = Literal["info", "warning", "critical"]


@dataclass(frozen=True, slots=True)
class ConditionsDemand:
    """Each event that meets `where` meets all the conditions."""

    conditions: tuple[EventCondition, ...]
    where: tuple[EventCondition, ...] = ()


@dataclass(frozen=True, slots=True)
class UniqueDemand:
    """No two events of one type within the range have the same value of the field; all but the first break it."""

    field: str


@dataclass(frozen=True, slots=True)
class BalanceDemand:
    """No event takes more out of an account than other events put in before, over all that is stored."""

    credit_types: tuple[str, ...]
    amount_field: str
    account_field: str = "user_id"


@dataclass(frozen=True, slots=True)
class PrecededDemand:
    """Each event comes at most `within_us` after one of other types that has the same value of the field."""

    by_types: tuple[str, ...]
    field: str
    within_us: int


Demand = ConditionsDemand | UniqueDemand | BalanceDemand | PrecededDemand


@dataclass(frozen=True, slots=True)
class BusinessRule:
    """What has to hold for events of some types."""

    id: str
    description: str
    types: tuple[str, ...]
    demand: Demand
    severity: Severity = "warning"


@dataclass(frozen=True, slots=True)
class Judgement:
    """How many events a rule judged, and how many broke it."""

    checked: int
    broken: int


class RuleReader(Protocol):
    """Judges events by rules. Methods raise what adapters/clickhouse/reader.py says."""

    async def judge(self, tenant: str, rule: BusinessRule, from_us: int, to_us: int) -> Judgement:
        """How a rule held within a range."""
        ...

    async def broken(
        self, tenant: str, rule: BusinessRule, from_us: int, to_us: int, limit: int, before: EventPosition | None
    ) -> Sequence[StoredEvent]:
        """The newest events that broke a rule, at most `limit`, all at or before a position."""
        ...
