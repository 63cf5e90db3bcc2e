"""Whatever is counted on in memory, the store would count."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.newest import event_counts, last_asked
from services.aggregator.adapters.clickhouse.newest.event_counts import EventCounts
from services.aggregator.ports.store import EventFilter, Segment
from tests.support.journals import JOURNAL, NOW, record, segment

ALL = EventFilter()
KINDS = [("view", "shop"), ("view", "cart"), ("sale", "shop"), ("", "cart")]
FILTERS = [ALL, EventFilter("view"), EventFilter(service="cart"), EventFilter("sale", "shop"), EventFilter("none")]
Row = tuple[str, str, int, str, str]
"""Tenant, journal, offset, type and service."""


class Kept:
    """A store of events in memory, with the segments that are committed; asking takes a while."""

    def __init__(self) -> None:
        self.rows_: list[Row] = []
        self.ledger: dict[str, int] = {}
        self.asked = 0

    async def committed(self) -> Mapping[str, int]:
        """Offsets below which journals are committed."""
        told = dict(self.ledger)
        await asyncio.sleep(0)
        return told

    async def rows(self, query: TenantQuery) -> list[list[Any]]:
        """Counts of what the question is about."""
        self.asked += 1
        below = dict(zip(query.parameters["journals"], query.parameters["offsets"], strict=True))
        counts = Counter(
            (kind, service)
            for tenant, journal, offset, kind, service in self.rows_
            if tenant == query.tenant and offset < below.get(journal, 0)
        )
        await asyncio.sleep(0)
        return [[*kind, count] for kind, count in counts.most_common(query.limit)]

    def put(self, brought: Segment, *, committed: bool = True) -> None:
        """Write a segment, or its rows alone; of what is there already nothing is added."""
        there = {(journal, offset) for _tenant, journal, offset, *_kind in self.rows_}
        for each in brought.records:
            if each.events is not None and (brought.journal_id, each.offset) not in there:
                kinds = zip(each.events.types, each.events.services, strict=True)
                self.rows_ += [(each.tenant, brought.journal_id, each.offset, *kind) for kind in kinds]
        if committed:
            self.ledger[brought.journal_id] = brought.to_offset

    def counted(self, tenant: str, matching: EventFilter) -> int:
        """How many of the committed match."""
        return sum(
            row[0] == tenant
            and row[2] < self.ledger.get(row[1], 0)
            and matching.type in ("", row[3])
            and matching.service in ("", row[4])
            for row in self.rows_
        )


def opened(store: Kept, *, alone: bool = True) -> EventCounts:
    """Nothing is known yet."""
    known = EventCounts(store, store.committed)
    known.opened([], alone)
    return known


def made(random_: random.Random, journal_id: str, offset: int) -> Segment:
    """Events of two tenants, some of them days late."""
    records = [
        record(
            tenant=random_.choice("ab"),
            events=[
                {"type": kind, "service": service, "time": NOW - random_.choice((0, 200_000))}
                for kind, service in random_.choices(KINDS, k=random_.randint(0, 4))
            ],
        )
        for _record in range(random_.randint(1, 3))
    ]
    return segment(*records, first_offset=offset, journal_id=journal_id)


@pytest.mark.parametrize("seed", range(20))
async def test_what_is_counted_is_what_the_store_has(seed: int) -> None:
    random_ = random.Random(seed)
    store = Kept()
    known = opened(store)
    unwritten: dict[str, Segment] = {}
    for _step in range(80):
        tenant, matching = random_.choice("ab"), random_.choice(FILTERS)
        asking = asyncio.ensure_future(known.count(tenant, matching))
        for _turn in range(random_.randint(0, 3)):
            await asyncio.sleep(0)
        either = [store.counted(tenant, matching)]
        journal_id = random_.choice("jk")
        # What failed is committed again, as the same segment; a kill forgets, and leaves rows in the store.
        brought = unwritten.pop(journal_id, None) or made(random_, journal_id, store.ledger.get(journal_id, 0))
        fate = random_.random()
        if fate < 0.7:
            store.put(brought)
            known.after(brought, 0, done=True)
        else:
            store.put(brought, committed=fate < 0.8)
            known.after(brought, 0, done=False)
            unwritten[journal_id] = brought
        either.append(store.counted(tenant, matching))
        assert await asking in (*either, None)
        if fate > 0.95:
            known = opened(store)
        # Deletions wait for what is being written.
        elif not unwritten and random_.random() < 0.2:
            store.rows_ = [row for row in store.rows_ if row[0] != tenant or row[3] != "sale"]
            known.forget(tenant)
    for brought in unwritten.values():
        store.put(brought)
        known.after(brought, 0, done=True)
    for tenant in "ab":
        for matching in FILTERS:
            assert await known.count(tenant, matching) == store.counted(tenant, matching)


def views(offset: int, count: int = 1, tenant: str = "default") -> Segment:
    """A segment of events."""
    return segment(record(tenant=tenant, events=[{"type": "view"}] * count), first_offset=offset)


async def test_the_store_is_asked_once() -> None:
    store = Kept()
    known = opened(store)
    for offset in range(5):
        brought = views(offset)
        store.put(brought)
        known.after(brought, 0, done=True)
        assert await known.count("default", ALL) == offset + 1
        assert await known.count("default", EventFilter("sale")) == 0
    assert store.asked == 1
    assert await known.count("other", ALL) == 0
    known.forget_all()
    assert await known.count("default", ALL) == 5
    assert store.asked == 3


async def test_what_a_kill_left_in_part_is_counted_once() -> None:
    store = Kept()
    store.put(views(0))
    cut_short = views(1, 3)
    store.put(cut_short, committed=False)
    known = opened(store)
    assert await known.count("default", ALL) == 1
    store.put(cut_short)
    known.after(cut_short, 0, done=True)
    assert await known.count("default", ALL) == 4
    assert store.ledger == {JOURNAL: 2}


async def test_who_has_too_many_kinds_is_counted_by_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_counts, "MOST_KINDS", 2)
    store = Kept()
    known = opened(store)
    for offset, count in enumerate((1, 2, None, None)):
        brought = segment(record(events=[{"type": f"kind {offset}"}]), first_offset=offset)
        store.put(brought)
        known.after(brought, 0, done=True)
        assert await known.count("default", ALL) == count
    known.forget("default")
    assert await known.count("default", ALL) is None


async def test_of_a_store_that_others_write_to_nothing_is_told() -> None:
    store = Kept()
    assert await opened(store, alone=False).count("default", ALL) is None
    assert not store.asked


async def test_tenants_that_ask_no_more_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_asked, "MOST_TENANTS", 1)
    store = Kept()
    known = opened(store)
    for tenant in "aabba":
        assert await known.count(tenant, ALL) == 0
    assert store.asked == 3


async def test_what_could_not_be_read_is_read_again() -> None:
    store = Kept()
    known = opened(store)
    store.put(views(0))

    async def failing() -> Mapping[str, int]:
        raise TimeoutError

    failed = EventCounts(store, failing)
    failed.opened([], alone=True)
    for _time in range(2):
        with pytest.raises(TimeoutError):
            await failed.count("default", ALL)
    assert await known.count("default", ALL) == 1
