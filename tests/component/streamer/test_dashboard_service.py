"""DashboardService over a real channel."""

import functools
from typing import Any

import grpc
import pytest

from binnacle.dashboard.v1 import dashboard_pb2
from binnacle.streamer.v1 import dashboard_service_pb2_grpc
from binnacle.streamer.v1.dashboard_service_pb2 import (
    GetDashboardRequest,
    GetDashboardResponse,
    WatchDashboardRequest,
)
from services.core.errors import Overloaded, Unavailable
from services.runtime.channels import open_channel
from services.runtime.statuses import error_from
from tests.support.pictures import START_SECONDS, point, snapshot, state, update
from tests.support.services import socket_address
from tests.support.streamer import DEADLINE, House, streamer
from tests.support.tails import event as row
from tests.support.waiting import eventually

pytestmark = pytest.mark.network


async def frame(call: Any) -> dashboard_pb2.DashboardFrame:
    """The next frame of a watch."""
    read = await call.read()
    assert read is not grpc.aio.EOF
    got: dashboard_pb2.DashboardFrame = read.frame
    return got


async def read_on(call: Any) -> None:
    """Read whatever still comes. Raises AioRpcError at the end."""
    while await call.read() is not grpc.aio.EOF:
        pass


async def nobody_listens(house: House) -> bool:
    """Whether no connection is counted any more."""
    return (await house.dashboard.GetDashboard(GetDashboardRequest())).realtime_stats.active_connections == 0


async def test_the_overview_with_the_number_of_viewers(house: House) -> None:
    watch = house.dashboard.WatchDashboard(WatchDashboardRequest())
    await frame(watch)
    expected = snapshot()
    expected.realtime_stats.active_connections = 1
    got = await house.dashboard.GetDashboard(GetDashboardRequest())
    assert got == GetDashboardResponse.FromString(expected.SerializeToString())
    assert got.services["shop"].request_count == 15234
    watch.cancel()


async def test_state_then_changes() -> None:
    async with streamer(demo=True) as house:
        house.overview.state.CopyFrom(state(None, point(START_SECONDS)))
        watch = house.dashboard.WatchDashboard(WatchDashboardRequest())
        first = (await frame(watch)).state
        assert first.demo
        assert first.snapshot.realtime_stats.active_connections == 1
        assert [held.time.seconds for held in first.history] == [START_SECONDS]
        await house.has_tail()
        house.tails.tell(row("deploy", 1, version="2"))
        (told,) = (await frame(watch)).events.events
        assert (told.type, told.service, told.data["version"]) == ("deploy", "shop", "2")
        house.overview.update(update(snapshot(requests=7.0), point(START_SECONDS + 1, 3.0)))
        changed = (await frame(watch)).update
        assert changed.snapshot.overview.total_requests == 7.0
        assert list(changed.points) == [point(START_SECONDS + 1, 3.0)]
        late = house.dashboard.WatchDashboard(WatchDashboardRequest())
        folded = (await frame(late)).state
        assert [held.time.seconds for held in folded.history] == [START_SECONDS, START_SECONDS + 1]
        assert folded.demo
        watch.cancel()
        late.cancel()


async def test_a_stream_stays_while_the_watch_is_lost(house: House) -> None:
    watch = house.dashboard.WatchDashboard(WatchDashboardRequest())
    await frame(watch)
    house.overview.lose()
    assert (await frame(watch)).HasField("state")
    watch.cancel()


async def test_a_reader_that_falls_behind_is_ended(house: House) -> None:
    slow = house.dashboard.WatchDashboard(WatchDashboardRequest())
    quick = house.dashboard.WatchDashboard(WatchDashboardRequest())
    for watch in (slow, quick):
        await frame(watch)
    await house.has_tail()
    for batch in range(40):
        house.tails.tell(*(row("view", batch * 100 + place + 1, text="x" * 2_000) for place in range(100)))
        # What one was told the other was, too.
        told = 0
        while told < 100:
            told += len((await frame(quick)).events.events)
    quick.cancel()
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await read_on(slow)
    error = error_from(ended.value, "streamer")
    assert isinstance(error, Overloaded)
    assert error.retry_after == 0.0


async def test_a_stream_that_is_cancelled_leaves(house: House) -> None:
    watch = house.dashboard.WatchDashboard(WatchDashboardRequest())
    await frame(watch)
    watch.cancel()
    gone = functools.partial(nobody_listens, house)
    await eventually(gone, "the cancelled stream is no longer counted", within=DEADLINE)


async def test_a_stream_is_told_when_the_streamer_stops() -> None:
    address = socket_address("streamer")
    async with open_channel(address) as channel:
        async with streamer(listen=address):
            watch = dashboard_service_pb2_grpc.DashboardServiceStub(channel).WatchDashboard(WatchDashboardRequest())
            await frame(watch)
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await read_on(watch)
    error = error_from(ended.value, "streamer")
    assert isinstance(error, Unavailable)
    assert "stopping" in str(error)


async def test_without_an_aggregator_the_overview_is_unavailable_and_a_stream_waits() -> None:
    async with streamer(aggregator=socket_address("nobody")) as house:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await house.dashboard.GetDashboard(GetDashboardRequest())
        assert isinstance(error_from(refused.value, "streamer"), Unavailable)
        watch = house.dashboard.WatchDashboard(WatchDashboardRequest(), timeout=0.3)
        with pytest.raises(grpc.aio.AioRpcError) as late:
            await watch.read()
        assert late.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
