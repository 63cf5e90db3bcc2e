"""What processes that follow ask the one that leads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.alerting.ports.trials import RuleStatus


@dataclass(frozen=True, slots=True)
class Inquiry:
    """How some rules of a tenant fare; the answer goes to `name`."""

    name: str
    tenant: str
    rule_ids: tuple[str, ...]


class Inquiries(Protocol):
    """Carries questions to who leads, whose address nobody knows. Every method raises Unavailable."""

    async def ask(self, tenant: str, rule_ids: Sequence[str]) -> Sequence[RuleStatus]:
        """How rules fare, of those that are known there; Unavailable too where nobody answers in time."""
        ...

    async def next(self) -> Inquiry | None:
        """The next question, for one alone who leads; None after waiting for some seconds."""
        ...

    async def answer(self, inquiry: Inquiry, statuses: Sequence[RuleStatus]) -> None:
        """Answer a question, if it still waits."""
        ...
