"""How a request for a WebSocket becomes one: the connection is taken from the server that read the request.

With everything that belongs to the request gone, a connection takes half the memory.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from websockets.utils import accept_key

from services.core.errors import InvalidInput
from services.streamer.websocket.wire import Wire

_ANSWER: Final = (
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: {}\r\n"
)
_SUBPROTOCOL: Final = "Sec-WebSocket-Protocol: {}\r\n"


class Opened(web.StreamResponse):
    """What a handler answers whose connection was taken over: nothing, since all was said."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """See StreamResponse."""
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """See StreamResponse."""


def subprotocol(request: web.Request, known: Sequence[str]) -> str | None:
    """Which of the subprotocols that are known a client asks for. Raises InvalidInput where it asks for no socket."""
    ready = web.WebSocketResponse(protocols=known).can_prepare(request)
    if not ready.ok:
        raise InvalidInput.of("", "this is a WebSocket: ask for one, in version 13")
    return ready.protocol


def taken_over(request: web.Request, chosen: str | None, lost: Callable[[Wire], None]) -> Wire:
    """The socket that a request asks for. Raises ConnectionResetError when its client has gone."""
    transport = request.transport
    if transport is None:
        raise ConnectionResetError("the client has gone")
    answer = _ANSWER.format(accept_key(request.headers["Sec-WebSocket-Key"]))
    answer += _SUBPROTOCOL.format(chosen) if chosen else ""
    transport.write(f"{answer}\r\n".encode())
    wire, behind = Wire(transport, lost), _Behind()
    request.protocol.set_parser(cast("Any", behind))
    transport.set_protocol(wire)
    wire.data_received(behind.data)
    return wire


def let_go(request: web.Request) -> None:
    """Leave the connection of a request to whoever took it over; to be called by its handler at the end."""
    protocol = request.protocol
    protocol.transport = None
    protocol.connection_lost(None)


class _Behind:
    """Takes what came right behind a request."""

    def __init__(self) -> None:
        self.data = b""

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """See WebSocketReader."""
        self.data += data
        return False, b""

    def feed_eof(self) -> None:
        """See WebSocketReader."""
