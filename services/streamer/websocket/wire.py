"""An open WebSocket: what is heard on it, its signs of life, and how it ends."""

import asyncio
from collections.abc import Callable
from typing import Final

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import OPEN, SEND_EOF, SERVER, Protocol

from services.streamer.websocket.frames import head

LONGEST_MESSAGE: Final = 256 * 1024
# A client is waited for so long to close its side, and then to take what it is still being sent.
CLOSE_SECONDS: Final = 3.0
# What a client goes on sending after it was told why it is not heard any more is read away until it pauses, so long.
QUIET_SECONDS: Final = 0.5
LONGEST_SECONDS: Final = 5.0
# A reader is felt once this much waits for it here, beside what the kernel and the edge hold.
BUFFER_BYTES: Final = 64 * 1024
# What fits into a frame that closes, beside the code.
_LONGEST_REASON: Final = 123
# In signs of life: how long nothing has come before a client is pinged, and before it is taken for gone.
_PINGED: Final = 2
_GONE: Final = 4
_DATA: Final = frozenset((Opcode.TEXT, Opcode.BINARY, Opcode.CONT))

Hear = Callable[[str | bytes], None]


class Wire(asyncio.Protocol):
    """The protocol of a connection that is a WebSocket by now, without a task of its own.

    What comes is read, and pings and the end are answered, by the rules of a library. Whoever leads the wire gives it a
    sign of life (`beat`) now and then: after two without anything heard the client is pinged, after four it is dropped.
    `left` is called once, when nothing more is heard or said; `lost` once the connection is gone.
    """

    __slots__ = (
        *("_came", "_coming", "_hear", "_kind", "_lost", "_part", "_quiet", "_rules"),
        *("left", "over", "transport"),
    )

    def __init__(self, transport: asyncio.Transport, lost: Callable[["Wire"], None]) -> None:
        self.transport = transport
        self.left: Callable[[], None] | None = None
        self.over = False
        """Whether nothing more is heard or said."""
        self._lost = lost
        self._rules = Protocol(SERVER, max_size=LONGEST_MESSAGE)
        self._hear: Hear | None = None
        self._came: list[str | bytes] = []
        self._coming: asyncio.Future[None] | None = None
        self._kind = Opcode.TEXT
        self._part = b""
        self._quiet = 0

    async def first(self) -> str | bytes | None:
        """The first message, before anybody listens; None when it ends without one."""
        if not self._came and not self.over:
            self._coming = asyncio.get_running_loop().create_future()
            await self._coming
        return self._came.pop(0) if self._came else None

    def listen(self, hear: Hear) -> None:
        """Call `hear` with every message from now on."""
        self._hear = hear
        came, self._came = self._came, []
        for message in came:
            self._hand_on(message)
        self._resume()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._quiet = 0
        self._rules.receive_data(data)
        for frame in self._rules.events_received():
            if isinstance(frame, Frame) and frame.opcode in _DATA:
                self._take(frame)
        self._answer()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._leave()
        self._lost(self)

    def beat(self) -> None:
        """A sign of life is due."""
        if self.over:
            return
        self._quiet += 1
        if self._quiet == _PINGED:
            self._send(head(Opcode.PING, 0))
        elif self._quiet >= _GONE:
            self.transport.abort()

    def close(self, code: int, reason: str = "") -> None:
        """Say why it ends, once; it is over when the client has closed its side, or a while later."""
        if self.over:
            return
        self._rules.send_close(code, reason.encode()[:_LONGEST_REASON].decode(errors="ignore"))
        self._answer()
        self._leave()
        self._resume()
        asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._drop)

    def _take(self, frame: Frame) -> None:
        if frame.opcode is not Opcode.CONT:
            self._kind = frame.opcode
        self._part += frame.data
        if not frame.fin:
            return
        whole, self._part = self._part, b""
        try:
            message = whole.decode() if self._kind is Opcode.TEXT else whole
        except UnicodeDecodeError:
            self._rules.fail(CloseCode.INVALID_DATA)
            self._answer()
        else:
            self._hand_on(message)

    def _hand_on(self, message: str | bytes) -> None:
        if self._hear is not None:
            self._hear(message)
        elif not self.over:
            # Until somebody listens it waits, and nothing more is read.
            self._came.append(message)
            self.transport.pause_reading()
            self._wake()

    def _answer(self) -> None:
        """Send what the rules ask for: pongs, without which a client has to do that does not read, and the end."""
        answers = self._rules.data_to_send()
        if self._rules.state is OPEN and self.transport.get_write_buffer_size() > BUFFER_BYTES:
            return
        for answer in answers:
            if answer != SEND_EOF:
                self._send(answer)
        if SEND_EOF in answers:
            self._leave()
            self._end()

    def _end(self) -> None:
        if self._rules.close_rcvd is not None:
            self._drop()
        else:
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

    def _send(self, data: bytes) -> None:
        try:
            self.transport.write(data)
        except RuntimeError:
            # It was closed by the other side a moment ago.
            return

    def _leave(self) -> None:
        self.over = True
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
