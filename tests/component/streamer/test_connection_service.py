"""ConnectionService: who is connected, and a message to all of them."""

import json
from typing import Any

import grpc
import pytest

from binnacle.dashboard.v1 import dashboard_pb2
from binnacle.streamer.v1 import connection_service_pb2 as pb, connection_service_pb2_grpc
from binnacle.streamer.v1.dashboard_service_pb2 import WatchDashboardRequest
from services.core.errors import Forbidden, InvalidInput
from services.runtime.statuses import error_from
from tests.support.services import GUARDED
from tests.support.streamer import House, message, streamer

pytestmark = pytest.mark.network

OTHER = (("x-binnacle-tenant", "other"),)


def connections(house: House) -> "connection_service_pb2_grpc.ConnectionServiceAsyncStub":
    return connection_service_pb2_grpc.ConnectionServiceStub(house.channel)


async def frame(call: Any) -> dashboard_pb2.DashboardFrame:
    """The next frame of a watch."""
    read: dashboard_pb2.DashboardFrame = (await call.read()).frame
    return read


async def test_a_broadcast_reaches_sockets_and_streams_of_the_tenant_alone(house: House) -> None:
    async with house.socket(additional_headers={"user-agent": "a browser"}) as socket:
        assert (await message(socket))["type"] == "snapshot"
        stream = house.dashboard.WatchDashboard(WatchDashboardRequest())
        foreign = house.dashboard.WatchDashboard(WatchDashboardRequest(), metadata=OTHER)
        assert (await frame(stream)).HasField("state")
        assert (await frame(foreign)).HasField("state")
        sent = await connections(house).SendTestBroadcast(pb.SendTestBroadcastRequest(message="hear, hear"))
        assert (sent.reached, dict(sent.reached_by_kind), sent.unreached) == (2, {"websocket": 1, "grpc": 1}, 0)
        told = await message(socket)
        assert (told["type"], told["data"]["type"], told["data"]["data"]) == (
            "event",
            "test_broadcast",
            {"message": "hear, hear"},
        )
        (event,) = (await frame(stream)).events.events
        assert (event.type, event.data["message"]) == ("test_broadcast", "hear, hear")
        elsewhere = await connections(house).SendTestBroadcast(pb.SendTestBroadcastRequest(message="x"), metadata=OTHER)
        assert elsewhere.reached == 1
        (event,) = (await frame(foreign)).events.events
        assert event.data["message"] == "x"


async def test_connections_are_listed_and_counted(house: House) -> None:
    async with house.socket(additional_headers={"user-agent": "a browser"}) as socket:
        assert (await message(socket))["type"] == "snapshot"
        listed = await connections(house).ListConnections(pb.ListConnectionsRequest())
        (held,) = listed.connections
        assert (listed.count, held.kind, list(held.rooms), held.client) == (1, "websocket", ["dashboard"], "a browser")
        assert held.messages_sent >= 1
        stats = await connections(house).GetConnectionStats(pb.GetConnectionStatsRequest())
        assert (stats.active_connections, dict(stats.by_kind), dict(stats.by_room)) == (
            1,
            {"websocket": 1},
            {"dashboard": 1},
        )
        assert (stats.opened_connections, stats.most_connections) == (1, 1)
        assert stats.messages_sent["websocket"] >= 1
        none = await connections(house).ListConnections(pb.ListConnectionsRequest(), metadata=OTHER)
        assert none.count == 0


async def test_a_message_has_a_bound(house: House) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await connections(house).SendTestBroadcast(pb.SendTestBroadcastRequest(message="x" * 1001))
    error = error_from(refused.value, "streamer")
    assert isinstance(error, InvalidInput)
    assert error.violations[0].field == "message"


async def test_administration_needs_the_role_where_there_is_authentication() -> None:
    async with streamer(**GUARDED) as house:
        reader = (("x-binnacle-tenant", "t"), ("x-binnacle-roles", "viewer"))
        with pytest.raises(grpc.aio.AioRpcError) as listing:
            await connections(house).ListConnections(pb.ListConnectionsRequest(), metadata=reader)
        with pytest.raises(grpc.aio.AioRpcError) as sending:
            await connections(house).SendTestBroadcast(pb.SendTestBroadcastRequest(), metadata=reader)
        assert isinstance(error_from(listing.value, "streamer"), Forbidden)
        assert isinstance(error_from(sending.value, "streamer"), Forbidden)
        admin = (("x-binnacle-tenant", "t"), ("x-binnacle-roles", "viewer,admin"))
        assert (await connections(house).ListConnections(pb.ListConnectionsRequest(), metadata=admin)).count == 0


async def test_sockets_describe_themselves(house: House) -> None:
    told = await connections(house).GetSocketInfo(pb.GetSocketInfoRequest())
    board = next(one for one in told.sockets if one.path == "/ws/dashboard")
    async with house.socket() as socket:
        first = json.loads(await socket.recv())
    assert first["type"] in {one.type for one in board.sends}


@pytest.mark.parametrize("path", ["/ws/nothing", "/ws/tenant", "/ws/v1/live/more"])
async def test_who_wants_a_socket_that_is_not_there_is_told_which_are(house: House, path: str) -> None:
    upgrade = {"connection": "upgrade", "upgrade": "websocket", "sec-websocket-version": "13", "sec-websocket-key": "a"}
    async with house.browser() as client, client.get(path, headers=upgrade) as answer:
        told = await answer.json()
    assert (answer.status, told["code"], told["details"][0]["reason"]) == (404, 5, "NOT_FOUND")
    assert all(known in told["message"] for known in ("/ws/v1/live", "/ws/dashboard", "/monitoring/ws", "/ws/info"))
