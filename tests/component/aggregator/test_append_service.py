import time

import grpc
import pytest

from binnacle.aggregator.v1 import overview_service_pb2, query_service_pb2
from tests.component.aggregator.aggregators import Aggregator
from tests.component.aggregator.conftest import Start
from tests.support.journals import JOURNAL, record
from tests.support.waiting import eventually

pytestmark = pytest.mark.store


def event(kind: str):  # type: ignore[no-untyped-def]
    return record(accepted=time.time(), events=[{"type": kind, "service": "shop"}])


async def stored(aggregator: Aggregator) -> list[str]:
    answer = await aggregator.query.ListTrackedEvents(query_service_pb2.ListTrackedEventsRequest())
    return sorted(each.type for each in answer.events)


async def test_what_is_committed_is_in_the_store(aggregator: Aggregator) -> None:
    async with aggregator.journal() as journal:
        assert await journal.hello() == 0
        await journal.commit(0, event("a"), event("b"))
        assert await stored(aggregator) == ["a", "b"]


async def test_a_journal_goes_on_after_a_break(aggregator: Aggregator) -> None:
    async with aggregator.journal() as journal:
        await journal.hello()
        await journal.commit(0, event("a"))
        await journal.send(1, event("b"))
    async with aggregator.journal() as journal:
        assert await journal.hello() == 1
        await journal.commit(1, event("b"))
    assert await stored(aggregator) == ["a", "b"]


async def test_a_journal_goes_on_after_a_restart_and_figures_stay(start: Start) -> None:
    request = record(accepted=time.time(), events=[{"type": "request", "service": "shop"}] * 3)
    async with start() as aggregator, aggregator.journal() as journal:
        await journal.hello()
        await journal.commit(0, request)
        await journal.send(1, request)
    async with start() as aggregator, aggregator.journal() as journal:
        assert await journal.hello() == 1
        await journal.commit(1, request)
        overview = await aggregator.overview.GetOverview(overview_service_pb2.GetOverviewRequest())
        assert overview.state.snapshot.realtime_stats.requests_last_1min == 6
        assert len(await stored(aggregator)) == 6


async def test_a_newer_stream_of_a_journal_takes_over(aggregator: Aggregator) -> None:
    async with aggregator.journal() as former, aggregator.journal() as newer:
        await former.hello()
        await newer.hello()
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await former.answer()
        assert ended.value.code() == grpc.StatusCode.UNAVAILABLE
        await newer.commit(0, event("a"))


async def test_journals_do_not_wait_for_each_other(aggregator: Aggregator) -> None:
    async with aggregator.journal("00000000000000aa") as one, aggregator.journal("00000000000000bb") as other:
        assert (await one.hello(), await other.hello()) == (0, 0)
        await other.commit(0, event("b"))
        await one.commit(0, event("a"))
    assert await stored(aggregator) == ["a", "b"]


@pytest.mark.parametrize("journal_id", ["", "x", "00000000000000AA", JOURNAL * 2])
async def test_a_journal_must_have_a_proper_name(aggregator: Aggregator, journal_id: str) -> None:
    async with aggregator.journal(journal_id) as journal:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await journal.hello()
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT


async def test_records_before_hello_are_refused(aggregator: Aggregator) -> None:
    async with aggregator.journal() as journal:
        await journal.send(0, event("a"))
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await journal.answer()
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT


async def test_a_gap_between_records_is_refused(aggregator: Aggregator) -> None:
    async with aggregator.journal() as journal:
        await journal.hello()
        await journal.send(0, event("a"))
        await journal.send(2, event("c"))
        with pytest.raises(grpc.aio.AioRpcError, match=r"records\.first_offset: must be 1") as refused:
            await journal.answer()
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT


async def test_records_show_before_they_are_sealed(aggregator: Aggregator) -> None:
    async with aggregator.journal() as journal:
        await journal.hello()
        await journal.send(0, event("a"))

        async def shown() -> bool:
            answer = await aggregator.overview.GetOverview(overview_service_pb2.GetOverviewRequest())
            return [each.type for each in answer.state.snapshot.realtime_stats.recent_events] == ["a"]

        await eventually(shown, "the event is in the live overview")
        assert await stored(aggregator) == []
