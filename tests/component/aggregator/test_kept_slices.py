"""Answers put together of what is kept equal those read whole, whatever was written, deleted or asked before."""

import random
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from services.aggregator.adapters.clickhouse.business.audience import ClickHouseAudience
from services.aggregator.adapters.clickhouse.business.business import ClickHouseBusiness
from services.aggregator.adapters.clickhouse.business.business_rules import ClickHouseRules
from services.aggregator.adapters.clickhouse.business.sessions import ClickHouseSessions
from services.aggregator.adapters.clickhouse.findings.errors import ClickHouseErrors
from services.aggregator.adapters.clickhouse.keeping.deletions import ClickHouseDeletions
from services.aggregator.adapters.clickhouse.reports.clients import ClickHouseClients
from services.aggregator.adapters.clickhouse.reports.integrations import ClickHouseIntegrations
from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.domain.business.business_rules import READY_MADE
from services.aggregator.ports.audience import Audience, CohortQuestion
from services.aggregator.ports.business import Period
from services.aggregator.ports.deletions import Deletion, digest_of
from services.aggregator.ports.integrations import CallsQuestion
from services.aggregator.ports.searches import ErrorSearch, TimeRange
from services.aggregator.ports.sessions import FeatureFilter
from tests.support.examples import examples
from tests.support.journals import NOW, record, segment
from tests.support.stores import chdb_store

pytestmark = [pytest.mark.store, pytest.mark.slow]

DAY, HOUR, MINUTE = 86_400, 3_600, 60
MICRO = 1_000_000
PEOPLE = 12
TYPES: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("page_view", {"page": "/"}),
    ("purchase", {"total": 12.5, "currency": "EUR", "order_id": "o"}),
    ("purchase", {"total": "free"}),
    ("conversion", {"funnel": "f", "value": 3}),
    ("feature_used", {"feature": "search"}),
    ("search", {"query": "Lamp", "results_count": 0}),
    ("product_view", {"product_id": "p", "name": "Lamp"}),
    ("MessageSent", {"status": "failed", "to": "c"}),
    ("AIInteraction", {"model": "m", "tokens": 3, "latency_ms": 5}),
    ("integration_call", {"provider": "Stripe", "success": False, "latency_ms": 20}),
    ("request", {"status_code": 500}),
    ("error", {"error_type": "Timeout", "message": "no answer in 3 s"}),
    ("deploy", {"version": "2"}),
)
WORDS = ("page_view", "purchase", "conversion", "search", "MessageSent", "AIInteraction")
Ask = Callable[[ClickHouseStore, int, int], Awaitable[Any]]


