"""The dashboard socket of seed 004, by a real client."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from websockets.exceptions import ConnectionClosed, InvalidStatus

from services.core.tenants import DEFAULT_TENANT
from services.streamer.ports import Frame, Overview, State, Update
from services.streamer.websocket.wire import LONGEST_MESSAGE
from tests.support.overview import registration
from tests.support.pictures import event, snapshot, update
from tests.support.services import GUARDED, neighbour, socket_address
from tests.support.sockets import Quiet, served
from tests.support.streamer import DEADLINE, House, message, read_on, streamer
from tests.support.tails import event as row, registration as tails_registration
from tests.support.waiting import eventually

pytestmark = pytest.mark.network

PING = b"\x89\x00"


def printed(made: Message) -> object:
    """The JSON the edge prints of a message."""
    form = MessageToDict(made, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    return json.loads(json.dumps(form))


class LargeUpdates:
    """An overview that comes a hundred times a second, larger than any buffer after a while."""

    async def watch(self, tenant: str) -> AsyncIterator[Frame]:
        held = Overview(0.0, update(snapshot(*(event("view", text="x" * 2_000) for _ in range(20)))))
        yield State(held, {})
        while True:
            await asyncio.sleep(0.01)
            yield Update(held, {})


async def bare_client(path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A client that opens a dashboard socket and then does nothing by itself."""
    reader, writer = await asyncio.open_unix_connection(path, limit=1_024)
    writer.write(
        b"GET /ws/dashboard HTTP/1.1\r\nHost: s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


def accepted(path: str) -> int:
    """Connections that the listener at `path` still holds."""
    held = psutil.Process().net_connections("unix")
    return sum(str(connection.laddr) == path for connection in held) - 1


async def test_snapshot_then_updates_and_events(house: House) -> None:
    async with house.socket() as socket:
        expected = snapshot()
        expected.realtime_stats.active_connections = 1
        assert await message(socket) == {"type": "snapshot", "data": printed(expected)}
        await house.has_tail()
        house.tails.tell(row("purchase", 1, total=99.99, items=2))
        told = await message(socket)
        assert told["type"] == "event"
        assert (told["data"]["type"], told["data"]["service"]) == ("purchase", "shop")
        assert told["data"]["data"] == {"total": 99.99, "items": 2}
        house.overview.update(update(snapshot(requests=121.0)))
        expected.overview.total_requests = 121.0
        assert await message(socket) == {"type": "dashboard_update", "data": printed(expected)}


async def test_a_second_socket_gets_the_folded_state_at_once_and_no_second_watch(house: House) -> None:
    async with house.socket() as first:
        await message(first)
        house.overview.update(update(snapshot(requests=500.0)))
        await message(first)
        async with house.socket() as second:
            opened = await message(second)
            assert opened["type"] == "snapshot"
            assert opened["data"]["overview"]["total_requests"] == 500
            house.overview.update(update(snapshot()))
            assert (await message(second))["data"]["realtime_stats"]["active_connections"] == 2
    assert house.overview.watches == ["default"]


async def test_sockets_stay_while_the_watch_is_lost_and_get_a_new_snapshot(house: House) -> None:
    async with house.socket() as socket:
        await message(socket)
        house.overview.state.snapshot.CopyFrom(snapshot(requests=900.0))
        house.overview.lose()
        again = await message(socket)
        assert again["type"] == "snapshot"
        assert again["data"]["overview"]["total_requests"] == 900


async def test_sockets_stay_while_the_aggregator_is_restarted() -> None:
    address = socket_address("aggregator")
    async with streamer(aggregator=address) as house, house.socket() as socket:
        services = registration(house.overview), tails_registration(house.tails)
        async with neighbour(*services, address=address):
            assert (await message(socket))["type"] == "snapshot"
        async with neighbour(*services, address=address):
            assert (await message(socket))["type"] == "snapshot"


async def test_a_reader_that_stopped_delays_nobody_and_is_told_to_reconnect(house: House) -> None:
    async with house.socket(max_queue=1) as stopped, house.socket() as reading:
        await message(reading)
        await house.has_tail()
        text = "x" * 2_000
        for batch in range(40):
            numbers = range(batch * 100, batch * 100 + 100)
            house.tails.tell(*(row("view", place + 1, place=place, text=text) for place in numbers))
            got = [(await message(reading))["data"]["data"]["place"] for _ in range(100)]
            assert got == list(numbers)
        with pytest.raises(ConnectionClosed) as closed:
            await read_on(stopped)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1013
        assert closed.value.rcvd.reason.startswith("too slow")


async def test_a_reader_that_takes_no_update_in_time_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "p.sock"
    async with served(path, LargeUpdates()) as (hub, clock, tally):
        _reader, stuck = await bare_client(str(path))

        async def dropped() -> bool:
            await clock.advance(0.5)
            return tally.slow == 1 and hub.connections(DEFAULT_TENANT) == 0 and accepted(str(path)) == 0

        await eventually(dropped, "the stuck socket is dropped", within=DEADLINE)
        stuck.close()


async def test_a_client_that_does_not_answer_a_ping_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "p.sock"
    async with served(path, Quiet(), ping_seconds=0.5) as (hub, _clock, _tally):

        async def counted() -> bool:
            return hub.connections(DEFAULT_TENANT) == 1

        async def gone() -> bool:
            return hub.connections(DEFAULT_TENANT) == 0

        reader, silent = await bare_client(str(path))
        await eventually(counted, "it is counted", within=DEADLINE)
        assert await reader.readexactly(2) == PING
        assert await reader.read() == b""
        await eventually(gone, "the silent socket is no longer counted", within=DEADLINE)
        silent.close()


async def test_a_socket_that_closes_leaves(house: House) -> None:
    async with house.socket() as first:
        await message(first)
        async with house.socket() as second:
            await message(second)

        async def alone() -> bool:
            house.overview.update(update(snapshot()))
            told = await message(first)
            return bool(told["data"]["realtime_stats"]["active_connections"] == 1)

        await eventually(alone, "the closed socket is no longer counted", within=DEADLINE)


async def test_sockets_are_closed_with_restart_when_the_streamer_stops() -> None:
    async with streamer() as house:
        socket = await house.socket()
        await message(socket)
    with pytest.raises(ConnectionClosed) as closed:
        await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012


async def test_what_a_client_says_is_ignored(house: House) -> None:
    async with house.socket() as socket:
        await message(socket)
        await socket.send("hello")
        await socket.send(b"\x00\xff")
        house.overview.update(update(snapshot()))
        assert (await message(socket))["type"] == "dashboard_update"


async def test_a_message_too_long_ends_the_socket(house: House) -> None:
    async with house.socket() as socket:
        await message(socket)
        await socket.send("x" * (LONGEST_MESSAGE + 1))
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


@pytest.mark.parametrize("size", [1, 100, 125, 126, 65_400, 65_535, 65_536, 300_000])
async def test_messages_may_be_of_any_length(house: House, size: int) -> None:
    async with house.socket(max_size=None) as socket:
        await message(socket)
        await house.has_tail()
        house.tails.tell(row("view", 1, text="x" * size))
        told = await message(socket)
        assert told["data"]["data"] == {"text": "x" * size}


async def test_messages_are_not_compressed(house: House) -> None:
    async with house.socket(compression="deflate") as socket:
        assert socket.protocol.extensions == []


async def test_tenants_do_not_see_each_other(house: House) -> None:
    async with (
        house.socket(additional_headers={"x-binnacle-tenant": "acme"}) as one,
        house.socket(additional_headers={"x-binnacle-tenant": "umbrella"}) as other,
    ):
        for socket in (one, other):
            assert (await message(socket))["data"]["realtime_stats"]["active_connections"] == 1
    assert sorted(house.overview.watches) == ["acme", "umbrella"]


async def test_with_authentication_a_socket_needs_a_tenant() -> None:
    async with streamer(**GUARDED) as house:
        with pytest.raises(InvalidStatus) as refused:
            await house.socket()
        assert refused.value.response.status_code == 401
        ingester = {"x-binnacle-tenant": "acme", "x-binnacle-roles": "ingester"}
        with pytest.raises(InvalidStatus) as refused:
            await house.socket(additional_headers=ingester)
        assert refused.value.response.status_code == 403
        async with house.socket(additional_headers={**ingester, "x-binnacle-roles": "viewer"}) as socket:
            assert (await message(socket))["type"] == "snapshot"
