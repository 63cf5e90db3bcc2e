"""A message that is too long ends a socket so that its sender, who is still sending it, reads why."""

import asyncio
from contextlib import suppress
from typing import Final

from aiohttp import WSCloseCode, web
from aiohttp.abc import AbstractStreamWriter

# A close frame with the code alone (RFC 6455, 5.5.1).
_CLOSE: Final = b"\x88\x02" + WSCloseCode.MESSAGE_TOO_BIG.to_bytes(2, "big")
QUIET_SECONDS: Final = 0.5
LONGEST_SECONDS: Final = 5.0


class Socket(web.WebSocketResponse):
    """A WebSocket that reads away what is left of a message that was too long before it closes the connection.

    A connection that is closed with something unread in it is reset, and with it goes the close code.
    """

    _below: asyncio.Transport | None = None

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter:
        """See WebSocketResponse."""
        self._below = request.transport
        return await super().prepare(request)

    async def close(self, *, code: int = WSCloseCode.OK, message: bytes = b"", drain: bool = True) -> bool:
        """See WebSocketResponse."""
        if code == WSCloseCode.MESSAGE_TOO_BIG and self._below is not None and not self._below.is_closing():
            self._below.write(_CLOSE)
            await _read_away(self._below)
        return await super().close(code=code, message=message, drain=drain)


class _Rest(asyncio.Protocol):
    """Forgets what comes; `former` learns everything else."""

    def __init__(self, former: asyncio.BaseProtocol) -> None:
        self.came = asyncio.Event()
        self.lost = False
        self._former = former

    def data_received(self, _data: bytes) -> None:
        self.came.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self.came.set()
        self._former.connection_lost(exc)

    def pause_writing(self) -> None:
        self._former.pause_writing()

    def resume_writing(self) -> None:
        self._former.resume_writing()


async def _read_away(transport: asyncio.Transport) -> None:
    """Until nothing has come for a while, or enough."""
    former = transport.get_protocol()
    rest = _Rest(former)
    transport.set_protocol(rest)
    transport.resume_reading()
    with suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_SECONDS):
            while not rest.lost:
                rest.came.clear()
                await asyncio.wait_for(rest.came.wait(), QUIET_SECONDS)
    transport.set_protocol(former)
