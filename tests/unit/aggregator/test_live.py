"""The live state against a plain recomputation, in any order, with any repetition, and across restarts."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings, strategies as st

from services.aggregator.adapters.memory_store import MemoryStore
from services.aggregator.domain.intake.claims import Claims
from services.aggregator.domain.intake.intake import Intake
from services.aggregator.domain.live.live import READER_QUEUE, Live
from services.aggregator.domain.live.overview import OverviewEvents, OverviewState, OverviewUpdate
from services.core.errors import Overloaded, Unavailable
from tests.support.clock import ManualClock
from tests.support.journals import read, record, segment
from tests.unit.aggregator.facts import NOW, Fact, assert_agrees, facts
from tests.unit.aggregator.observers import SilentObserver

JOURNALS = ("00000000000000aa", "00000000000000bb", "00000000000000cc")


async def resumed(store: MemoryStore, clock: ManualClock) -> Intake:
    """An aggregator's intake after a start."""
    live = Live(clock, SilentObserver())
    intake = Intake(store, live, Claims(clock, SilentObserver()), clock, SilentObserver())
    intake.resume(await live.rebuild(store))
    return intake


async def fresh(now: float = NOW) -> tuple[Intake, MemoryStore, ManualClock]:
    store, clock = MemoryStore(), ManualClock(now)
    await store.open()
    return await resumed(store, clock), store, clock


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Fact], list[tuple[str, int, list[Fact]]]]:
    """Facts, and how three journals bring them: in pieces, interleaved, with parts repeated."""
    known = draw(st.lists(facts, max_size=30))
    by_journal: dict[str, list[Fact]] = {journal: [] for journal in JOURNALS}
    for fact in known:
        by_journal[draw(st.sampled_from(JOURNALS))].append(fact)
    reached = dict.fromkeys(JOURNALS, 0)
    pieces: list[tuple[str, int, list[Fact]]] = []
    while any(reached[journal] < len(by_journal[journal]) for journal in JOURNALS):
        journal = draw(st.sampled_from([each for each in JOURNALS if reached[each] < len(by_journal[each])]))
        start = draw(st.integers(0, reached[journal]))
        end = draw(st.integers(reached[journal] + 1, len(by_journal[journal])))
        pieces.append((journal, start, by_journal[journal][start:end]))
        reached[journal] = end
    return known, pieces


def feed(intake: Intake, pieces: Sequence[tuple[str, int, list[Fact]]]) -> None:
    for journal, start, piece in pieces:
        intake.feed(journal, read(start, [fact.record() for fact in piece]))


@settings(max_examples=50)
@given(deliveries())
def test_the_overview_is_what_the_facts_say_in_any_order_and_repetition(
    delivered: tuple[list[Fact], list[tuple[str, int, list[Fact]]]],
) -> None:
    async def run() -> None:
        known, pieces = delivered
        intake, _store, _clock = await fresh()
        feed(intake, pieces)
        assert_agrees(intake.live.state("default").snapshot, known)

    asyncio.run(run())


@settings(max_examples=50)
@given(deliveries(), st.integers(0, 200))
def test_the_overview_is_the_same_after_a_restart(
    delivered: tuple[list[Fact], list[tuple[str, int, list[Fact]]]], pause: int
) -> None:
    async def run() -> None:
        _known, pieces = delivered
        intake, store, clock = await fresh()
        feed(intake, pieces)
        for journal in JOURNALS:
            records = _once(journal, pieces)
            if records:
                await store.commit(segment(*(fact.record() for fact in records), journal_id=journal))
        await clock.advance(pause)
        again = await resumed(store, clock)
        assert again.live.state("default") == intake.live.state("default")
        feed(again, pieces)
        assert again.live.state("default") == intake.live.state("default")

    asyncio.run(run())


def _once(journal: str, pieces: Sequence[tuple[str, int, list[Fact]]]) -> list[Fact]:
    """The facts of a journal, each once."""
    facts_of: list[Fact] = []
    for each, start, piece in pieces:
        if each == journal:
            facts_of[start:] = piece
    return facts_of


async def test_nothing_is_told_before_the_store_was_read() -> None:
    live = Live(ManualClock(), SilentObserver())
    with pytest.raises(Unavailable), live.reading("default"):
        pass


async def test_a_reader_gets_the_state_then_every_change_without_a_gap() -> None:
    intake, _store, clock = await fresh()
    intake.feed(JOURNALS[0], read(0, [record(accepted=NOW, events=[{"type": "before"}])]))
    with intake.live.reading("default") as reader:
        intake.feed(JOURNALS[0], read(1, [record(accepted=NOW, events=[{"type": "after"}, {"type": "request"}])]))
        await clock.advance(1)
        intake.live.tick()
        state, happened, update = [await reader.next() for _frame in range(3)]
    assert isinstance(state, OverviewState)
    assert [event.type for event in state.snapshot.recent_events] == ["before"]
    assert [point.second for point in state.history] == list(range(int(NOW) - 299, int(NOW) + 1))
    assert isinstance(happened, OverviewEvents)
    assert [event.type for event in happened.events] == ["after"]
    assert isinstance(update, OverviewUpdate)
    assert {int(NOW), int(NOW) + 1} <= {point.second for point in update.points}
    assert update.snapshot.figures.total_requests == 1


