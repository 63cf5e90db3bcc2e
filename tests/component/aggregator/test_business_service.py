"""Business figures, rules and violations through the wired aggregator."""

import time
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import business_service_pb2 as pb, business_service_pb2_grpc
from binnacle.query.v1 import query_pb2
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.support.journals import record

pytestmark = pytest.mark.store
DAY = 86_400


def at(seconds: float) -> Timestamp:
    stamp = Timestamp()
    stamp.FromMicroseconds(round(seconds * 1e6))
    return stamp


def stub(aggregator: Aggregator) -> Any:
    return business_service_pb2_grpc.BusinessServiceStub(aggregator.channel)


def event(kind: str, time: float, user: str = "u", **data: Any) -> dict[str, Any]:
    return {"type": kind, "time": time, "user": user, "session": f"s-{user}", "data": data}


async def test_figures_with_an_earlier_period_beside_them(aggregator: Aggregator) -> None:
    now = float(int(time.time()))
    rows = [
        event("purchase", now - 50, "a", total=10.5, currency="USD"),
        event("purchase", now - 40, "b", total="4.5", currency="usd"),
        event("purchase", now - 40, "b", total=7, currency="EUR"),
        event("purchase", now - 30, "b", order_id="no total"),
        event("purchase", now - 3_650, "a", total=100, currency="USD"),
        event("conversion", now - 20, "a", funnel="visitor_to_customer", value=10.5, currency="USD"),
        event("MessageSent", now - 20, status="FAILED", to="x"),
        event("MessageSent", now - 20, status="read", to="y"),
        event(
            "AIInteraction", now - 20, tokens=7, model="small", provider="p", cost=0.25, currency="USD", latency_ms=5
        ),
        event("AIInteraction", now - 20, tokens=3, model="small", provider="p", success=False),
        event("CampaignUpdate", now - 3_700, campaign_id="c", sent=100, opened=10, clicked=1),
        event("CampaignUpdate", now - 10, campaign_id="c", sent=140, opened=30, clicked=3),
    ]
    await aggregator.store(record(accepted=now, events=rows))
    request = pb.GetBusinessRequest(
        start_time=at(now - 3_600), end_time=at(now), step_seconds=1_800, earlier_seconds=3_600
    )
    found = await stub(aggregator).GetBusiness(request)
    dollars, euros = sorted(found.figures.revenue, key=lambda one: one.currency, reverse=True)
    assert (dollars.amount, dollars.orders, dollars.average_order, dollars.largest_order) == (15, 2, 7.5, 10.5)
    assert (euros.currency, euros.amount) == ("EUR", 7)
    assert (found.figures.purchases, found.figures.buyers) == (4, 2)
    assert found.figures.conversions.rate == pytest.approx(100 / 3)
    messages = found.figures.messages
    assert (messages.sent, messages.failed, messages.failure_rate) == (2, 1, 50)
    [model] = found.figures.ai.by_model
    assert (model.model, model.calls, model.failed, model.tokens, model.average_latency_ms) == ("small", 2, 1, 10, 5)
    assert [(money.currency, money.amount) for money in found.figures.ai.cost] == [("USD", 0.25)]
    [campaign] = found.figures.campaigns.campaigns
    assert (campaign.sent, campaign.open_rate, campaign.total_sent) == (40, 50, 140)
    assert [(one.currency, one.amount) for one in found.earlier.revenue] == [("USD", 100)]
    # A step may have begun within the last minute.
    assert sum(point.purchases for point in found.points[-2:]) == 4
    assert sum(point.purchases for point in found.earlier_points) == 1
    others = await stub(aggregator).GetBusiness(request, metadata=as_tenant("other"))
    assert (others.figures.purchases, list(others.figures.revenue)) == (0, [])


def broken_rows(now: float) -> list[dict[str, Any]]:
    """For each ready-made rule events that keep it and events that break it, the latter marked."""
    good: list[tuple[str, dict[str, Any]]] = [
        ("purchase", {"total": 1, "currency": "USD", "order_id": "o1"}),
        ("purchase", {"total": 0, "order_id": "o2"}),
        ("credits_purchased", {"credits": 10}),
        ("credits_used", {"credits": 10}),
        ("conversion", {"value": 2}),
        ("MessageSent", {"status": "Delivered"}),
        ("CampaignUpdate", {"campaign_id": "c", "sent": 1, "opened": 0, "clicked": 0}),
        ("TicketCreated", {"ticket_id": "t1"}),
        ("AIInteraction", {"tokens": 0}),
    ]
    bad: list[tuple[str, str, dict[str, Any]]] = [
        ("purchase-total", "purchase", {"total": -1}),
        ("purchase-total", "purchase", {}),
        ("purchase-currency", "purchase", {"total": 1, "currency": "Dollars"}),
        ("purchase-order-once", "purchase", {"total": 1, "order_id": "o1"}),
        ("credits-amount", "credits_purchased", {"credits": 0}),
        ("credits-balance", "credits_used", {"credits": 0.5}),
        ("conversion-value", "conversion", {"value": "much"}),
        ("message-status", "MessageSent", {"status": "lost"}),
        ("campaign-counts", "CampaignUpdate", {"campaign_id": "c", "sent": 1, "opened": -1, "clicked": 0}),
        ("ticket-once", "TicketCreated", {"ticket_id": "t1"}),
        ("ai-tokens", "AIInteraction", {"tokens": None}),
    ]
    rows = [event(kind, now - 100 + place, **data) for place, (kind, data) in enumerate(good)]
    return rows + [event(kind, now - 50 + place, **data, breaks=name) for place, (name, kind, data) in enumerate(bad)]


