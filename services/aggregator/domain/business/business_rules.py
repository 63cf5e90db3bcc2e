"""The ready-made rules, and a list of violations over many rules."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.aggregator.ports.business_rules import (
    BalanceDemand,
    BusinessRule,
    ConditionsDemand,
    Judgement,
    RuleReader,
    UniqueDemand,
)
from services.aggregator.ports.store import EventPosition, StoredEvent
from services.core import conventions as words
from services.core.event_conditions import EventCondition, Operator


def _at_least(field: str, least: float = 0) -> EventCondition:
    return EventCondition(field, Operator.AT_LEAST, (f"{least:g}",))


READY_MADE = (
    BusinessRule(
        "purchase-total",
        "a purchase tells its total, a number from 0 on",
        (words.PURCHASE_EVENT,),
        ConditionsDemand((_at_least("data.total"),)),
        "critical",
    ),
    BusinessRule(
        "purchase-currency",
        "a purchase that tells its currency tells a code of three letters",
        (words.PURCHASE_EVENT,),
        ConditionsDemand(
            (EventCondition("data.currency", Operator.MATCHES, ("[A-Za-z]{3}",)),),
            (EventCondition("data.currency", Operator.PRESENT),),
        ),
    ),
    BusinessRule(
        "purchase-order-once",
        "an order is purchased once",
        (words.PURCHASE_EVENT,),
        UniqueDemand("data.order_id"),
        "critical",
    ),
    BusinessRule(
        "credits-amount",
        "credits are bought and used in numbers above 0",
        (words.CREDITS_PURCHASED_EVENT, words.CREDITS_USED_EVENT),
        ConditionsDemand((EventCondition("data.credits", Operator.GREATER, ("0",)),)),
    ),
    BusinessRule(
        "credits-balance",
        "nobody uses more credits than were bought before",
        (words.CREDITS_USED_EVENT,),
        BalanceDemand((words.CREDITS_PURCHASED_EVENT,), "data.credits"),
        "critical",
    ),
    BusinessRule(
        "conversion-value",
        "a conversion that tells a value tells a number from 0 on",
        (words.CONVERSION_EVENT,),
        ConditionsDemand((_at_least("data.value"),), (EventCondition("data.value", Operator.PRESENT),)),
    ),
    BusinessRule(
        "message-status",
        "a message is queued, pending, sent, delivered, read or failed",
        (words.MESSAGE_SENT_EVENT,),
        ConditionsDemand(
            (EventCondition("data.status", Operator.MATCHES, ("(?i)queued|pending|sent|delivered|read|failed",)),)
        ),
    ),
    BusinessRule(
        "campaign-counts",
        "a campaign's counts are numbers from 0 on",
        (words.CAMPAIGN_UPDATE_EVENT,),
        ConditionsDemand((_at_least("data.sent"), _at_least("data.opened"), _at_least("data.clicked"))),
    ),
    BusinessRule(
        "ticket-once",
        "a ticket is created once",
        (words.TICKET_CREATED_EVENT,),
        UniqueDemand("data.ticket_id"),
    ),
    BusinessRule(
        "ai-tokens",
        "a call of a model tells its tokens, a number from 0 on",
        (words.AI_EVENT,),
        ConditionsDemand((_at_least("data.tokens"),)),
        "info",
    ),
)


@dataclass(frozen=True, slots=True)
class Violation:
    """An event that broke a rule; `number` is the rule's place in the list."""

    number: int
    rule: BusinessRule
    event: StoredEvent

    @property
    def position(self) -> "ViolationPosition":
        return ((self.event.time_us, *self.event.place), -self.number)


ViolationPosition = tuple[EventPosition, int]
"""Time and place of the event, and the rule's place in the list, negated; listed in falling order of it."""


class Rules:
    """Judges by many rules, one after the other."""

    def __init__(self, reader: RuleReader) -> None:
        self._reader = reader

    async def judge(self, tenant: str, rules: Sequence[BusinessRule], from_us: int, to_us: int) -> list[Judgement]:
        """How each rule held."""
        return [await self._reader.judge(tenant, rule, from_us, to_us) for rule in rules]

    async def violations(
        self,
        tenant: str,
        judged: Sequence[tuple[BusinessRule, Judgement]],
        from_us: int,
        to_us: int,
        limit: int,
        before: ViolationPosition | None = None,
    ) -> list[Violation]:
        """What broke the rules, newest first, at most `limit`, all `before` a position."""
        # At the position itself other rules may go on: one more of each rule is asked for.
        place = None if before is None else before[0]
        found = [
            Violation(number, rule, event)
            for number, (rule, judgement) in enumerate(judged)
            if judgement.broken
            for event in await self._reader.broken(tenant, rule, from_us, to_us, limit + 1, place)
        ]
        listed = [one for one in found if before is None or one.position < before]
        return sorted(listed, key=lambda one: one.position, reverse=True)[:limit]
