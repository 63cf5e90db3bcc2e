"""Frames of a WebSocket for clients (RFC 6455, 5.2): what is sent to many is written once, and has a head for each."""

from struct import Struct
from typing import Final

from websockets.frames import Opcode

_FINAL: Final = 0x80
_SHORT, _MIDDLE, _LONG = Struct(">BB").pack, Struct(">BBH").pack, Struct(">BBQ").pack


def head(kind: Opcode, size: int) -> bytes:
    """What comes before the `size` bytes of a whole message, which is neither masked nor compressed."""
    first = _FINAL | kind
    if size < 126:
        return _SHORT(first, size)
    return _MIDDLE(first, 126, size) if size < 65_536 else _LONG(first, 127, size)
