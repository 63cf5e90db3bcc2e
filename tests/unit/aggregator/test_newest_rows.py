"""Whatever is told from the newest rows in memory, the store would tell."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from services.aggregator.adapters.clickhouse.engine.statements import TenantQuery
from services.aggregator.adapters.clickhouse.newest import last_asked, newest_rows
from services.aggregator.adapters.clickhouse.newest.kinds import EVENTS
from services.aggregator.adapters.clickhouse.newest.newest_rows import AFTER_ALL, NewestRows
from services.aggregator.ports.searches import Position
from services.aggregator.ports.store import Segment, StoredEvent
from tests.support.journals import NOW, record, segment

MICRO = 1_000_000
NOW_US = round(NOW * MICRO)
FEW = 6
TYPES = ("view", "sale")


class Kept:
    """A store of events in memory: what was committed, by tenant."""

    def __init__(self) -> None:
        self.events: dict[str, list[StoredEvent]] = {}
        self.asked = 0

    async def rows(self, query: TenantQuery) -> list[list[Any]]:
        """The newest, as they are before what is committed meanwhile."""
        self.asked += 1
        found = self.newest(query.tenant, AFTER_ALL)[: query.limit]
        await asyncio.sleep(0)
        return [[*(getattr(event, name) for name in StoredEvent.__slots__[:-1]), *event.place] for event in found]

    def add(self, written: Segment) -> None:
        """What a commit adds."""
        for each in written.records:
            made = EVENTS.made(written.journal_id, each, range(len(each.events.types) if each.events else 0))
            self.events.setdefault(each.tenant, []).extend(made)

    def newest(self, tenant: str, before: Position) -> list[StoredEvent]:
        """Newest first."""
        theirs = [event for event in self.events.get(tenant, ()) if EVENTS.position(event) < before]
        return sorted(theirs, key=EVENTS.position, reverse=True)


def expected(store: Kept, tenant: str, kind: str, from_us: int, before: Position, limit: int) -> list[StoredEvent]:
    """What the store would tell."""
    found = [event for event in store.newest(tenant, before) if event.time_us >= from_us and kind in ("", event.type)]
    return found[:limit]


def made(random_: random.Random, offset: int) -> Segment:
    """A segment of events of two tenants, some of them at the same time, some late, some ahead."""
    records = [
        record(
            tenant=random_.choice(("a", "b")),
            events=[
                {"type": random_.choice(TYPES), "time": NOW + random_.randint(-20, 20), "data": {"n": number}}
                for number in range(random_.randint(0, 2 * FEW))
            ],
        )
        for _record in range(random_.randint(1, 3))
    ]
    return segment(*records, first_offset=offset, journal_id=random_.choice(("j", "k")))


def opened(store: Kept, kept_from_us: int = -1, *, alone: bool = True) -> NewestRows[StoredEvent]:
    """An empty memory over a store."""
    rows = NewestRows(store, EVENTS, lambda _tenant: kept_from_us)
    rows.opened([], alone)
    return rows


@pytest.mark.parametrize("seed", range(20))
async def test_what_is_told_is_what_the_store_has(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest_rows, "ROWS", FEW)
    random_ = random.Random(seed)
    store, told = Kept(), 0
    rows = opened(store, NOW_US - 15 * MICRO)
    for step in range(60):
        tenant, kind = random_.choice(("a", "b")), random_.choice(("", *TYPES))
        from_us = NOW_US + random_.randint(-25, 10) * MICRO
        known = store.newest(tenant, AFTER_ALL)
        before = EVENTS.position(random_.choice(known)) if known and random_.random() < 0.5 else AFTER_ALL
        limit = random_.randint(1, FEW)
        asking = asyncio.ensure_future(
            rows.page(tenant, lambda event, kind=kind: kind in ("", event.type), from_us, before, limit)  # type: ignore[misc]
        )
        if random_.random() < 0.5:
            await asyncio.sleep(0)
        if random_.random() < 0.5:
            await asking
        # The answer is of before or after what is written while it is made.
        either = [expected(store, tenant, kind, from_us, before, limit)]
        brought = made(random_, 100 * step)
        store.add(brought)
        rows.after(brought, 0, done=random_.random() < 0.9)
        either.append(expected(store, tenant, kind, from_us, before, limit))
        found = await asking
        if found is not None:
            told += 1
            assert found in either
        if random_.random() < 0.1:
            store.events[tenant] = [event for event in store.events.get(tenant, ()) if event.type != "sale"]
            rows.forget(tenant)
    assert told


@pytest.mark.parametrize("seed", range(10))
async def test_what_follows_a_row_is_what_the_store_has(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest_rows, "ROWS", FEW)
    random_ = random.Random(seed)
    store, told = Kept(), 0
    rows = opened(store, NOW_US - 15 * MICRO)
    for step in range(60):
        brought = made(random_, 100 * step)
        store.add(brought)
        rows.after(brought, 0, done=True)
        tenant, limit = random_.choice(("a", "b")), random_.randint(1, FEW)
        to_us = NOW_US + random_.randint(-25, 25) * MICRO
        oldest_first = store.newest(tenant, AFTER_ALL)[::-1]
        if not oldest_first:
            continue
        after = EVENTS.position(random_.choice(oldest_first[-FEW:]))
        found = await rows.following(tenant, lambda event: event.type == "sale", after, to_us, limit)
        if found is not None:
            later = [event for event in oldest_first if EVENTS.position(event) > after and event.time_us < to_us]
            told += bool(found)
            assert found == [event for event in later if event.type == "sale"][:limit]
    assert told


async def first(rows: NewestRows[StoredEvent], limit: int = 2, tenant: str = "default") -> list[StoredEvent] | None:
    """The newest."""
    return await rows.page(tenant, lambda _event: True, 0, AFTER_ALL, limit)


def events(*seconds: float, offset: int = 0) -> Segment:
    """A segment of events so many seconds from now."""
    return segment(record(events=[{"type": "e", "time": NOW + each} for each in seconds]), first_offset=offset)


def written(store: Kept, rows: Sequence[NewestRows[StoredEvent]], brought: Segment) -> None:
    """Commit."""
    store.add(brought)
    for each in rows:
        each.after(brought, 0, done=True)


async def test_the_store_is_asked_once() -> None:
    store = Kept()
    rows = opened(store)
    written(store, [rows], events(*range(-10, 0)))
    for number in range(5):
        found = await first(rows)
        assert found is not None
        assert found == store.newest("default", AFTER_ALL)[:2]
        # Late and ahead.
        written(store, [rows], events(-100.0, number, offset=1 + number))
    assert store.asked == 3, "at first, once for each look back"


async def test_of_a_store_that_others_write_to_nothing_is_told() -> None:
    store = Kept()
    assert await first(opened(store, alone=False)) is None
    assert store.asked == 0


async def test_what_may_be_there_in_part_is_read_again() -> None:
    store = Kept()
    rows = opened(store)
    written(store, [rows], events(-3, -2))
    assert await first(rows) is not None
    partly = events(-1, offset=1)
    store.add(partly)
    rows.after(partly, 0, done=False)
    found = await first(rows)
    assert found is not None
    assert [event.time_us for event in found] == [NOW_US - MICRO, NOW_US - 2 * MICRO]


async def test_what_may_not_be_kept_any_more_is_not_told() -> None:
    store = Kept()
    rows = opened(store, NOW_US - 5 * MICRO)
    written(store, [rows], events(-9, -8, -3))
    assert await first(rows, 1) is not None
    assert await first(rows, 2) is None


async def test_large_rows_are_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest_rows, "MOST_CHARACTERS", 500)
    store = Kept()
    rows = NewestRows(store, replace(EVENTS, characters=lambda _event: 200), lambda _tenant: -1)
    rows.opened([], alone=True)
    written(store, [rows], events(-3, -2, -1))
    assert await first(rows, 2) is not None
    assert await first(rows, 3) is None


async def test_tenants_that_ask_no_more_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_asked, "MOST_TENANTS", 1)
    store = Kept()
    rows = opened(store)
    for tenant in ("a", "a", "b", "b", "a"):
        await first(rows, tenant=tenant)
    assert store.asked == 9, "three looks back for each time that a tenant is new"
