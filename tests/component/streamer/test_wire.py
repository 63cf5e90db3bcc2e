"""The protocol of WebSockets, by a client that writes each byte itself."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web
from websockets.frames import Frame, Opcode

from services.core.tenants import DEFAULT_TENANT
from services.runtime.access import Access
from services.runtime.calls import Call
from services.streamer.domain.hub import Hub
from services.streamer.domain.session import Session
from services.streamer.websocket.admission import Admission
from services.streamer.websocket.wire import Wire
from tests.support.sockets import OPEN, Quiet, served
from tests.support.waiting import eventually

pytestmark = pytest.mark.network

UPGRADE = (
    b"GET /ws/v1/live HTTP/1.1\r\nHost: s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
SECONDS = 20.0


def said(kind: Opcode, payload: bytes) -> bytes:
    """A frame as a client sends it."""
    return Frame(kind, payload).serialize(mask=True, extensions=[])


class Client:
    """Sends bytes, and reads the frames that come."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    def leave(self) -> None:
        """Go without a word."""
        self._writer.transport.abort()

    async def head(self) -> bytes:
        """The answer to the request."""
        async with asyncio.timeout(SECONDS):
            return await self._reader.readuntil(b"\r\n\r\n")

    async def frame(self) -> tuple[int, bytes]:
        """The next frame, a short one."""
        async with asyncio.timeout(SECONDS):
            first, size = await self._reader.readexactly(2)
            length = int.from_bytes(await self._reader.readexactly(2)) if size == 126 else size
            return first & 0x0F, await self._reader.readexactly(length)

    async def end(self) -> bytes:
        """What comes until nothing more does."""
        async with asyncio.timeout(SECONDS):
            return await self._reader.read()

    async def closed(self) -> int:
        """The code it is closed with; nothing comes after that."""
        kind, payload = await self.frame()
        while kind != Opcode.CLOSE:
            kind, payload = await self.frame()
        self.send(said(Opcode.CLOSE, payload[:2]))
        assert await self.end() == b""
        return int.from_bytes(payload[:2])


def handlers() -> list[asyncio.Task[Any]]:
    """Tasks that handle a request."""
    return [task for task in asyncio.all_tasks() if "_handle_request" in str(task.get_coro())]


@asynccontextmanager
async def client(folder: Path, admission: Admission = OPEN) -> AsyncIterator[tuple[Client, Hub]]:
    """A client that has said nothing yet."""
    path = folder / "p.sock"
    async with served(path, Quiet(), admission) as (hub, _clock, _tally):
        reader, writer = await asyncio.open_unix_connection(str(path))
        yield Client(reader, writer), hub
        writer.close()


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[Client, Hub]]:
    """A client whose socket is open."""
    async with client(folder) as (talking, hub):
        talking.send(UPGRADE + b"\r\n")
        assert b" 101 " in await talking.head()
        yield talking, hub


async def test_the_answer_accepts_the_key_and_chooses_a_subprotocol(tmp_path: Path) -> None:
    async with client(tmp_path) as (talking, _hub):
        talking.send(UPGRADE + b"Sec-WebSocket-Protocol: bearer.x, binnacle.v1.proto\r\n\r\n")
        head = (await talking.head()).split(b"\r\n")
        # The example of RFC 6455, 1.3.
        assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
        assert b"Sec-WebSocket-Protocol: binnacle.v1.proto" in head


async def test_what_comes_with_the_request_is_heard(tmp_path: Path) -> None:
    async with client(tmp_path) as (talking, _hub):
        talking.send(UPGRADE + b"\r\n" + said(Opcode.TEXT, b'{"ping":{"number":7}}'))
        await talking.head()
        kind, payload = await talking.frame()
        assert kind == Opcode.TEXT
        assert b'"number":7' in payload


async def test_a_request_for_something_else_is_refused_and_the_connection_goes_on(tmp_path: Path) -> None:
    async with client(tmp_path) as (talking, hub):
        talking.send(b"GET /ws/v1/live HTTP/1.1\r\nHost: s\r\n\r\n")
        head = await talking.head()
        assert b" 400 " in head
        assert b"application/json" in head
        assert hub.connections(DEFAULT_TENANT) == 0


