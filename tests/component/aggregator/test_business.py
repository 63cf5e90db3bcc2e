"""Business figures over a real store against plain Python, in any order of arrival, repeated and late."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from hashlib import blake2b
from itertools import count
from operator import attrgetter
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, given, settings, strategies as st

from services.aggregator.adapters.clickhouse.business.business import ClickHouseBusiness
from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.domain.business.business import Business, BusinessFigures
from services.aggregator.domain.ranges.zoned_steps import zoned_steps
from services.aggregator.ports.business import Period
from tests.support.clock import ManualClock
from tests.support.examples import examples
from tests.support.journals import NOW, record, segment
from tests.support.stores import chdb_store, opened
from tests.support.trade import Row, active_conversations, by_currency, most, of, plain_figures, told, trade
from tests.support.visits import near

pytestmark = pytest.mark.store

BEGIN = NOW - 7_200
PERIOD = Period(round(BEGIN * 1e6), round(NOW * 1e6))


def business(store: ClickHouseStore) -> Business:
    return Business(ClickHouseBusiness(store.reader), ManualClock(NOW))


async def kept(store: ClickHouseStore, tenant: str, rows: Sequence[Row], rng: Random) -> None:
    """Rows in segments of any order; some segments come twice."""
    rows = rng.sample(rows, len(rows))
    # Of each tenant its own: a segment that is known is not stored again.
    journal = blake2b(tenant.encode(), digest_size=8).hexdigest()
    cut = rng.randrange(len(rows) + 1)
    for offset, part in enumerate((rows[:cut], rows[cut:])):
        whole = segment(record(tenant=tenant, accepted=NOW, events=part), first_offset=offset, journal_id=journal)
        for _ in range(rng.choice((1, 1, 2))):
            await store.commit(whole)


def assert_near(found: Any, expected: Any, name: str) -> None:
    if isinstance(expected, float):
        assert near(found, expected), (name, found, expected)
    elif isinstance(expected, dict):
        assert found.keys() == expected.keys(), name
        assert all(near(found[key], expected[key]) for key in expected), (name, found, expected)
    else:
        assert found == expected, name


def assert_true_of(figures: BusinessFigures, rows: Sequence[Row]) -> None:
    for name, expected in plain_figures(rows).items():
        assert_near(attrgetter(name)(figures), expected, name)
    orders = of(rows, "purchase")
    revenue = by_currency(orders, "total")
    assert_near({one.currency: one.amount for one in figures.revenue}, revenue, "revenue")
    for one in figures.revenue:
        theirs = told([row for row in orders if row["data"]["currency"].upper() == one.currency], "total")
        assert_near([one.orders, one.largest], [len(theirs), max(theirs)], "orders")
        assert near(one.average_order, sum(theirs) / len(theirs))
    assert_near(figures.credit_sales, by_currency(of(rows, "credits_purchased"), "amount"), "sales")
    assert_near(figures.ai.cost, by_currency(of(rows, "AIInteraction"), "cost"), "cost")
    funnels = most([row["data"]["funnel"] for row in of(rows, "conversion")])
    assert [(name, count) for name, count, _value in figures.by_funnel] == funnels
    for product in figures.products:
        name = product.product_id
        views = [row for row in of(rows, "product_view") if row["data"]["product_id"] == name]
        adds = [row for row in of(rows, "cart_add") if row["data"]["product_id"] == name]
        items = [item for row in orders for item in row["data"]["items"] if item["product_id"] == name]
        pieces = sum(1 if item["quantity"] is None else item["quantity"] for item in items)
        assert (product.views, product.cart_adds, product.sold) == (len(views), len(adds), pieces)


def with_store(path: Path, check: Callable[[ClickHouseStore, str, Any], Awaitable[None]], *given_: Any) -> None:
    """Runs a check with many examples over one store, each as a tenant of its own."""
    tenants = (f"t{number}" for number in count())
    store = chdb_store(path)
    with asyncio.Runner() as runner:
        runner.run(store.open())

        @given(*given_)
        # What fails is told as it is: to shrink it, five minutes of stores would be filled.
        @settings(max_examples=examples(100), phases=set(Phase) - {Phase.shrink, Phase.explain})
        def judged(example: Any) -> None:
            runner.run(_awaited(check(store, next(tenants), example)))

        judged()
        runner.run(store.close())


async def _awaited(check: Awaitable[None]) -> None:
    await check


def test_figures_are_what_plain_python_finds(tmp_path: Path) -> None:
    async def check(store: ClickHouseStore, tenant: str, rng: Random) -> None:
        rows = trade(rng, rng.choice((0, 1, 10, 150)), BEGIN - 600, 8_400)
        await kept(store, tenant, rows, rng)
        figures = await business(store).figures(tenant, PERIOD, 100)
        assert_true_of(figures, [row for row in rows if BEGIN <= row["time"] < NOW])
        assert figures.conversations_active == active_conversations([row for row in rows if row["time"] < NOW], NOW)

    with_store(tmp_path, check, st.randoms(use_true_random=False))


async def test_steps_add_up_to_the_whole(tmp_path: Path) -> None:
    async with opened(chdb_store(tmp_path)) as store:
        assert isinstance(store, ClickHouseStore)
        rng = Random(4)
        rows = trade(rng, 400, BEGIN - 600, 8_400)
        await kept(store, "default", rows, rng)
        steps = zoned_steps(round(BEGIN), round(NOW), 1_800, ZoneInfo("Asia/Kathmandu"))
        figures = await business(store).figures("default", Period(PERIOD.from_us, PERIOD.to_us, steps.edges[:-1]), 10)
        assert [point.start for point in figures.points] == list(steps.edges[:-1])
        for point, start, end in zip(figures.points, steps.edges, steps.edges[1:], strict=False):
            within = [row for row in rows if start <= row["time"] < end]
            plain = plain_figures(within)
            assert_near(point.revenue, by_currency(of(within, "purchase"), "total"), "revenue")
            assert_near(point.cost, by_currency(of(within, "AIInteraction"), "cost"), "cost")
            for name, figure in (
                ("purchases", "purchases"),
                ("credits_used", "credits_used"),
                ("messages_failed", "failed"),
                ("tickets", "tickets"),
                ("ai_tokens", "ai.tokens"),
                ("searches", "searches"),
                ("sessions", "people.sessions"),
            ):
                assert near(point.counts[name], plain[figure]), name


def plain_campaign(rows: Sequence[Row], name: str) -> tuple[int, int]:
    """What a campaign added to `sent` within the period, and its last total."""
    added, former = 0, 0
    for row in sorted(rows, key=lambda row: row["time"]):
        sent = row["data"].get("sent")
        if row["data"]["campaign_id"] == name and sent is not None:
            if row["time"] >= BEGIN:
                added += sent - former if sent >= former else sent
            former = sent
    return added, former


UPDATES = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from("ab"), st.one_of(st.none(), st.integers(0, 9))), max_size=14
)


def test_campaigns_add_what_their_totals_grew_by(tmp_path: Path) -> None:
    async def check(store: ClickHouseStore, tenant: str, updates: list[tuple[int, str, int | None]]) -> None:
        rows: list[dict[str, Any]] = [
            {
                "type": "CampaignUpdate",
                "time": BEGIN - 20 + at + place / 1e3,
                "data": {"campaign_id": name, "sent": sent},
            }
            for place, (at, name, sent) in enumerate(updates)
        ]
        await kept(store, tenant, rows, Random(len(rows)))
        reader = ClickHouseBusiness(store.reader)
        found, nothing = await reader.campaigns(tenant, PERIOD)
        assert not nothing
        updated = {row["data"]["campaign_id"] for row in rows if row["time"] >= BEGIN}
        assert {one.campaign_id for one in found} == updated
        plain = {name: plain_campaign(rows, name) for name in updated}
        assert {one.campaign_id: one.sent / 1e6 for one in found} == {name: added for name, (added, _) in plain.items()}
        step = Period(PERIOD.from_us, PERIOD.to_us, [round(BEGIN)])
        again, over_time = await reader.campaigns(tenant, step)
        assert again == found
        assert sum(over_time.values()) / 1e6 == sum(added for added, _last in plain.values())

    with_store(tmp_path, check, UPDATES)


async def test_revenue_of_the_metric_is_from_minutes_and_samples(tmp_path: Path) -> None:
    """Minutes that are rolled up count once, beside the samples at both ends and what was imported."""
    rng = Random(7)
    samples = [
        (1 + number % 2, round(NOW - rng.uniform(0, 9_000), 3), round(rng.uniform(1, 9), 2)) for number in range(300)
    ]
    series = [(1, "revenue", {"currency": "usd"}), (2, "revenue", {"currency": "EUR"})]
    total = [(3, "revenue", {"currency": "USD"})]
    async with opened(chdb_store(tmp_path)) as store:
        assert isinstance(store, ClickHouseStore)
        running = record(series=total, samples=[(3, NOW - 100, 1e6)], kind=2)
        whole = segment(record(series=series, samples=samples, kind=3), running)
        await store.commit(whole)
        minutes = sorted({int(time) // 60 * 60 for _id, time, _value in samples if time < NOW - 3_000})
        await store.roll_up("default", 60, minutes)
        figures = await business(store).figures("default", PERIOD, 10)
        within = [each for each in samples if BEGIN <= each[1] < NOW]
        plain = {
            name: sum(value for id_, _time, value in within if id_ == number)
            for number, name in ((1, "USD"), (2, "EUR"))
        }
        assert_near({one.currency: one.from_metric for one in figures.revenue}, plain, "metric")
        starts = [round(BEGIN) + 600 * step for step in range(12)]
        stepped = await business(store).figures("default", Period(PERIOD.from_us, PERIOD.to_us, starts), 10)
        for point in stepped.points:
            sums: dict[str, float] = {}
            for id_, time, value in within:
                if point.start <= time < point.start + 600:
                    name = "USD" if id_ == 1 else "EUR"
                    sums[name] = sums.get(name, 0.0) + value
            assert_near(point.revenue, sums, "metric over time")
