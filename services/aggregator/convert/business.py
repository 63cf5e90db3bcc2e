"""Business figures as messages, and the periods they are asked for with."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from binnacle.aggregator.v1 import business_service_pb2 as pb
from services.aggregator.convert.dashboard import timestamp
from services.aggregator.convert.reports import at_second
from services.aggregator.convert.sessions import money, steps_from
from services.aggregator.convert.time_ranges import range_from
from services.aggregator.domain.business.business import BusinessFigures, BusinessPoint, Part
from services.aggregator.domain.business.business_sums import ModelCalls, Revenue
from services.aggregator.domain.business.revenue import Change, RevenuePeriod
from services.aggregator.domain.ranges.periods import NamedPeriod
from services.aggregator.domain.ranges.zoned_steps import zoned_steps
from services.aggregator.ports.business import Campaign, Period, Product
from services.core.errors import InvalidInput

DEFAULT_TOP, MOST_TOP = 10, 100
MILLION = 1_000_000
UTC = ZoneInfo("UTC")
_PARTS = {pb.BusinessPart.Value(f"BUSINESS_PART_{part.name}"): part for part in Part}


def periods_from(asked: pb.GetBusinessRequest, now: float) -> tuple[Period, Period | None]:
    """The period and, where asked for, the earlier one beside it. Raises InvalidInput."""
    from_us, to_us = range_from(asked, now)
    shift = asked.earlier_seconds * MILLION
    if shift > from_us:
        raise InvalidInput.of("earlier_seconds", "must not lead before 1970")
    earlier = _period(asked, from_us - shift, to_us - shift) if shift else None
    return _period(asked, from_us, to_us), earlier


def _period(asked: pb.GetBusinessRequest, from_us: int, to_us: int) -> Period:
    steps = steps_from(asked.step_seconds, asked.time_zone, from_us, to_us)
    return Period(from_us, to_us, steps.edges[:-1] if steps else ())


def steps_of(period: NamedPeriod) -> Period:
    """A named period with its steps."""
    steps = zoned_steps(period.range.first, period.range.end, period.step_seconds, UTC)
    return Period(period.range.first_us, period.range.end_us, steps.edges[:-1])


def parts_from(asked: pb.GetBusinessRequest) -> list[Part]:
    """The parts to give. Raises InvalidInput."""
    unknown = [number for number in asked.parts if number not in _PARTS]
    if unknown:
        raise InvalidInput.of("parts", "must be of the listed parts")
    return [_PARTS[number] for number in asked.parts] or list(Part)


def top_from(asked: pb.GetBusinessRequest) -> int:
    """Rows of each list. Raises InvalidInput."""
    if asked.top > MOST_TOP:
        raise InvalidInput.of("top", f"must be between 1 and {MOST_TOP}")
    return asked.top or DEFAULT_TOP


def response(found: BusinessFigures, earlier: BusinessFigures | None) -> pb.GetBusinessResponse:
    """The figures of both periods."""
    return pb.GetBusinessResponse(
        figures=_figures(found),
        earlier=None if earlier is None else _figures(earlier),
        points=[_point(one) for one in found.points],
        earlier_points=[_point(one) for one in earlier.points] if earlier else [],
    )


def revenue_response(
    period: NamedPeriod, periods: Sequence[RevenuePeriod], course: Sequence[BusinessPoint], found: BusinessFigures
) -> pb.GetRevenueResponse:
    """Revenue of all periods, the course of one, and what brought it."""
    told = _figures(found)
    return pb.GetRevenueResponse(
        end_time=at_second(period.range.end),
        periods=[_revenue_period(one) for one in periods],
        period=period.name,
        step_seconds=period.step_seconds,
        trend=[
            pb.RevenuePoint(
                time=at_second(point.start), revenue=money(point.revenue), purchases=point.counts["purchases"]
            )
            for point in course
        ],
        conversions=told.conversions,
        campaigns=told.campaigns,
    )


def _revenue_period(one: RevenuePeriod) -> pb.RevenuePeriod:
    return pb.RevenuePeriod(
        period=one.name,
        start_time=at_second(one.start),
        revenue=[_change(change) for change in one.changes],
        purchases=one.purchases,
    )


def _change(change: Change) -> pb.RevenueChange:
    return pb.RevenueChange(
        currency=change.now.currency,
        amount=change.now.amount,
        from_purchases=change.now.from_purchases,
        from_metric=change.now.from_metric,
        orders=change.now.orders,
        average_order=change.now.average_order,
        earlier_amount=change.earlier,
        change_percent=change.percent,
    )


def _figures(found: BusinessFigures) -> pb.BusinessFigures:
    return pb.BusinessFigures(
        start_time=timestamp(found.period.from_us),
        end_time=timestamp(found.period.to_us),
        revenue=[_revenue(one) for one in found.revenue],
        purchases=found.purchases,
        buyers=found.people.buyers,
        conversions=pb.Conversions(
            count=found.conversions,
            sessions=found.people.converting_sessions,
            rate=_percent(found.people.converting_sessions, found.people.sessions),
            by_funnel=[
                pb.ConversionFigures(funnel=name, count=count, value=money(value))
                for name, count, value in found.by_funnel
            ],
        ),
        credits=_credits(found),
        campaigns=_campaigns(found.campaigns),
        messages=pb.Messages(
            sent=found.sent,
            received=found.received,
            failed=found.failed,
            failure_rate=_percent(found.failed, found.sent),
            by_status=_counts(found.by_status),
        ),
        conversations=pb.Conversations(started=found.conversations_started, active=found.conversations_active),
        tickets=pb.Tickets(created=found.tickets, by_issue=_counts(found.by_issue)),
        ai=_ai(found),
        searches=pb.Searches(
            count=found.searches,
            without_results=found.without_results,
            average_results=found.average_results,
            top_queries=_counts(found.queries),
        ),
        top_products=[_product(one) for one in found.products],
        top_features=_counts(found.features),
    )


def _percent(part: float, whole: float) -> float:
    return 100.0 * part / whole if whole else 0.0


def _counts(pairs: Sequence[tuple[str, int]]) -> list[pb.NamedCount]:
    return [pb.NamedCount(name=name, count=count) for name, count in pairs]


def _revenue(one: Revenue) -> pb.Revenue:
    return pb.Revenue(
        currency=one.currency,
        amount=one.amount,
        from_purchases=one.from_purchases,
        from_metric=one.from_metric,
        orders=one.orders,
        average_order=one.average_order,
        largest_order=one.largest,
    )


def _credits(found: BusinessFigures) -> pb.Credits:
    return pb.Credits(
        purchased=found.credits_purchased,
        used=found.credits_used,
        balance=found.credits_purchased - found.credits_used,
        sales=money(found.credit_sales),
        used_by_feature=[pb.NamedAmount(name=name, amount=amount) for name, amount in found.used_by_feature],
    )


def _campaigns(found: Sequence[Campaign]) -> pb.Campaigns:
    sent, opened, clicked = (
        sum(getattr(one, name) for one in found) / MILLION for name in ("sent", "opened", "clicked")
    )
    return pb.Campaigns(
        active=len(found),
        sent=sent,
        opened=opened,
        clicked=clicked,
        open_rate=_percent(opened, sent),
        click_rate=_percent(clicked, sent),
        campaigns=[_campaign(one) for one in found],
    )


def _campaign(one: Campaign) -> pb.CampaignFigures:
    return pb.CampaignFigures(
        campaign_id=one.campaign_id,
        sent=one.sent / MILLION,
        opened=one.opened / MILLION,
        clicked=one.clicked / MILLION,
        open_rate=_percent(one.opened, one.sent),
        click_rate=_percent(one.clicked, one.sent),
        total_sent=one.total_sent / MILLION,
        total_opened=one.total_opened / MILLION,
        total_clicked=one.total_clicked / MILLION,
        last_update=timestamp(one.last_us),
    )


def _ai(found: BusinessFigures) -> pb.AiUsage:
    return pb.AiUsage(
        calls=found.ai.calls,
        failed=found.ai.failed,
        tokens=found.ai.tokens,
        cost=money(found.ai.cost),
        average_latency_ms=found.ai.average_latency_ms,
        users=found.people.model_users,
        by_model=[_model(one) for one in found.by_model],
    )


def _model(one: ModelCalls) -> pb.ModelUsage:
    return pb.ModelUsage(
        model=one.model,
        provider=one.provider,
        calls=one.calls,
        failed=one.failed,
        tokens=one.tokens,
        cost=money(one.cost),
        average_latency_ms=one.average_latency_ms,
    )


def _product(one: Product) -> pb.ProductFigures:
    return pb.ProductFigures(
        product_id=one.product_id, name=one.name, views=one.views, cart_adds=one.cart_adds, sold=one.sold
    )


def _point(one: BusinessPoint) -> pb.BusinessPoint:
    return pb.BusinessPoint(
        time=at_second(one.start), revenue=money(one.revenue), ai_cost=money(one.cost), **one.counts
    )
