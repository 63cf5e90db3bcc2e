"""Frames of a WebSocket (RFC 6455, 5): those of clients are read, those for clients written."""

from collections.abc import Iterator
from struct import Struct
from typing import Final

from aiohttp import WSCloseCode

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
_KINDS: Final = frozenset((CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG))
LONGEST_CONTROL: Final = 125
# Bits of the first two bytes.
_FINAL, _RESERVED, _KIND, _MASKED, _SIZE = 0x80, 0x70, 0x0F, 0x80, 0x7F
_MASK_BYTES: Final = 4
# Bytes that tell a length which does not fit into the second byte.
_LENGTHS: Final = {126: 2, 127: 8}
_SHORT, _MIDDLE, _LONG = Struct(">BB").pack, Struct(">BBH").pack, Struct(">BBQ").pack


class BrokenFrameError(Exception):
    """A client says what cannot be taken; the connection is to be closed with `code`."""

    def __init__(self, code: WSCloseCode) -> None:
        super().__init__(code.name)
        self.code = code


class FrameReader:
    """Puts together what one client sends: messages of at most `longest` bytes, none of them compressed."""

    __slots__ = ("_came", "_kind", "_longest", "_message")

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._came = bytearray()
        self._kind = CONTINUATION
        self._message = b""

    def read(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Messages and control frames that are whole by now, each with its kind. Raises BrokenFrameError."""
        came, at = self._came, 0
        came += data
        try:
            while (end := self._end(at)) is not None:
                kind, final = came[at] & _KIND, bool(came[at] & _FINAL)
                start = end - self._size(at)
                payload = _unmasked(bytes(came[start:end]), bytes(came[start - _MASK_BYTES : start]))
                at = end
                if kind >= CLOSE:
                    yield kind, payload
                elif (whole := self._joined(kind, payload, final=final)) is not None:
                    yield whole
        finally:
            del came[:at]

    def _end(self, at: int) -> int | None:
        """Where the frame ends that begins at a place; None while it is not whole."""
        came = self._came
        if len(came) < at + 2:
            return None
        self._check(came[at], came[at + 1])
        head = 2 + _LENGTHS.get(came[at + 1] & _SIZE, 0)
        if len(came) < at + head:
            return None
        size = self._size(at)
        if len(self._message) + size > self._longest:
            raise BrokenFrameError(WSCloseCode.MESSAGE_TOO_BIG)
        end = at + head + _MASK_BYTES + size
        return end if len(came) >= end else None

    def _size(self, at: int) -> int:
        told = self._came[at + 1] & _SIZE
        return int.from_bytes(self._came[at + 2 : at + 2 + _LENGTHS[told]]) if told in _LENGTHS else told

    def _check(self, first: int, second: int) -> None:
        kind, broken = first & _KIND, first & _RESERVED or not second & _MASKED
        if kind >= CLOSE:
            broken = broken or not first & _FINAL or second & _SIZE > LONGEST_CONTROL
        else:
            broken = broken or (kind == CONTINUATION) != (self._kind != CONTINUATION)
        if broken or kind not in _KINDS:
            raise BrokenFrameError(WSCloseCode.PROTOCOL_ERROR)

    def _joined(self, kind: int, payload: bytes, *, final: bool) -> tuple[int, bytes] | None:
        message, self._message = self._message + payload, b""
        kind, self._kind = self._kind or kind, CONTINUATION
        if final:
            return kind, message
        self._kind, self._message = kind, message
        return None


def head(kind: int, size: int) -> bytes:
    """What comes before the `size` bytes of a whole message to a client."""
    first = _FINAL | kind
    if size < 126:
        return _SHORT(first, size)
    return _MIDDLE(first, 126, size) if size < 65_536 else _LONG(first, 127, size)


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    repeated = (mask * (size // _MASK_BYTES + 1))[:size]
    return (int.from_bytes(payload) ^ int.from_bytes(repeated)).to_bytes(size)
