"""Figures of the business over time, one by one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from services.aggregator.domain.business.business import Business, BusinessPoint, Part
from services.aggregator.domain.figures.figures import PERCENT, Asked, Series, counted
from services.aggregator.ports.business import Period

_COUNTS: Mapping[str, tuple[Part, str, str]] = {
    "messages_sent": (Part.MESSAGES, "messages_sent", "messages"),
    "messages_received": (Part.MESSAGES, "messages_received", "messages"),
    "messages_failed": (Part.MESSAGES, "messages_failed", "messages"),
    "conversations_started": (Part.CONVERSATIONS, "conversations_started", "conversations"),
    "tickets_created": (Part.TICKETS, "tickets", "tickets"),
    "campaign_messages_sent": (Part.CAMPAIGNS, "campaigns_sent", "messages"),
    "ai_calls": (Part.AI, "ai_calls", "calls"),
    "ai_tokens": (Part.AI, "ai_tokens", "tokens"),
    "purchases": (Part.REVENUE, "purchases", "purchases"),
    "conversions": (Part.CONVERSIONS, "conversions", "conversions"),
    "credits_purchased": (Part.CREDITS, "credits_purchased", "credits"),
    "credits_used": (Part.CREDITS, "credits_used", "credits"),
    "searches": (Part.SEARCHES, "searches", "searches"),
}
FAILURE_RATE, ACTIVE, REVENUE, COST = "message_failure_rate", "active_conversations", "revenue", "ai_cost"
_PARTS = {FAILURE_RATE: Part.MESSAGES, REVENUE: Part.REVENUE, COST: Part.AI}


class BusinessSource:
    """Messages, conversations, campaigns, use of models, sales."""

    def __init__(self, business: Business) -> None:
        self.units: Mapping[str, str] = {
            **{name: unit for name, (_part, _count, unit) in _COUNTS.items()},
            FAILURE_RATE: PERCENT,
            ACTIVE: "conversations",
            REVENUE: "currency",
            COST: "currency",
        }
        self._business = business

    async def series(self, asked: Asked, names: Collection[str]) -> Mapping[str, Sequence[Series]]:
        period = Period(asked.range.first_us, asked.range.end_us, asked.starts)
        parts = {_PARTS[name] for name in names & _PARTS.keys()} | {_COUNTS[name][0] for name in names & _COUNTS.keys()}
        points = await self._business.course(asked.tenant, period, parts) if parts else ()
        found: dict[str, Sequence[Series]] = {
            name: [counted([(point.start, point.counts[_COUNTS[name][1]]) for point in points])]
            for name in names & _COUNTS.keys()
        }
        if FAILURE_RATE in names:
            found[FAILURE_RATE] = [_failure_rate(points)]
        if REVENUE in names:
            found[REVENUE] = _by_currency([(point.start, point.revenue) for point in points])
        if COST in names:
            found[COST] = _by_currency([(point.start, point.cost) for point in points])
        if ACTIVE in names:
            found[ACTIVE] = [await self._active(asked.tenant, period)]
        return found

    async def _active(self, tenant: str, period: Period) -> Series:
        """Conversations with traffic in each step; the whole is what is active at the end."""
        talks = await self._business.talks_over_time(tenant, period)
        points = [(start, float(talks.get(start, 0))) for start in period.starts]
        ended = await self._business.figures(tenant, replace(period, starts=()), 1, (Part.CONVERSATIONS,))
        return Series(float(ended.conversations_active), points)


def _failure_rate(points: Sequence[BusinessPoint]) -> Series:
    told = [(point.start, point.counts["messages_failed"], point.counts["messages_sent"]) for point in points]
    sent = sum(one for _start, _failed, one in told)
    whole = 100.0 * sum(failed for _start, failed, _sent in told) / sent if sent else None
    return Series(whole, [(start, 100.0 * failed / some) for start, failed, some in told if some])


def _by_currency(steps: Sequence[tuple[int, Mapping[str, float]]]) -> list[Series]:
    currencies = sorted({currency for _start, amounts in steps for currency in amounts})
    return [
        counted([(start, amounts.get(currency, 0.0)) for start, amounts in steps], currency=currency)
        for currency in currencies
    ]
