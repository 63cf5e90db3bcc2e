"""Counts of events that are counted on are those that the store would tell."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from services.aggregator.adapters.clickhouse.newest.event_counts import FRESH_SECONDS, KnownEventCounts
from services.aggregator.ports.store import Segment
from tests.support.clock import ManualClock
from tests.support.journals import record, segment


class Kept:
    """Counts of a store, and how often they were asked for."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.asked = 0

    def write(self, known: KnownEventCounts, brought: Segment, *, done: bool = True) -> None:
        """Commit."""
        known.before(brought)
        for each in brought.records:
            if each.events is not None:
                self.counts.update(zip(each.events.types, each.events.services, strict=True))
        known.after(brought, 0, done)

    async def read(self) -> Sequence[Sequence[Any]]:
        """What the store tells."""
        self.asked += 1
        return [(kind, service, count) for (kind, service), count in self.counts.items()]


def events(offset: int, *kinds: str) -> Segment:
    """A segment of events."""
    return segment(record(events=[{"type": kind, "service": "shop"} for kind in kinds]), first_offset=offset)


def opened(clock: ManualClock, *, alone: bool = True) -> KnownEventCounts:
    """Nothing known yet."""
    known = KnownEventCounts(clock.monotonic)
    known.opened([], alone)
    return known


async def test_what_is_committed_is_counted_on() -> None:
    clock, store = ManualClock(), Kept()
    known = opened(clock)
    store.write(known, events(0, "a", "b"))
    for number in range(1, 5):
        assert await known.of("default", store.read) == store.counts
        store.write(known, events(number, "a"))
    assert store.asked == 1
    await clock.advance(2 * FRESH_SECONDS)
    assert await known.of("default", store.read) == store.counts == {("a", "shop"): 5, ("b", "shop"): 1}
    assert store.asked == 2


async def test_what_is_written_while_it_is_read_is_not_counted_twice() -> None:
    store = Kept()
    known = opened(ManualClock())

    async def read() -> Sequence[Sequence[Any]]:
        store.write(known, events(0, "a"))
        return await store.read()

    assert await known.of("default", read) == store.counts
    assert await known.of("default", store.read) == store.counts == {("a", "shop"): 1}
    begun = events(1, "a")
    known.forget("default")
    known.before(begun)
    store.counts["a", "shop"] += 1
    await known.of("default", store.read)
    known.after(begun, 0, done=True)
    assert await known.of("default", store.read) == store.counts


async def test_what_lists_show_already_is_counted() -> None:
    store = Kept()
    known = opened(ManualClock())
    store.write(known, events(0, "a"))
    await known.of("default", store.read)
    begun = events(1, "a")
    known.before(begun)
    store.counts["a", "shop"] += 1
    assert await known.of("default", store.read) == {("a", "shop"): 2}
    known.after(begun, 0, done=True)
    assert await known.of("default", store.read) == {("a", "shop"): 2}


async def test_what_was_deleted_or_may_be_there_in_part_is_counted_anew() -> None:
    store = Kept()
    known = opened(ManualClock())
    store.write(known, events(0, "a", "a"))
    await known.of("default", store.read)
    store.counts["a", "shop"] = 1
    known.forget("default")
    assert await known.of("default", store.read) == store.counts
    store.write(known, events(1, "a"), done=False)
    assert await known.of("default", store.read) == store.counts
    assert store.asked == 3


async def test_of_a_store_that_others_write_to_nothing_is_kept() -> None:
    store = Kept()
    known = opened(ManualClock(), alone=False)
    for asked in (1, 2):
        await known.of("default", store.read)
        assert store.asked == asked