def starts(from_us: int, to_us: int) -> list[int]:
    """Steps of ten minutes."""
    first = from_us // MICRO
    return [first, *range(first // 600 * 600 + 600, to_us // MICRO, 600)]


async def figures_of_business(store: ClickHouseStore, from_us: int, to_us: int) -> Any:
    reader, period = ClickHouseBusiness(store.reader), Period(from_us, to_us, starts(from_us, to_us))
    cells = await reader.cells("default", period, WORDS)
    odd = await reader.cells("default", Period(from_us, to_us, (from_us // MICRO, to_us // MICRO - 777)), WORDS)
    by_cell = sorted(map(repr, cells)), sorted(map(repr, odd))
    frequent = await reader.frequent("default", period, ("search", "feature_used", "product_view", "purchase"), 10)
    talks = sorted(map(repr, await reader.talks("default", from_us, to_us)))
    return (
        by_cell,
        await reader.people("default", period, ()),
        frequent,
        talks,
        await reader.talk_steps("default", period),
    )


async def people(store: ClickHouseStore, from_us: int, to_us: int) -> Any:
    reader, audience = ClickHouseAudience(store.reader), Audience(from_us, to_us, starts=starts(from_us, to_us))
    cohorts = CohortQuestion(from_us, to_us, audience.starts, "search", "page_view")
    return (
        await reader.users("default", audience),
        await reader.hours("default", audience),
        sorted(await reader.returns("default", cohorts)),
    )


async def sessions(store: ClickHouseStore, from_us: int, to_us: int) -> Any:
    reader = ClickHouseSessions(store.reader)
    features = FeatureFilter(from_us, to_us, starts=starts(from_us, to_us))
    return (
        await reader.figures("default", from_us, to_us, to_us - MINUTE * MICRO),
        await reader.features("default", features, 10),
    )


async def broken_rules(store: ClickHouseStore, from_us: int, to_us: int) -> Any:
    reader = ClickHouseRules(store.reader)
    judged = [await reader.judge("default", rule, from_us, to_us) for rule in READY_MADE]
    return judged, [await reader.broken("default", rule, from_us, to_us, 5, None) for rule in READY_MADE]


async def errors(store: ClickHouseStore, from_us: int, to_us: int) -> Any:
    reader, search = ClickHouseErrors(store.reader), ErrorSearch(TimeRange(from_us, to_us))
    groups = await reader.groups("default", search, "count", 10)
    return groups, [await reader.occurrences("default", search, group.fingerprint, 5) for group in groups]


async def calls(store: ClickHouseStore, from_us: int, to_us: int) -> Any:
    reader, question = ClickHouseIntegrations(store.reader), CallsQuestion(from_us, to_us, bucket_seconds=600)
    rows = sorted(map(repr, await reader.calls("default", question)))
    pages = ClickHouseClients(store.reader)
    return (
        rows,
        sorted(map(repr, await reader.failures("default", question))),
        sorted(map(repr, await pages.pages("default", from_us, to_us, 600))),
        await pages.frequent_errors("default", from_us, to_us, 5),
    )


ALL: tuple[Ask, ...] = (figures_of_business, people, sessions, broken_rules, errors, calls)


def some_events(rng: random.Random, count: int) -> list[dict[str, Any]]:
    """Events of the last two days, most of them of the last hours."""
    made = []
    for _number in range(count):
        kind, data = rng.choice(TYPES)
        back = rng.choice((rng.uniform(0, 2 * DAY), rng.uniform(0, 3 * HOUR), rng.uniform(0, 5 * MINUTE)))
        who = rng.randrange(PEOPLE)
        made.append(
            {"type": kind, "service": "shop", "user": f"u{who}", "session": f"s{who}", "time": NOW - back, "data": data}
        )
    return made


async def assert_equal(store: ClickHouseStore, rng: random.Random) -> None:
    """Of a few ranges, what is told is what a question that knows nothing is told."""
    changes = store.reader.slices.changes
    for _number in range(2):
        from_us = round((NOW - rng.choice((rng.uniform(HOUR, 2 * DAY), 2 * DAY, HOUR))) * MICRO)
        to_us = round((NOW - rng.choice((0.0, 0.0, rng.uniform(0, HOUR / 2)))) * MICRO)
        for ask in rng.sample(ALL, 3):
            told = await ask(store, from_us, to_us)
            changes.alone = False
            whole = await ask(store, from_us, to_us)
            changes.alone = True
            assert told == whole, (ask.__name__, from_us, to_us)


@pytest.mark.parametrize("seed", range(examples(5, fewest=1)))
async def test_what_is_put_together_equals_what_is_read_whole(seed: int, tmp_path: Path) -> None:
    rng, offset = random.Random(seed), 0
    for _life in range(2):
        store = chdb_store(tmp_path / "store")
        store.reader.slices.now = lambda: NOW
        await store.open()
        for _round in range(2):
            for _segment in range(rng.randrange(3)):
                events = some_events(rng, rng.randrange(1, 60))
                made = segment(record(accepted=NOW, events=events), first_offset=offset)
                for _time in range(rng.choice((1, 1, 2))):
                    await store.commit(made)
                offset += 1
            if rng.random() < 0.3:
                await delete(store, f"u{rng.randrange(PEOPLE)}")
            await assert_equal(store, rng)
        await store.close()


async def delete(store: ClickHouseStore, user: str) -> None:
    """All that is told of somebody."""
    identity, now_us = random.randbytes(8).hex(), round((NOW + 1) * MICRO)
    deletion = Deletion(identity, "default", "user", digest_of(identity, user), now_us, verified_us=now_us)
    deletions = ClickHouseDeletions(store)
    await deletions.save(deletion)
    await deletions.erase(deletion)


async def test_what_was_read_is_not_read_again(tmp_path: Path) -> None:
    store = chdb_store(tmp_path / "store")
    store.reader.slices.now = lambda: NOW
    await store.open()
    await store.commit(segment(record(accepted=NOW, events=some_events(random.Random(1), 50))))
    from_us, to_us = round((NOW - DAY) * MICRO), round(NOW * MICRO)
    first = await sessions(store, from_us, to_us)
    read = store.reader.body
    asked: list[str] = []

    async def counted(query: Any, form: str) -> bytes:
        asked.append(query.statement().parameters.get("part_starts", []))
        return await read(query, form)

    store.reader.body = counted  # type: ignore[method-assign,assignment]
    assert await sessions(store, from_us, to_us) == first
    # A range of whole minutes is all kept, also behind the deletion of somebody of whom there was nothing.
    await delete(store, "nobody")
    assert await sessions(store, from_us, to_us) == first
    assert asked == []
    late = {"type": "page_view", "session": "late", "user": "late", "time": NOW - 5 * HOUR - 1}
    await store.commit(segment(record(accepted=NOW, events=[late]), first_offset=1))
    figures, _features = await sessions(store, from_us, to_us)
    assert figures.users == first[0].users + 1
    assert asked
    assert all(len(starts) == 1 for starts in asked)
    await store.close()
