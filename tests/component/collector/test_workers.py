"""Workers of one collector: series known to all, limits shared, journals of former workers carried on."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest

from binnacle.collector.v1 import ingest_service_pb2 as pb
from binnacle.events.v1 import events_pb2
from binnacle.metrics.v1 import metrics_pb2
from tests.component.collector.aggregators import LedgerPeer
from tests.component.collector.collectors import Collector, collector, columns, registered
from tests.support.services import neighbour, socket_address
from tests.support.waiting import eventually

pytestmark = pytest.mark.network


async def workers(opened: AsyncExitStack, folder: Path, count: int, **settings: Any) -> list[Collector]:
    """All workers of one folder, with one peer."""
    peer = LedgerPeer()
    address = await opened.enter_async_context(neighbour(peer.registration))
    return [
        await opened.enter_async_context(
            collector(folder, peer, address, collector_workers=count, collector_worker=number, **settings)
        )
        for number in range(count)
    ]


async def write(running: Collector, ids: list[int]) -> pb.WriteSampleColumnsResponse:
    return await running.ingest.WriteSampleColumns(pb.WriteSampleColumnsRequest(samples=columns(ids, [1.0] * len(ids))))


async def test_series_registered_through_one_are_known_to_the_others(tmp_path: Path) -> None:
    async with AsyncExitStack() as opened:
        first, second = await workers(opened, tmp_path, 2)
        ids = await registered(first, 3)
        assert (await write(second, ids)).accepted == 3
        with pytest.raises(grpc.aio.AioRpcError) as unknown:
            await write(second, [max(ids) ^ 1])
        assert unknown.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_another_tenants_series_are_not(tmp_path: Path) -> None:
    async with AsyncExitStack() as opened:
        first, second = await workers(opened, tmp_path, 2)
        ids = await registered(first, 1)
        request = pb.WriteSampleColumnsRequest(samples=columns(ids, [1.0]))
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await second.ingest.WriteSampleColumns(request, metadata=(("x-binnacle-tenant", "other"),))
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_they_are_known_after_all_were_started_again_and_when_the_list_is_lost(tmp_path: Path) -> None:
    async with AsyncExitStack() as opened:
        first, _second = await workers(opened, tmp_path, 2)
        ids = await registered(first, 2)
    for lost in (False, True):
        if lost:
            (tmp_path / "series" / "known").unlink()
        async with AsyncExitStack() as opened:
            _first, second = await workers(opened, tmp_path, 2)
            assert (await write(second, ids)).accepted == 2


async def test_new_series_count_as_active_on_every_worker(tmp_path: Path) -> None:
    async with AsyncExitStack() as opened:
        first, second = await workers(opened, tmp_path, 2, limit_active_series=4)
        await registered(first, 3)

        async def is_full() -> bool:
            fresh = [metrics_pb2.SeriesDefinition(name="memory", labels={"bank": str(n)}) for n in range(2)]
            try:
                await second.ingest.RegisterSeries(pb.RegisterSeriesRequest(series=fresh))
            except grpc.aio.AioRpcError as error:
                return error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            raise AssertionError("the limit was passed through another worker")

        await eventually(is_full, "the second worker refuses")


async def test_each_gives_out_its_share_of_a_rate(tmp_path: Path) -> None:
    async with AsyncExitStack() as opened:
        both = await workers(opened, tmp_path, 2, limit_points_per_second=2, limit_burst_seconds=50)
        taken = [await taken_before_refusal(running) for running in both]
        # The whole burst is 100; a little may have come in meanwhile, and each may overdraw by one request.
        assert 100 <= sum(taken) <= 150


async def taken_before_refusal(running: Collector) -> int:
    taken = 0

    async def write_for_ever() -> None:
        nonlocal taken
        while taken < 1_000:
            events = [events_pb2.Event(type="request")] * 5
            taken += (await running.ingest.WriteEvents(pb.WriteEventsRequest(events=events))).accepted

    with pytest.raises(grpc.aio.AioRpcError, match="2 points per second") as refused:
        await write_for_ever()
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    return taken


async def test_what_a_former_worker_left_is_forwarded(tmp_path: Path) -> None:
    # Nobody takes it from the second worker, which then is no more.
    nobody = socket_address("nobody")
    peer = LedgerPeer()
    async with collector(tmp_path, peer, nobody, collector_workers=2, collector_worker=1) as second:
        ids = await registered(second, 2)
        await write(second, ids)
    assert (tmp_path / "collector-1" / "data.mdb").exists()
    async with neighbour(peer.registration) as address, collector(tmp_path, peer, address) as alone:
        found = await alone.committed(2)
        assert sum(len(record.samples.values) // 8 for record in found) == 2
        assert (await write(alone, ids)).accepted == 2

        async def is_gone() -> bool:
            return not (tmp_path / "collector-1").exists()

        await eventually(is_gone, "the journal of the former worker is removed")
