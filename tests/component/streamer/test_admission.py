"""Who is let in: by the edge, or by a token in the first message."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from binnacle.live.v1 import live_pb2 as pb
from services.launcher.keys import issue_token, read_or_make_jwt_key
from services.runtime.access import Access
from services.runtime.key_sets import SHARED, FileKeys
from services.runtime.tokens import Issuer, TokenKeys
from services.streamer.websocket.admission import Admission
from tests.support.services import GUARDED
from tests.support.sockets import Quiet, served
from tests.support.streamer import House, message, streamer

pytestmark = pytest.mark.network


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[House]:
    """A streamer that wants tokens, and has the keys they are verified with."""
    async with streamer(**GUARDED, jwks=read_or_make_jwt_key(tmp_path).jwks) as house:
        yield house


def auth(token: str) -> str:
    return json.dumps({"message_type": "Auth", "payload": {"token": token}, "timestamp": ""})


async def ping_on(socket: ClientConnection) -> None:
    while True:
        await socket.ping()
        await asyncio.sleep(0.05)


async def closed_with(socket: ClientConnection) -> tuple[int, str]:
    """How it is closed, before anything is told."""
    with pytest.raises(ConnectionClosed) as closed:
        await socket.recv()
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


async def test_a_token_in_the_first_message_opens_its_tenant(guarded: House, tmp_path: Path) -> None:
    async with guarded.socket() as socket:
        await socket.send(auth(issue_token(tmp_path, "acme", ["viewer"], 60)))
        told = await message(socket)
        assert (told["message_type"], told["payload"]["websocket_connections"]) == ("Metrics", 1)
        assert guarded.overview.watches == []


async def test_frames_of_the_contract_too_in_both_forms(guarded: House, tmp_path: Path) -> None:
    token = issue_token(tmp_path, "acme", ["viewer"], 60)
    async with guarded.live_socket() as text, guarded.live_socket("binnacle.v1.proto") as binary:
        await text.send(json.dumps({"authenticate": {"token": token}}))
        await text.send(json.dumps({"ping": {"number": 3}}))
        assert json.loads(await text.recv())["pong"]["number"] == 3
        frames = [pb.ClientFrame(authenticate=pb.Authentication(token=token)), pb.ClientFrame(ping=pb.Ping(number=4))]
        for frame in frames:
            await binary.send(frame.SerializeToString())
        assert pb.ServerFrame.FromString(bytes(await binary.recv(decode=False))).pong.number == 4


async def test_a_wrong_token_or_none_ends_it(guarded: House, tmp_path: Path) -> None:
    for said in (auth("a.b.c"), auth(""), "hello", json.dumps({"message_type": "Subscription", "payload": {}})):
        async with guarded.socket() as socket:
            await socket.send(said)
            code, reason = await closed_with(socket)
            assert code == 4401
            assert "token" in reason


async def test_whose_token_is_for_sending_alone_is_told_nothing(guarded: House, tmp_path: Path) -> None:
    async with guarded.socket() as socket:
        await socket.send(auth(issue_token(tmp_path, "acme", ["ingester"], 60)))
        assert await closed_with(socket) == (4403, "this needs the role viewer")


async def test_who_says_nothing_is_told_nothing_and_ended_in_time(tmp_path: Path) -> None:
    keys = TokenKeys([(Issuer(), FileKeys(read_or_make_jwt_key(tmp_path).jwks, SHARED))])
    path = tmp_path / "p.sock"
    async with (
        served(path, Quiet(), Admission(Access(required=True), keys, seconds=0.2)) as (hub, _clock, _tally),
        unix_connect(str(path), "ws://streamer/ws/live", proxy=None) as socket,
    ):
        pinging = asyncio.create_task(ping_on(socket))
        assert await closed_with(socket) == (4401, "no token within 0 s")
        pinging.cancel()
        assert hub.presence.attendance("default").opened == 0


async def test_it_is_ended_when_its_token_expires(guarded: House, tmp_path: Path) -> None:
    async with guarded.live_socket() as socket:
        await socket.send(json.dumps({"authenticate": {"token": issue_token(tmp_path, "acme", ["viewer"], 1)}}))
        assert json.loads(await socket.recv())["end"]["error"]["reason"] == "UNAUTHENTICATED"
        assert (await closed_with(socket))[0] == 4401


async def test_without_keys_a_token_has_to_come_with_the_request() -> None:
    async with streamer(**GUARDED) as house:
        with pytest.raises(InvalidStatus) as refused:
            await house.socket()
        assert refused.value.response.status_code == 401


async def test_whom_the_edge_let_in_needs_to_say_nothing(guarded: House) -> None:
    viewer = {"x-binnacle-tenant": "acme", "x-binnacle-roles": "viewer"}
    async with guarded.socket(additional_headers=viewer) as socket:
        assert (await message(socket))["type"] == "snapshot"
