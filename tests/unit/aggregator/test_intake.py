"""Taking a journal: order, sealing, committing once, holding back."""

import asyncio
from collections.abc import AsyncGenerator, Mapping

import pytest

from services.aggregator.adapters.memory_store import MemoryStore
from services.aggregator.domain.intake import journal_stream
from services.aggregator.domain.intake.claims import Claims
from services.aggregator.domain.intake.intake import Intake
from services.aggregator.domain.intake.journal_stream import JournalStream
from services.aggregator.domain.live.live import Live
from services.aggregator.ports.store import EventFilter, Segment
from services.core.errors import InvalidInput, Overloaded, Unavailable
from tests.support.clock import ManualClock
from tests.support.journals import JOURNAL, NOW, read, record
from tests.unit.aggregator.observers import SilentObserver

ALL = EventFilter()


class UnsteadyStore(MemoryStore):
    """A memory store that fails, or waits, when told so."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = 0
        self.may_commit = asyncio.Event()
        self.may_commit.set()
        self.may_read = asyncio.Event()
        self.may_read.set()
        self.asked = asyncio.Event()

    async def commit(self, segment: Segment) -> None:
        await self.may_commit.wait()
        if self.failures:
            self.failures -= 1
            raise Unavailable("told to fail")
        await super().commit(segment)

    async def committed(self) -> Mapping[str, int]:
        if not self.may_read.is_set():
            self.asked.set()
            await self.may_read.wait()
        return await super().committed()

    def lose_events(self) -> None:
        for kept in self._tenants.values():
            kept.events.clear()


class Scene:
    """An intake over an unsteady store."""

    def __init__(self) -> None:
        self.store, self.clock, self.observer = UnsteadyStore(), ManualClock(NOW), SilentObserver()
        self.intake = Intake(
            self.store, Live(self.clock, self.observer), Claims(self.clock, self.observer), self.clock, self.observer
        )

    async def start(self) -> "Scene":
        await self.store.open()
        self.intake.resume(await self.intake.live.rebuild(self.store))
        return self

    async def stored(self) -> list[str]:
        return sorted(event.type for event in await self.store.events("default", ALL, 100))


@pytest.fixture
async def scene() -> Scene:
    return await Scene().start()


def take(stream: JournalStream, first: int, *types: str) -> None:
    records = read(first, [record(events=[{"type": kind}]) for kind in types])
    stream.take(first, len(records), [each for each in records if each.offset >= stream.wanted_from])


async def answers(commits: AsyncGenerator[int, None], count: int) -> list[int]:
    return [await anext(commits) for _answer in range(count)]


async def test_segments_are_committed_in_order_and_answered(scene: Scene) -> None:
    stream = scene.intake.open(JOURNAL)
    take(stream, 0, "a", "b")
    stream.seal(0, 1)
    take(stream, 2, "c")
    stream.seal(1, 3)
    assert await answers(stream.commits(), 3) == [0, 1, 3]
    assert await scene.stored() == ["a", "b", "c"]


async def test_a_stream_that_ends_commits_what_is_sealed(scene: Scene) -> None:
    stream = scene.intake.open(JOURNAL)
    take(stream, 0, "a", "unsealed")
    stream.seal(0, 1)
    stream.end()
    assert [offset async for offset in stream.commits()] == [0, 1]
    assert await scene.stored() == ["a"]


async def test_what_is_repeated_after_a_break_is_stored_and_counted_once(scene: Scene) -> None:
    first = scene.intake.open(JOURNAL)
    take(first, 0, "a", "b")
    first.seal(0, 1)
    await answers(first.commits(), 2)
    second = scene.intake.open(JOURNAL)
    commits = second.commits()
    assert await anext(commits) == 1
    take(second, 0, "a", "b", "c")
    second.seal(0, 1)
    second.seal(1, 3)
    assert await answers(commits, 2) == [1, 3]
    assert await scene.stored() == ["a", "b", "c"]
    recent = scene.intake.live.state("default").snapshot.recent_events
    assert sorted(event.type for event in recent) == ["a", "b", "c"]


async def test_a_newer_stream_ends_the_former(scene: Scene) -> None:
    first = scene.intake.open(JOURNAL)
    commits = first.commits()
    await anext(commits)
    scene.intake.open(JOURNAL)
    with pytest.raises(Unavailable, match="newer stream"):
        await anext(commits)


async def test_a_journal_may_begin_above_what_is_committed_here(scene: Scene) -> None:
    stream = scene.intake.open(JOURNAL)
    take(stream, 1_000, "a")
    stream.seal(1_000, 1_001)
    assert await answers(stream.commits(), 2) == [0, 1_001]


async def test_messages_out_of_order_are_refused(scene: Scene) -> None:
    stream = scene.intake.open(JOURNAL)
    with pytest.raises(InvalidInput, match="seal"):
        stream.seal(0, 1)
    take(stream, 0, "a", "b", "c")
    for first in (2, 4):
        with pytest.raises(InvalidInput, match="must be 3"):
            take(stream, first, "d")
    for start, end in ((1, 2), (0, 4), (1, 1)):
        with pytest.raises(InvalidInput, match="seal"):
            stream.seal(start, end)
    stream.seal(0, 2)
    with pytest.raises(InvalidInput, match="must be 2"):
        stream.seal(1, 3)


async def test_a_failing_store_is_tried_again_until_it_takes_the_segment(scene: Scene) -> None:
    scene.store.failures = 3
    stream = scene.intake.open(JOURNAL)
    take(stream, 0, "a")
    stream.seal(0, 1)
    commits = stream.commits()
    await anext(commits)
    committed = asyncio.ensure_future(anext(commits))
    while scene.observer.failures < 3:
        await asyncio.sleep(0.001)
        if scene.observer.failures:
            with pytest.raises(Unavailable):
                scene.intake.require_storing()
        await scene.clock.advance(5)
    await scene.clock.advance(5)
    assert await committed == 1
    scene.intake.require_storing()
    assert await scene.stored() == ["a"]


async def test_no_more_is_read_while_much_waits_for_the_store(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_stream, "MAX_WAITING_BYTES", 100)
    scene.store.may_commit.clear()
    stream = scene.intake.open(JOURNAL)
    take(stream, 0, *["event" for _n in range(10)])
    await stream.room()  # an unsealed segment must be let through to its seal
    stream.seal(0, 10)
    reading = asyncio.create_task(stream.room())
    commits = stream.commits()
    await anext(commits)
    committing = asyncio.ensure_future(anext(commits))
    await asyncio.sleep(0.05)
    assert not reading.done()
    scene.store.may_commit.set()
    assert await committing == 10
    await reading


async def test_a_segment_without_end_is_refused(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_stream, "MAX_SEGMENT_BYTES", 100)
    stream = scene.intake.open(JOURNAL)
    with pytest.raises(Overloaded):
        take(stream, 0, *["event" for _n in range(10)])


async def test_streams_end_when_the_process_stops(scene: Scene) -> None:
    commits = scene.intake.open(JOURNAL).commits()
    await anext(commits)
    scene.intake.stop()
    with pytest.raises(Unavailable, match="stopping"):
        await anext(commits)


async def test_no_journal_is_taken_before_the_store_was_read() -> None:
    with pytest.raises(Unavailable, match="being read"):
        Scene().intake.open(JOURNAL)


async def test_what_was_known_is_told_until_the_store_is_read_anew(scene: Scene) -> None:
    stream = scene.intake.open(JOURNAL)
    take(stream, 0, "deleted")
    stream.seal(0, 1)
    await answers(stream.commits(), 2)
    scene.store.lose_events()
    scene.store.may_read.clear()
    with scene.intake.live.reading("default") as reader:
        await reader.next()
        renewing = asyncio.create_task(scene.intake.renew())
        await scene.store.asked.wait()
        assert shown(scene) == ["deleted"]
        scene.store.may_read.set()
        await renewing
        assert shown(scene) == []
        with pytest.raises(Unavailable):
            await reader.next()
    with pytest.raises(Unavailable):
        stream.require_open()
    scene.intake.open(JOURNAL)


async def test_who_comes_while_it_is_read_anew_is_let_in_afterwards(scene: Scene) -> None:
    scene.store.may_read.clear()
    renewing = asyncio.create_task(scene.intake.renew())
    await scene.store.asked.wait()
    coming = asyncio.create_task(scene.intake.catch_up(JOURNAL))
    await asyncio.sleep(0)
    assert not coming.done()
    scene.store.may_read.set()
    await renewing
    await coming
    assert scene.intake.open(JOURNAL).wanted_from == 0


def shown(scene: Scene) -> list[str]:
    return [event.type for event in scene.intake.live.state("default").snapshot.recent_events]
