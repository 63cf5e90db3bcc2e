"""An open WebSocket: what is heard on it, its signs of life, and how it ends."""

import asyncio
from collections.abc import Callable
from typing import Final

from aiohttp import WSCloseCode

from services.streamer.websocket.frames import (
    BINARY,
    CLOSE,
    LONGEST_CONTROL,
    PING,
    PONG,
    TEXT,
    BrokenFrameError,
    FrameReader,
    head,
)

LONGEST_MESSAGE: Final = 256 * 1024
# A client is waited for so long to close its side, and then to take what it is still being sent.
CLOSE_SECONDS: Final = 3.0
# What a client goes on sending after it was told why it is not heard any more is read away until it pauses, so long.
QUIET_SECONDS: Final = 0.5
LONGEST_SECONDS: Final = 5.0
# A reader is felt once this much waits for it here, beside what the kernel and the edge hold.
BUFFER_BYTES: Final = 64 * 1024
# In signs of life: how long nothing has come before a client is pinged, and before it is taken for gone.
_PINGED: Final = 2
_GONE: Final = 4

Hear = Callable[[str | bytes], None]


class Wire(asyncio.Protocol):
    """The protocol of a connection that is a WebSocket by now, without a task of its own.

    Whoever leads it gives it a sign of life (`beat`) now and then: after two without anything heard the client is
    pinged, after four it is dropped. `left` is called once, when nothing more is heard or said; `lost` once the
    connection is gone.
    """

    __slots__ = ("_closing", "_coming", "_deaf", "_hear", "_kept", "_lost", "_quiet", "_reader", "left", "transport")

    def __init__(self, transport: asyncio.Transport, lost: Callable[["Wire"], None]) -> None:
        self.transport = transport
        self.left: Callable[[], None] | None = None
        self._lost = lost
        self._reader = FrameReader(LONGEST_MESSAGE)
        self._hear: Hear | None = None
        self._kept: str | bytes | None = None
        self._coming: asyncio.Future[None] | None = None
        self._quiet = 0
        self._closing = False
        self._deaf = False

    def full(self) -> bool:
        """Whether the client has enough to read for the moment."""
        return self.transport.get_write_buffer_size() > BUFFER_BYTES

    def write(self, kind: int, message: bytes) -> None:
        """Send a whole message, or a control frame."""
        try:
            self.transport.write(head(kind, len(message)) + message)
        except RuntimeError:
            # It was closed by the other side a moment ago.
            return

    @property
    def over(self) -> bool:
        """Whether it has ended, or is about to."""
        return self._deaf or self._closing

    async def first(self) -> str | bytes | None:
        """The first message, before anybody listens; None when it ends without one."""
        if self._kept is None and not self.over:
            self._coming = asyncio.get_running_loop().create_future()
            await self._coming
        kept, self._kept = self._kept, None
        return kept

    def listen(self, hear: Hear) -> None:
        """Call `hear` with every message from now on."""
        self._hear = hear
        kept, self._kept = self._kept, None
        if kept is not None:
            hear(kept)
        self._resume()
        self.data_received(b"")

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._quiet = 0
        if self._deaf:
            return
        try:
            for kind, payload in self._reader.read(data):
                if not self._take(kind, payload):
                    return
        except BrokenFrameError as broken:
            self._fail(broken.code)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._deaf = True
        self._leave()
        self._lost(self)

    def beat(self) -> None:
        """A sign of life is due."""
        if self._closing:
            return
        self._quiet += 1
        if self._quiet == _PINGED:
            self.write(PING, b"")
        elif self._quiet >= _GONE:
            self.transport.abort()

    def close(self, code: int, reason: str = "") -> None:
        """Say why it ends, once; it is over when the client has closed its side, or a while later."""
        if self._closing:
            return
        self._closing = True
        self.write(CLOSE, code.to_bytes(2) + reason.encode()[: LONGEST_CONTROL - 2])
        self._leave()
        self._resume()
        asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._drop)

    def _take(self, kind: int, payload: bytes) -> bool:
        """Whether what comes after it is to be read now."""
        if kind == CLOSE:
            self._deaf = True
            if not self._closing:
                self._closing = True
                self.write(CLOSE, payload[:2])
                self._leave()
            self._drop()
            return False
        if kind == PING and not self.full():
            self.write(PONG, payload)
        elif kind in (TEXT, BINARY) and not self._closing:
            self._hand_on(_message(kind, payload))
        return self._kept is None

    def _hand_on(self, message: str | bytes) -> None:
        if self._hear is not None:
            self._hear(message)
            return
        # Until somebody listens one is kept, and what comes after it waits.
        self._kept = message
        self.transport.pause_reading()
        self._wake()

    def _fail(self, code: WSCloseCode) -> None:
        self.close(code)
        self._deaf = True
        self._read_away(asyncio.get_running_loop().time() + LONGEST_SECONDS)

    def _read_away(self, until: float) -> None:
        # A connection that is closed with something unread in it is reset, and with it goes the close code.
        self._quiet = 1
        asyncio.get_running_loop().call_later(QUIET_SECONDS, self._look, until)

    def _look(self, until: float) -> None:
        if self._quiet or asyncio.get_running_loop().time() > until:
            self._drop()
        else:
            self._read_away(until)

    def _drop(self) -> None:
        self.transport.close()
        # A closed connection stays until what waits in it is taken, for ever if its reader never reads again.
        if self.transport.get_write_buffer_size():
            asyncio.get_running_loop().call_later(CLOSE_SECONDS, self.transport.abort)

    def _leave(self) -> None:
        left, self.left = self.left, None
        self._hear = None
        self._wake()
        if left is not None:
            left()

    def _resume(self) -> None:
        if not self.transport.is_closing():
            self.transport.resume_reading()

    def _wake(self) -> None:
        if self._coming is not None and not self._coming.done():
            self._coming.set_result(None)


def _message(kind: int, payload: bytes) -> str | bytes:
    try:
        return payload.decode() if kind == TEXT else payload
    except UnicodeDecodeError:
        raise BrokenFrameError(WSCloseCode.INVALID_TEXT) from None