async def test_every_ready_made_rule_finds_what_breaks_it(aggregator: Aggregator) -> None:
    now = time.time()
    rows = broken_rows(now)
    await aggregator.store(record(accepted=now, events=rows[::-1]))
    business = stub(aggregator)
    rules = (await business.ListBusinessRules(pb.ListBusinessRulesRequest())).rules
    whole = await business.ListBusinessViolations(pb.ListBusinessViolationsRequest())
    found = [(one.rule_id, one.event.data["breaks"]) for one in whole.violations]
    assert found == [(name, name) for name in (row["data"].get("breaks") for row in reversed(rows)) if name]
    assert {rule.id for rule in rules} == {name for name, _breaks in found}
    assert {one.rule.id: one.violations for one in whole.results} == {
        rule.id: sum(name == rule.id for name, _breaks in found) for rule in rules
    }
    assert all(one.checked > one.violations for one in whole.results)
    pages: list[str] = []
    token = ""
    while True:
        page = await business.ListBusinessViolations(pb.ListBusinessViolationsRequest(page_size=3, page_token=token))
        pages += [one.rule_id for one in page.violations]
        token = page.next_page_token
        if not token:
            break
    assert pages == [name for name, _breaks in found]
    one = await business.ListBusinessViolations(pb.ListBusinessViolationsRequest(rule_id="ticket-once"))
    assert ([each.rule_id for each in one.violations], len(one.results)) == (["ticket-once"], 1)
    assert one.violations[0].reason == "data.ticket_id came before: against the rule that a ticket is created once"


async def test_rules_of_the_question(aggregator: Aggregator) -> None:
    now = time.time()
    rows = [
        event("ship", now - 90, order="late"),
        event("purchase", now - 80, order="a"),
        event("ship", now - 70, order="a"),
        event("ship", now - 3, order="b"),
        event("ship", now - 2, "v", weight=11),
    ]
    await aggregator.store(record(accepted=now, events=rows))
    rules = [
        pb.BusinessRule(
            id="shipped-after-purchase",
            types=["ship"],
            preceded=pb.PrecededDemand(by_types=["purchase"], field="data.order", within_seconds=60),
        ),
        pb.BusinessRule(
            id="light",
            types=["ship"],
            severity="critical",
            conditions=pb.ConditionsDemand(
                conditions=[
                    query_pb2.EventCondition(
                        field="data.weight", operator=query_pb2.EventCondition.OPERATOR_LESS, values=["10"]
                    )
                ],
                where=[query_pb2.EventCondition(field="user_id", values=["v"])],
            ),
        ),
    ]
    found = await stub(aggregator).ListBusinessViolations(pb.ListBusinessViolationsRequest(rules=rules))
    told = [(one.rule_id, one.severity, one.event.user_id) for one in found.violations]
    broken = ("shipped-after-purchase", "warning", "u")
    assert told == [("light", "critical", "v"), broken, broken]
    assert found.violations[0].reason == "data.weight: against the rule light"
    assert [(one.checked, one.violations) for one in found.results] == [(3, 2), (1, 1)]


RULE = pb.BusinessRule(id="r", types=["a"], unique=pb.UniqueDemand(field="data.x"))


BAD = (
    (pb.ListBusinessViolationsRequest(rules=[pb.BusinessRule(id="R", types=["a"])]), "rules[0].id"),
    (pb.ListBusinessViolationsRequest(rules=[pb.BusinessRule(id="r", types=["a"])]), "rules[0]"),
    (pb.ListBusinessViolationsRequest(rules=[RULE, RULE]), "rules"),
    (pb.ListBusinessViolationsRequest(page_size=1_001), "page_size"),
    (pb.ListBusinessViolationsRequest(page_token="foreign"), "page_token"),
    (pb.ListBusinessViolationsRequest(start_time=at(10), end_time=at(10)), "start_time"),
    (pb.GetBusinessRequest(time_zone="Mars"), "time_zone"),
    (pb.GetBusinessRequest(step_seconds=7), "step_seconds"),
    (pb.GetBusinessRequest(start_time=at(0), step_seconds=60), "step_seconds"),
    (pb.GetBusinessRequest(top=101), "top"),
    (pb.GetBusinessRequest(earlier_seconds=2**32 - 1), "earlier_seconds"),
)


async def test_bad_questions_are_refused_by_field(aggregator: Aggregator) -> None:
    business = stub(aggregator)
    for request, field in BAD:
        figures = isinstance(request, pb.GetBusinessRequest)
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await (business.GetBusiness if figures else business.ListBusinessViolations)(request)
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert str(error.value.details()).startswith(field)


async def test_an_unknown_rule_is_not_found(aggregator: Aggregator) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await stub(aggregator).ListBusinessViolations(pb.ListBusinessViolationsRequest(rule_id="none"))
    assert error.value.code() is grpc.StatusCode.NOT_FOUND
