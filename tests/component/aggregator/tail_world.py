"""Readers of tails over two aggregators, between which journals go to and fro and each of which dies at any moment."""

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from contextlib import suppress

from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.adapters.clickhouse.storing.tails import ClickHouseTails
from services.aggregator.domain.live.tail_rows import START, Told
from services.aggregator.domain.live.tailing import Position, Tailing
from services.aggregator.ports.records import Place
from services.aggregator.ports.tails import Mark, Stretch, Tail, Topic
from services.core.errors import Overloaded, Unavailable
from tests.component.aggregator.mortal_engine import MortalEngine
from tests.component.aggregator.rival_world import RivalWorld
from tests.support.journals import record

MOST = 100_000


class Gap(Exception):
    """A message begins above what was told."""


class Follower:
    """What a reader keeps: how far it was told of each journal, and the rows. A row told out of order is a failure."""

    def __init__(self) -> None:
        self.marks: dict[str, Mark] | None = None
        self.seen: list[Place] = []

    def take(self, told: Told) -> None:
        """A message. Raises Gap when it leaves something out."""
        assert self.marks is not None
        for stretch in told.stretches:
            if stretch.start > self.marks.get(stretch.journal_id, START):
                raise Gap
        for row in told.rows:
            assert _covered(row.place, told.stretches)
            if row.place[1:] >= self.marks.get(row.place[0], START):
                self.seen.append(row.place)
        for stretch in told.stretches:
            self.marks[stretch.journal_id] = max(self.marks.get(stretch.journal_id, START), stretch.end)


def _covered(place: Place, stretches: Sequence[Stretch]) -> bool:
    return any(s.journal_id == place[0] and s.start <= place[1:] < s.end for s in stretches)


class TailWorld(RivalWorld):
    """Each record holds a few events, some of them requests, and log lines; nothing is repeated by name."""

    def __init__(self, engine: MortalEngine, store: ClickHouseStore, journals: int = 3) -> None:
        super().__init__(engine, store, journals)
        self.events, self.lines = Follower(), Follower()
        self._tails = ClickHouseTails(store.reader)
        self._readers: dict[tuple[Topic, int], asyncio.Task[None]] = {}
        self._begun: set[tuple[Topic, int]] = set()
        self._first: dict[Topic, dict[str, Mark]] = {}

    async def start(self) -> None:
        former = list(self._intakes)
        await super().start()
        for intake in former:
            intake.tails.stop()

    async def restart(self, which: int) -> None:
        former = self._intakes[which]
        await super().restart(which)
        former.tails.stop()

    def write(self, place: int, name: str) -> None:
        journal = self.journals[place]
        number = len(journal.records)
        # A clock that goes back now and then: the order of places holds all the same.
        accepted = self._clock.now() + number % 5
        events = [{"type": kind} for kind in itertools.islice(itertools.cycle(("a", "request", "b")), 1 + number % 4)]
        lines = [{"message": f"{number}"}] * (number % 3)
        journal.records.append(record(tenant=self.tenant, accepted=accepted, events=events, logs=lines))

    async def join(self, which: int) -> None:
        """A reader comes, or comes back, to one of the two."""
        for topic, follower in ((Topic.EVENTS, self.events), (Topic.LOGS, self.lines)):
            if (topic, which) not in self._readers:
                task = asyncio.create_task(self._follow(topic, follower, which))
                self._readers[topic, which] = task
        # That it has begun: what comes next finds it there. An aggregator that reads the store anew lets nobody in.
        for _turn in range(200):
            if all((topic, which) in self._begun for topic in (Topic.EVENTS, Topic.LOGS)):
                return
            await asyncio.sleep(0.001)

    async def leave(self, which: int) -> None:
        """It is cut off."""
        for topic in (Topic.EVENTS, Topic.LOGS):
            self._begun.discard((topic, which))
            if task := self._readers.pop((topic, which), None):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _follow(self, topic: Topic, follower: Follower, which: int) -> None:
        while True:
            with suppress(Unavailable, Overloaded, Gap):
                await self._tail(topic, follower, which)
            await asyncio.sleep(0.001)

    async def _tail(self, topic: Topic, follower: Follower, which: int) -> None:
        tail = Tail(self.tenant, topic)
        tailing = Tailing(self._intakes[which].tails, self._tails, self._store.committed, self._clock)
        await tailing.catch_up()
        with tailing.reading(tail) as reader:
            if follower.marks is None:
                follower.marks = dict(tailing.now().marks)
                self._first[topic] = dict(follower.marks)
            else:
                past = await tailing.past(tail, Position(dict(follower.marks), self._clock.now()), MOST)
                assert past.complete
                async for told in past.messages:
                    reader.require_open()
                    follower.take(told)
            self._begun.add((topic, which))
            while True:
                follower.take(await reader.next())

    async def finish(self) -> None:
        """Everything is stored, and a reader of both has caught up."""
        await self.seal_all()
        for which in (0, 1):
            await self.join(which)
        async with asyncio.timeout(60):
            while not self._complete():
                self._fail_with_readers()
                await asyncio.sleep(0.002)
        await asyncio.sleep(0.01)
        self._fail_with_readers()
        for which in (0, 1):
            await self.leave(which)

    def _complete(self) -> bool:
        return all(
            follower.marks is not None and len(follower.seen) >= len(self.expected(topic))
            for topic, follower in ((Topic.EVENTS, self.events), (Topic.LOGS, self.lines))
        )

    def _fail_with_readers(self) -> None:
        for task in self._readers.values():
            if task.done():
                task.result()

    def expected(self, topic: Topic) -> list[Place]:
        """Every row since the first reader came, by journal."""
        return [place for place in self._written(topic) if place[1:] >= self._first[topic].get(place[0], START)]

    def _written(self, topic: Topic) -> Iterator[Place]:
        for journal in self.journals:
            for offset, each in enumerate(journal.records):
                if topic is Topic.LOGS:
                    yield from ((journal.journal_id, offset, row) for row in range(len(each.logs.messages)))
                else:
                    kinds = each.events.types
                    yield from ((journal.journal_id, offset, row) for row, k in enumerate(kinds) if k != "request")