async def test_updates_bring_only_what_changed() -> None:
    intake, _store, clock = await fresh()
    with intake.live.reading("default") as reader:
        intake.live.tick()
        await clock.advance(1)
        intake.feed(JOURNALS[0], read(0, [record(accepted=NOW, events=[{"type": "request", "time": NOW - 7}])]))
        intake.live.tick()
        _state, _first, update = [await reader.next() for _frame in range(3)]
    assert isinstance(update, OverviewUpdate)
    assert [point.second for point in update.points] == [int(NOW) - 7, int(NOW) + 1]


async def test_a_reader_sees_only_its_own_tenant() -> None:
    intake, _store, _clock = await fresh()
    with intake.live.reading("a") as reader:
        await reader.next()
        intake.feed(JOURNALS[0], read(0, [record(tenant="b", accepted=NOW, events=[{"type": "theirs"}])]))
        intake.feed(JOURNALS[0], read(1, [record(tenant="a", accepted=NOW, events=[{"type": "mine"}])]))
        frame = await reader.next()
    assert isinstance(frame, OverviewEvents)
    assert [event.type for event in frame.events] == ["mine"]


async def test_a_reader_that_falls_behind_is_told_to_come_back() -> None:
    intake, _store, _clock = await fresh()
    with intake.live.reading("default") as slow, intake.live.reading("default") as quick:
        await quick.next()
        for _tick in range(READER_QUEUE):
            intake.live.tick()
            await quick.next()
        with pytest.raises(Overloaded) as behind:
            await slow.next()
    assert behind.value.retry_after == 0.0


async def test_readers_end_when_the_process_stops() -> None:
    intake, _store, _clock = await fresh()
    with intake.live.reading("default") as reader:
        await reader.next()
        waiting = asyncio.create_task(reader.next())
        await asyncio.sleep(0)
        intake.live.stop()
        with pytest.raises(Unavailable, match="stopping"):
            await waiting


async def test_machines_show_their_newest_gauges_and_go_after_two_minutes() -> None:
    intake, _store, clock = await fresh()
    series = [
        (1, "system_cpu_percent", {"host": "h"}),
        (2, "system_disk_percent", {"host": "h", "mount": "/"}),
        (3, "system_disk_percent", {"host": "h", "mount": "/data"}),
        (4, "process_memory_bytes", {"host": "h", "process": "collector"}),
    ]
    samples = [(1, NOW - 1, 10.0), (1, NOW - 2, 99.0), (2, NOW, 70.0), (3, NOW, 40.0), (4, NOW + 3_600, 5e6)]
    intake.feed(JOURNALS[0], read(0, [record(accepted=NOW, series=series, samples=samples)]))
    [machine] = intake.live.state("default").snapshot.machines
    assert (machine.host, machine.gauges, machine.disk_percent) == ("h", {"system_cpu_percent": 10.0}, 70.0)
    assert machine.processes["collector"].memory_bytes == 5e6
    assert machine.seen_ms == NOW * 1_000
    await clock.advance(121)
    assert intake.live.state("default").snapshot.machines == []


async def test_what_a_service_says_wins_over_what_was_counted() -> None:
    intake, _store, _clock = await fresh()
    requests = [{"type": "request", "service": "shop", "data": {"latency_ms": 8, "status_code": 500}}] * 3
    beats = [{"service": "shop", "status": "busy", "requests": 70, "uptime": 2.5}]
    intake.feed(JOURNALS[0], read(0, [record(accepted=NOW, events=requests, heartbeats=beats)]))
    metrics = intake.live.service_metrics("default", "shop")
    assert metrics is not None
    state = metrics.state
    assert (state.status, state.request_count, state.error_count, state.avg_latency_ms) == ("busy", 70.0, 3.0, 8.0)
    assert (state.uptime_hours, metrics.error_rate) == (2.5, 100.0)
    assert metrics.percentiles == pytest.approx((8.0, 8.0, 8.0), rel=0.01)
    assert intake.live.service_metrics("default", "unknown") is None


async def test_agents_are_no_services() -> None:
    intake, _store, _clock = await fresh()
    intake.feed(JOURNALS[0], read(0, [record(accepted=NOW, heartbeats=[{"service": "bot", "kind": "agent"}])]))
    assert intake.live.state("default").snapshot.services == {}
