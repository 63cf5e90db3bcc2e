"""What happens, told live by two aggregators over one store behind a server, of which one is killed."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from binnacle.aggregator.v1 import (
    overview_service_pb2,
    overview_service_pb2_grpc,
    tail_service_pb2 as pb,
    tail_service_pb2_grpc,
)
from binnacle.collector.v1 import ingest_service_pb2
from binnacle.events.v1 import events_pb2
from tests.component.aggregator.site import Site
from tests.component.collector.collectors import Collector
from tests.support.clickhouse import ClickHouseServer
from tests.support.waiting import eventually

pytestmark = [pytest.mark.store, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(240)]

Mark = tuple[int, int]
TURNS = 40
KILLED_AFTER = 20


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ClickHouseServer(tmp_path / "clickhouse") as running:
        yield Site(tmp_path, running)


class Follower:
    """Tails both, with one position; comes back to one that is lost or that left something out."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._marks: dict[str, Mark] | None = None
        self._as_of = time.time()
        self.told: list[str] = []

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """For the length of the block."""
        tasks = [asyncio.create_task(self._follow(place)) for place in (0, 1)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, place: int) -> None:
        async with self._site.channel(place) as channel:
            stub: Any = tail_service_pb2_grpc.TailServiceStub(channel)
            while True:
                request = pb.TailRequest(topic=pb.TAIL_TOPIC_EVENTS, position=self._position())
                try:
                    await self._read(stub.Tail(request, wait_for_ready=True))
                except grpc.aio.AioRpcError:
                    await asyncio.sleep(0.05)

    async def _read(self, call: Any) -> None:
        try:
            async for message in call:
                if message.HasField("begin"):
                    self._begin(message.begin)
                elif not self._take(message.rows):
                    return
        finally:
            call.cancel()

    def _begin(self, begin: pb.TailBegin) -> None:
        if self._marks is None:
            self._marks = {mark.journal_id: (mark.offset, mark.row) for mark in begin.live_from.marks}

    def _take(self, message: pb.TailRows) -> bool:
        """Whether the message begins where the former ended, or before."""
        marks = self._marks
        assert marks is not None
        if any((each.from_offset, each.from_row) > marks.get(each.journal_id, (0, 0)) for each in message.ranges):
            return False
        for row in message.rows:
            if (row.offset, row.row) >= marks.get(row.journal_id, (0, 0)):
                self.told.append(row.event.service)
        for each in message.ranges:
            marks[each.journal_id] = max(marks.get(each.journal_id, (0, 0)), (each.to_offset, each.to_row))
        self._as_of = message.as_of.ToNanoseconds() / 1e9
        return True

    def _position(self) -> pb.TailPosition | None:
        if self._marks is None:
            return None
        made = pb.TailPosition(
            marks=[pb.TailMark(journal_id=name, offset=at[0], row=at[1]) for name, at in self._marks.items()]
        )
        made.as_of.FromNanoseconds(int(self._as_of * 1e9))
        return made

    @property
    def begun(self) -> bool:
        """Whether one has answered."""
        return self._marks is not None


async def write(running: Collector, name: str) -> None:
    """A request that counts, and an event that is told."""
    events = [events_pb2.Event(type=kind, service=name) for kind in ("request", "step")]
    await running.ingest.WriteEvents(ingest_service_pb2.WriteEventsRequest(events=events))


async def requests_shown(site: Site, place: int) -> float:
    async with site.channel(place) as channel:
        stub: Any = overview_service_pb2_grpc.OverviewServiceStub(channel)
        answer = await stub.GetOverview(overview_service_pb2.GetOverviewRequest(), wait_for_ready=True)
        return float(answer.state.snapshot.overview.total_requests)


async def test_one_is_killed_and_comes_back(site: Site) -> None:
    follower = Follower(site)

    async def begun() -> bool:
        return follower.begun

    async def told_all() -> bool:
        return len(follower.told) >= 2 * TURNS

    async def both_show_all() -> bool:
        return [await requests_shown(site, place) for place in (0, 1)] == [2 * shown, 2 * shown]

    async with (
        site.aggregator(1),
        site.collector(0) as one,
        site.collector(1) as two,
        site.aggregator(0) as doomed,
        follower.following(),
    ):
        await eventually(begun, "the tail begins", within=60)
        for number in range(TURNS):
            await asyncio.gather(write(one, f"a{number}"), write(two, f"b{number}"))
            if number == KILLED_AFTER:
                shown = number + 1
                await eventually(both_show_all, "each shows what both took in", within=60)
                doomed.kill()
            await asyncio.sleep(0.01)
        async with site.aggregator(0):
            await eventually(told_all, "everything is told", within=60)
            shown = TURNS
            await eventually(both_show_all, "each shows all again", within=60)
    for journal in ("a", "b"):
        assert [name for name in follower.told if name[0] == journal] == [f"{journal}{n}" for n in range(TURNS)]
