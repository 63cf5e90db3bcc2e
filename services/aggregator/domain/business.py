"""Business figures, made of cells. Amounts of different currencies are never added."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from services.aggregator.domain.business_sums import (
    Amounts,
    ModelCalls,
    Revenue,
    amount,
    by_funnel as funnels_of,
    by_model as models_of,
    by_type,
    count,
    model_calls,
    others,
    revenue as revenue_of,
    totalled,
)
from services.aggregator.domain.talks import active_talks
from services.aggregator.domain.together import told_alone
from services.aggregator.ports.business import (
    BusinessReader,
    Campaign,
    Cell,
    People,
    Period,
    Product,
    RevenueSample,
    Sum,
)
from services.core import conventions as words
from services.core.clock import Clock

ACTIVE_US = words.SESSION_ACTIVE_SECONDS * 1_000_000
DAY_US = 86_400_000_000
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class BusinessPoint:
    """Figures of one step; `start` in Unix seconds."""

    start: int
    revenue: Amounts
    cost: Amounts
    counts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class BusinessFigures:
    """All figures of a period. Pairs are names with counts or amounts, most first."""

    period: Period
    revenue: Sequence[Revenue]
    purchases: int
    people: People
    conversions: int
    by_funnel: Sequence[tuple[str, int, Amounts]]
    credits_purchased: float
    credits_used: float
    credit_sales: Amounts
    used_by_feature: Sequence[tuple[str, float]]
    campaigns: Sequence[Campaign]
    sent: int
    received: int
    failed: int
    by_status: Sequence[tuple[str, int]]
    conversations_started: int
    conversations_active: int
    tickets: int
    by_issue: Sequence[tuple[str, int]]
    ai: ModelCalls
    by_model: Sequence[ModelCalls]
    searches: int
    without_results: int
    average_results: float
    queries: Sequence[tuple[str, int]] = ()
    products: Sequence[Product] = ()
    features: Sequence[tuple[str, int]] = ()
    points: Sequence[BusinessPoint] = ()


class Business:
    """Asks for all that figures are made of, and makes them."""

    def __init__(self, reader: BusinessReader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock

    async def figures(self, tenant: str, period: Period, top: int) -> BusinessFigures:
        """The figures of a period, over time where it has steps; `top` rows of each list of the most frequent."""
        ask, now_us = self._reader, int(self._clock.now() * 1e6)
        whole = replace(period, starts=())
        with told_alone():
            async with asyncio.TaskGroup() as group:
                cells = group.create_task(ask.cells(tenant, whole))
                people = group.create_task(ask.people(tenant, whole))
                campaigns = group.create_task(ask.campaigns(tenant, whole))
                active = group.create_task(self._active_talks(tenant, min(period.to_us, now_us)))
                queries = group.create_task(ask.queries(tenant, whole, top))
                products = group.create_task(ask.products(tenant, whole, top))
                features = group.create_task(ask.features(tenant, whole, top))
                revenue = group.create_task(ask.revenue(tenant, whole, now_us))
                points = group.create_task(self._points(tenant, period, now_us))
        made = figures(period, cells.result(), people.result(), revenue.result(), top)
        return replace(
            made,
            campaigns=campaigns.result(),
            conversations_active=active.result(),
            queries=queries.result(),
            products=products.result(),
            features=features.result(),
            points=points.result(),
        )

    async def _active_talks(self, tenant: str, end_us: int) -> int:
        traffic = await self._reader.talks(tenant, end_us - ACTIVE_US, end_us)
        return active_talks(traffic, await self._reader.started_talks(tenant, end_us - DAY_US, end_us))

    async def _points(self, tenant: str, period: Period, now_us: int) -> Sequence[BusinessPoint]:
        if not period.starts:
            return ()
        with told_alone():
            async with asyncio.TaskGroup() as group:
                cells = group.create_task(self._reader.cells(tenant, period))
                sessions = group.create_task(self._reader.sessions(tenant, period))
                sent = group.create_task(self._reader.campaign_steps(tenant, period))
                revenue = group.create_task(self._reader.revenue(tenant, period, now_us))
        return points(period, cells.result(), sessions.result(), sent.result(), revenue.result())


def figures(
    period: Period, cells: Sequence[Cell], people: People, samples: Sequence[RevenueSample], top: int
) -> BusinessFigures:
    """Figures from cells without steps."""
    of = by_type(cells)
    sent, tickets = of(words.MESSAGE_SENT_EVENT), of(words.TICKET_CREATED_EVENT)
    searched = of(*words.SEARCH_EVENTS)
    results = sum((cell.amount for cell in searched), Sum())
    ai = of(words.AI_EVENT)
    return BusinessFigures(
        period=period,
        revenue=revenue_of(of(words.PURCHASE_EVENT), samples),
        purchases=count(of(words.PURCHASE_EVENT)),
        people=people,
        conversions=count(of(words.CONVERSION_EVENT)),
        by_funnel=funnels_of(of(words.CONVERSION_EVENT)),
        credits_purchased=amount(of(words.CREDITS_PURCHASED_EVENT)),
        credits_used=amount(of(words.CREDITS_USED_EVENT)),
        credit_sales=others(of(words.CREDITS_PURCHASED_EVENT)),
        used_by_feature=totalled([(cell.key, cell.amount.amount) for cell in of(words.CREDITS_USED_EVENT)], top),
        campaigns=(),
        sent=count(sent),
        received=count(of(words.MESSAGE_RECEIVED_EVENT)),
        failed=sum(cell.failed for cell in sent),
        by_status=totalled([(cell.key, cell.count) for cell in sent], top),
        conversations_started=count(of(words.CONVERSATION_STARTED_EVENT)),
        conversations_active=0,
        tickets=count(tickets),
        by_issue=totalled([(cell.key, cell.count) for cell in tickets], top),
        ai=model_calls("", "", ai),
        by_model=models_of(ai, top),
        searches=count(searched),
        without_results=sum(cell.failed for cell in searched),
        average_results=results.average,
    )


def points(
    period: Period,
    cells: Sequence[Cell],
    sessions: Mapping[int, int],
    campaigns_sent: Mapping[int, int],
    samples: Sequence[RevenueSample],
) -> list[BusinessPoint]:
    """Figures of each step, also of those without any event."""
    by_step: dict[int, list[Cell]] = {}
    for cell in cells:
        by_step.setdefault(cell.step, []).append(cell)
    paid: dict[int, list[RevenueSample]] = {}
    for sample in samples:
        paid.setdefault(sample.step, []).append(sample)
    return [
        _point(
            start,
            by_step.get(start, []),
            paid.get(start, []),
            {"sessions": sessions.get(start, 0), "campaigns_sent": campaigns_sent.get(start, 0) / MILLION},
        )
        for start in period.starts
    ]


def _point(
    start: int, cells: Sequence[Cell], samples: Sequence[RevenueSample], counts: Mapping[str, float]
) -> BusinessPoint:
    of = by_type(cells)
    sent, ai = of(words.MESSAGE_SENT_EVENT), of(words.AI_EVENT)
    return BusinessPoint(
        start=start,
        revenue={one.currency: one.amount for one in revenue_of(of(words.PURCHASE_EVENT), samples)},
        cost=others(ai),
        counts={
            "purchases": count(of(words.PURCHASE_EVENT)),
            "conversions": count(of(words.CONVERSION_EVENT)),
            "credits_purchased": amount(of(words.CREDITS_PURCHASED_EVENT)),
            "credits_used": amount(of(words.CREDITS_USED_EVENT)),
            "messages_sent": count(sent),
            "messages_received": count(of(words.MESSAGE_RECEIVED_EVENT)),
            "messages_failed": sum(cell.failed for cell in sent),
            "conversations_started": count(of(words.CONVERSATION_STARTED_EVENT)),
            "tickets": count(of(words.TICKET_CREATED_EVENT)),
            "ai_calls": count(ai),
            "ai_tokens": amount(ai),
            "searches": count(of(*words.SEARCH_EVENTS)),
            **counts,
        },
    )