async def test_an_open_socket_has_no_task_and_nothing_of_its_request(tmp_path: Path) -> None:
    async with opened(tmp_path) as (talking, _hub):
        talking.send(said(Opcode.PING, b""))
        await talking.frame()

        async def nothing_is_left() -> bool:
            gc.collect()
            kept = [held for held in gc.get_objects() if isinstance(held, web.BaseRequest | web.RequestHandler)]
            return not handlers() and not kept

        await eventually(nothing_is_left, "nothing of the request is left")


async def test_nothing_is_kept_of_who_has_gone(tmp_path: Path) -> None:
    def kept() -> int:
        gc.collect()
        return len([held for held in gc.get_objects() if isinstance(held, Wire | Session)])

    before = kept()
    async with opened(tmp_path) as (talking, hub):
        talking.send(said(Opcode.TEXT, b'{"subscribe":{"id":"a","events":{}}}'))
        await talking.frame()
        assert kept() == before + 2
        talking.leave()

        async def gone() -> bool:
            return hub.connections(DEFAULT_TENANT) == 0 and kept() == before

        await eventually(gone, "nothing of it is kept")


async def test_a_ping_is_answered_with_what_it_holds(tmp_path: Path) -> None:
    async with opened(tmp_path) as (talking, _hub):
        talking.send(said(Opcode.PING, b"so"))
        assert await talking.frame() == (Opcode.PONG, b"so")


async def test_a_message_in_parts_is_heard_as_one_whatever_comes_between(tmp_path: Path) -> None:
    async with opened(tmp_path) as (talking, _hub):
        parts = [
            Frame(Opcode.TEXT, b'{"ping":{"nu', fin=False),
            Frame(Opcode.PING, b"?"),
            Frame(Opcode.CONT, b'mber":8}}'),
        ]
        for byte in b"".join(part.serialize(mask=True, extensions=[]) for part in parts):
            talking.send(bytes([byte]))
        heard = dict([await talking.frame(), await talking.frame()])
        assert heard[Opcode.PONG] == b"?"
        assert b'"number":8' in heard[Opcode.TEXT]


async def test_who_closes_is_answered_and_has_left(tmp_path: Path) -> None:
    async with opened(tmp_path) as (talking, hub):
        talking.send(said(Opcode.CLOSE, (4_000).to_bytes(2) + b"bye"))
        assert await talking.frame() == (Opcode.CLOSE, (4_000).to_bytes(2) + b"bye")
        assert await talking.end() == b""

        async def left() -> bool:
            return hub.connections(DEFAULT_TENANT) == 0

        await eventually(left, "it has left")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (said(Opcode.TEXT, b"\xff"), 1007),
        (b"\x81\x05hello", 1002),
        (said(Opcode.BINARY, b"")[:1] + b"\xff" + (300_000).to_bytes(8), 1009),
    ],
    ids=["text that is none", "unmasked", "too long"],
)
async def test_who_breaks_the_rules_is_told_by_which_and_heard_no_more(tmp_path: Path, data: bytes, code: int) -> None:
    async with opened(tmp_path) as (talking, hub):
        talking.send(data)
        talking.send(said(Opcode.PING, b"still here"))
        assert await talking.closed() == code

        async def left() -> bool:
            return hub.connections(DEFAULT_TENANT) == 0

        await eventually(left, "it has left")


async def test_at_the_end_who_does_not_close_its_side_is_let_go(tmp_path: Path) -> None:
    async with opened(tmp_path) as (talking, hub):
        hub.close()
        assert b'"UNAVAILABLE"' in (await talking.frame())[1]
        kind, payload = await talking.frame()
        assert (kind, payload[:2]) == (Opcode.CLOSE, (1012).to_bytes(2))


class SlowKeys:
    """Keys that take their time to judge a token."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.judged = asyncio.Event()

    async def call(self, _token: str) -> Call:
        self.asked.set()
        await self.judged.wait()
        return Call("acme", "1", ("viewer",))


async def test_who_goes_while_its_token_is_judged_has_left(tmp_path: Path) -> None:
    keys = SlowKeys()
    async with client(tmp_path, Admission(Access(required=True), cast("Any", keys))) as (talking, hub):
        talking.send(UPGRADE + b"\r\n" + said(Opcode.TEXT, b'{"authenticate":{"token":"t"}}'))
        await talking.head()
        await keys.asked.wait()
        talking.leave()
        [handling] = handlers()
        keys.judged.set()
        await handling

        async def left() -> bool:
            return (hub.connections("acme"), hub.presence.attendance("acme").opened) == (0, 1)

        await eventually(left, "it has left")
