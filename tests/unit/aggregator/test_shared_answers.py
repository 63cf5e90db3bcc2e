"""Who asks the same at the same time shares an answer that began to be made after they asked."""

import asyncio
from typing import Any

from binnacle.aggregator.v1 import overview_service_pb2 as overview_pb, time_series_service_pb2 as pb
from services.aggregator.domain.figures.kept_answers import KeptAnswers
from services.aggregator.domain.figures.shared_answers import SharedAnswers
from services.aggregator.service.kept_calls import BRIEF_SECONDS, keep_answers
from services.core.brief_answers import BriefAnswers
from services.core.errors import InvalidInput
from services.runtime.calls import Call, handling
from services.runtime.process import Registration
from tests.support.clock import ManualClock


class Desk:
    """Answers with the number of its making, each when it is let go."""

    def __init__(self) -> None:
        self.shared = SharedAnswers()
        self.made = 0
        self.begun = asyncio.Condition()
        self.gates: list[asyncio.Event] = []
        self.fails = False

    async def make(self) -> int:
        self.made += 1
        number, gate = self.made, asyncio.Event()
        async with self.begun:
            self.gates.append(gate)
            self.begun.notify_all()
        await gate.wait()
        if self.fails:
            raise InvalidInput.of("query", "is too much")
        return number

    async def until_begun(self, makings: int) -> None:
        async with self.begun, asyncio.timeout(20):
            await self.begun.wait_for(lambda: len(self.gates) >= makings)

    def asking(self, tasks: asyncio.TaskGroup, question: str = "top") -> "asyncio.Task[int]":
        return tasks.create_task(self.shared.answer(question, self.make))

    async def let_go(self, number: int) -> None:
        await self.until_begun(number)
        self.gates[number - 1].set()


async def settled() -> None:
    """All that can go on has gone on: each call here takes some turns of the loop."""
    for _turn in range(20):
        await asyncio.sleep(0)


async def test_who_asks_while_one_is_made_shares_the_next() -> None:
    desk = Desk()
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        first = desk.asking(tasks)
        await desk.until_begun(1)
        later = [desk.asking(tasks) for _client in range(7)]
        await settled()
        assert desk.made == 1
        await desk.let_go(1)
        await desk.until_begun(2)
        # What is being made may lack what came since: who asks now waits for another.
        last = desk.asking(tasks)
        await desk.let_go(2)
        await desk.let_go(3)
    assert first.result() == 1
    assert {each.result() for each in later} == {2}
    assert last.result() == 3


async def test_other_questions_do_not_wait() -> None:
    desk = Desk()
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        first, other = desk.asking(tasks), desk.asking(tasks, "other")
        await desk.let_go(2)
        assert await other == 2
        await desk.let_go(1)
    assert first.result() == 1


async def test_who_gives_up_leaves_it_to_the_next() -> None:
    desk = Desk()
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        first = desk.asking(tasks)
        await desk.until_begun(1)
        second, third = desk.asking(tasks), desk.asking(tasks)
        await settled()
        first.cancel()
        await desk.until_begun(2)
        second.cancel()
        await desk.let_go(3)
        assert await third == 3
    assert first.cancelled()
    assert second.cancelled()


async def test_what_fails_fails_for_all_who_share_it_and_is_tried_again() -> None:
    desk = Desk()
    desk.fails = True
    async with asyncio.timeout(20):
        asked = [asyncio.create_task(desk.shared.answer("top", desk.make)) for _client in range(3)]
        await desk.let_go(1)
        await desk.let_go(2)
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert desk.made == 2
        assert [type(each) for each in told] == [InvalidInput] * 3
        desk.fails = False
        again = asyncio.create_task(desk.shared.answer("top", desk.make))
        await desk.let_go(desk.made + 1)
        assert await again == desk.made


async def test_nothing_is_kept() -> None:
    desk = Desk()
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        desk.asking(tasks)
        await desk.let_go(1)
    assert desk.shared._asked == {}


class Questions:
    """A service that tells which call it answers, once it is let go."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def QueryMetric(self, request: pb.QueryMetricRequest, context: Any) -> pb.QueryMetricResponse:
        response = pb.QueryMetricResponse()
        response.answer.step_ms = await self._desk.make()
        return response

    QueryTimeSeries = QueryMetric


async def test_time_series_are_asked_for_together_by_those_of_one_tenant() -> None:
    desk, clock = Desk(), ManualClock()
    service: Any = Questions(desk)
    told: list[tuple[str, int]] = []

    async def ask(tenant: str, metric: str = "heat") -> None:
        with handling(Call(tenant, "id")):
            response = await service.QueryMetric(pb.QueryMetricRequest(metric=metric), None)
            told.append((tenant, response.answer.step_ms))

    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        registration = Registration(lambda *_both: None, service, "binnacle.aggregator.v1.TimeSeriesService")
        keep_answers([registration], KeptAnswers(clock, tasks), BriefAnswers(clock, BRIEF_SECONDS))
        clients = [tasks.create_task(ask("default")) for _client in range(4)]
        await desk.until_begun(1)
        other = tasks.create_task(ask("other"))
        await desk.let_go(2)
        await other
        await desk.let_go(1)
        await desk.let_go(3)
        await asyncio.gather(*clients)
    assert sorted(told) == [("default", 1), ("default", 3), ("default", 3), ("default", 3), ("other", 2)]


class Overviews:
    """A service that tells which call it answers."""

    def __init__(self) -> None:
        self._made = 0

    async def GetOverview(
        self, request: overview_pb.GetOverviewRequest, context: Any
    ) -> overview_pb.GetOverviewResponse:
        self._made += 1
        response = overview_pb.GetOverviewResponse()
        response.state.snapshot.overview.total_requests = self._made
        return response

    GetIntakeStats = GetOverview


async def test_the_overview_is_told_again_for_a_moment_to_those_of_one_tenant() -> None:
    clock = ManualClock()
    service: Any = Overviews()

    async def told(tenant: str) -> int:
        with handling(Call(tenant, "id")):
            response = await service.GetOverview(overview_pb.GetOverviewRequest(history_seconds=0), None)
            return int(response.state.snapshot.overview.total_requests)

    async with asyncio.TaskGroup() as tasks:
        registration = Registration(lambda *_both: None, service, "binnacle.aggregator.v1.OverviewService")
        keep_answers([registration], KeptAnswers(clock, tasks), BriefAnswers(clock, BRIEF_SECONDS))
        assert [await told("default"), await told("default"), await told("other")] == [1, 1, 2]
        await clock.advance(2 * BRIEF_SECONDS)
        assert await told("default") == 3
