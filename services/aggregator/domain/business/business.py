"""Business figures, made of cells. Amounts of different currencies are never added."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from services.aggregator.domain.business.business_sums import (
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
from services.aggregator.domain.business.talks import active_talks
from services.aggregator.ports.business import (
    BusinessReader,
    Campaign,
    Cell,
    Frequent,
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


class Part(Enum):
    """A part of the figures."""

    REVENUE = "revenue"
    CONVERSIONS = "conversions"
    CREDITS = "credits"
    CAMPAIGNS = "campaigns"
    MESSAGES = "messages"
    CONVERSATIONS = "conversations"
    TICKETS = "tickets"
    AI = "ai"
    SEARCHES = "searches"
    PRODUCTS = "products"
    FEATURES = "features"


# The types of events that parts are counted from, and those whose names are listed.
COUNTED: Mapping[Part, Sequence[str]] = {
    Part.REVENUE: (words.PURCHASE_EVENT,),
    Part.CONVERSIONS: (words.CONVERSION_EVENT,),
    Part.CREDITS: (words.CREDITS_PURCHASED_EVENT, words.CREDITS_USED_EVENT),
    Part.MESSAGES: (words.MESSAGE_SENT_EVENT, words.MESSAGE_RECEIVED_EVENT),
    Part.CONVERSATIONS: (words.CONVERSATION_STARTED_EVENT,),
    Part.TICKETS: (words.TICKET_CREATED_EVENT,),
    Part.AI: (words.AI_EVENT,),
    Part.SEARCHES: words.SEARCH_EVENTS,
}
LISTED: Mapping[Part, Sequence[str]] = {
    Part.SEARCHES: words.SEARCH_EVENTS,
    Part.PRODUCTS: (words.PRODUCT_VIEW_EVENT, words.CART_ADD_EVENT, words.PURCHASE_EVENT),
    Part.FEATURES: (words.FEATURE_EVENT,),
}
NOBODY = People(0, 0, 0, 0)


def types_of(parts: Collection[Part], types: Mapping[Part, Sequence[str]]) -> list[str]:
    """The types that some parts need."""
    return [name for part, names in types.items() if part in parts for name in names]


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


class Read:
    """What figures are made of, by step; 0 is the whole period."""

    def __init__(
        self,
        cells: Sequence[Cell],
        people: Mapping[int, People],
        campaigns: Sequence[Campaign],
        campaigns_sent: Mapping[int, int],
        samples: Sequence[RevenueSample],
    ) -> None:
        self.people, self.campaigns, self.campaigns_sent, self.samples = people, campaigns, campaigns_sent, samples
        self._cells: dict[int, list[Cell]] = {}
        for cell in cells:
            self._cells.setdefault(cell.step, []).append(cell)

    def cells(self, step: int) -> Sequence[Cell]:
        """The cells of a step."""
        return self._cells.get(step, ())


class Business:
    """Asks for all that figures are made of, and makes them."""

    def __init__(self, reader: BusinessReader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock

    async def figures(
        self, tenant: str, period: Period, top: int, parts: Collection[Part] = tuple(Part)
    ) -> BusinessFigures:
        """Some parts of a period's figures, over time where it has steps; `top` rows of each list of the most frequent.

        One question after the other: each takes all cores.
        """
        ask, now_us, whole = self._reader, int(self._clock.now() * 1e6), replace(period, starts=())
        read, listed = await self._read(tenant, period, parts), types_of(parts, LISTED)
        frequent = await ask.frequent(tenant, whole, listed, top) if listed else Frequent()
        return replace(
            figures(period, read.cells(0), read.people.get(0, NOBODY), read.samples, top),
            campaigns=read.campaigns,
            conversations_active=await self._active_talks(tenant, min(period.to_us, now_us), parts),
            queries=frequent.queries,
            products=frequent.products,
            features=frequent.features,
            points=points(period, read),
        )

    async def _read(self, tenant: str, period: Period, parts: Collection[Part]) -> Read:
        """What the whole period and its steps are made of, each as of one moment."""
        ask, counted = self._reader, types_of(parts, COUNTED)
        now_us = int(self._clock.now() * 1e6)
        campaigns, sent = await ask.campaigns(tenant, period) if Part.CAMPAIGNS in parts else ((), {})
        return Read(
            await ask.cells(tenant, period, counted) if counted else (),
            await self._people(tenant, period, parts),
            campaigns,
            sent,
            await ask.revenue(tenant, period, now_us) if Part.REVENUE in parts else (),
        )

    async def _people(self, tenant: str, period: Period, parts: Collection[Part]) -> Mapping[int, People]:
        if Part.CONVERSIONS in parts:
            return await self._reader.people(tenant, period, ())
        types = types_of(parts, {Part.REVENUE: COUNTED[Part.REVENUE], Part.AI: COUNTED[Part.AI]})
        return await self._reader.people(tenant, replace(period, starts=()), types) if types else {}

    async def _active_talks(self, tenant: str, end_us: int, parts: Collection[Part]) -> int:
        if Part.CONVERSATIONS not in parts:
            return 0
        traffic = await self._reader.talks(tenant, end_us - ACTIVE_US, end_us)
        return active_talks(traffic, await self._reader.started_talks(tenant, end_us - DAY_US, end_us))

    async def talks_over_time(self, tenant: str, period: Period) -> Mapping[int, int]:
        """Conversations with traffic in each step that has any; messages that name none count by their party."""
        return await self._reader.talk_steps(tenant, period)

    async def course(self, tenant: str, period: Period, parts: Collection[Part]) -> Sequence[BusinessPoint]:
        """Some parts of the figures of each step."""
        return points(period, await self._read(tenant, period, parts))


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


def points(period: Period, read: Read) -> list[BusinessPoint]:
    """Figures of each step, also of those without any event."""
    paid: dict[int, list[RevenueSample]] = {}
    for sample in read.samples:
        paid.setdefault(sample.step, []).append(sample)
    return [
        _point(
            start,
            read.cells(start),
            paid.get(start, []),
            {
                "sessions": read.people.get(start, NOBODY).sessions,
                "campaigns_sent": read.campaigns_sent.get(start, 0) / MILLION,
            },
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
