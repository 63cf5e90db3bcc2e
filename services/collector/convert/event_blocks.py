"""A request's events as one block of a record, by the compiled walk of event_block.c.

What it does not take (where it was not compiled, everything) is read by convert/messages.py, which also names faults.
"""

import ctypes
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from services.collector.convert import messages
from services.collector.domain.columns import EventColumns, PackedEvents
from services.collector.domain.redaction import Redactor

LIBRARY = Path(__file__).with_name("event_block.so")
COLUMNS = 5
# Tag and length of each text, at the most; and what JSON takes more than protobuf.
ROOM_AN_EVENT = 4
ROOM_FACTOR = 2
TIMES_TAG = b"\x0a"
MOST_SECRETS = 16


class _Replaced(ctypes.Structure):
    """`Replaced` of event_block.c."""

    _fields_ = (("at", ctypes.c_uint32), ("length", ctypes.c_uint32), ("values", ctypes.c_uint64))


class _Events(ctypes.Structure):
    """`Events` of event_block.c."""

    _fields_ = (
        ("message", ctypes.c_char_p),
        ("length", ctypes.c_uint64),
        ("now_us", ctypes.c_int64),
        ("capacity", ctypes.c_uint64),
        ("times_us", ctypes.c_void_p),
        ("texts", ctypes.c_void_p * COLUMNS),
        ("sizes", ctypes.c_uint64 * COLUMNS),
        ("events", ctypes.c_uint64),
        ("name_at", ctypes.c_uint32),
        ("name_length", ctypes.c_uint32),
        ("secret_words", ctypes.c_char_p),
        ("secrets", ctypes.c_uint64),
        ("replaced", _Replaced * MOST_SECRETS),
    )


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Events that keep every rule but perhaps that of times, and what their sender called the request."""

    events: PackedEvents
    batch_id: str


@cache
def _library() -> Any | None:
    if sys.byteorder != "little":
        return None
    try:
        library = ctypes.CDLL(str(LIBRARY))
    except OSError:
        return None
    library.binnacle_events.restype = ctypes.c_int64
    library.binnacle_events.argtypes = [ctypes.POINTER(_Events)]
    return library


def available() -> bool:
    """Whether the walk was compiled for this machine."""
    return _library() is not None


class EventReader:
    """Reads requests one after the other; its memory is as large as the largest asks for."""

    def __init__(self) -> None:
        self._times = np.empty(messages.MAX_POINTS, np.int64)
        self._room = np.empty(0, np.uint8)

    def read(self, raw: bytes, now: float, secrets: Redactor, unpack: Callable[[], EventColumns]) -> EventBatch | None:
        """The events of a serialised WriteEventsRequest; None when Python must look at it.

        `now` in Unix seconds is the time of those that carry none; `unpack` gives the same events as columns.
        """
        library = _library()
        if library is None:
            return None
        each = ROOM_FACTOR * len(raw) + ROOM_AN_EVENT * messages.MAX_POINTS
        if len(self._room) < COLUMNS * each:
            self._room = np.empty(COLUMNS * each, np.uint8)
        begins = [self._room.ctypes.data + number * each for number in range(COLUMNS)]
        scan = _Events(raw, len(raw), int(now * 1_000_000), len(self._times), self._times.ctypes.data)
        scan.texts[:] = begins
        scan.sizes[:] = [each] * COLUMNS
        scan.secret_words = _backwards(secrets.names.words)
        if library.binnacle_events(ctypes.byref(scan)):
            return None
        name = raw[scan.name_at : scan.name_at + scan.name_length]
        if not name.isascii():
            return None
        for found in scan.replaced[: scan.secrets]:
            secrets.replaced(raw[found.at : found.at + found.length].decode(), found.values)
        times = self._times[: scan.events].copy()
        texts = [ctypes.string_at(begin, size) for begin, size in zip(begins, scan.sizes, strict=True)]
        column = times.astype("<i8", copy=False).tobytes()
        block = b"".join([TIMES_TAG, _varint(len(column)), column, *texts])
        return EventBatch(PackedEvents(times, block, unpack), name.decode())


@cache
def _backwards(words: tuple[bytes, ...]) -> bytes:
    """Words as the walk compares them; see is_secret of event_block.c."""
    groups: dict[int, bytes] = {}
    for word in words:
        *rest, last = word
        groups[last] = groups.get(last, b"") + bytes([len(rest), *reversed(rest)])
    return b"".join(bytes([last]) + len(group).to_bytes(2, "little") + group for last, group in groups.items())


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def field(number: int, content: bytes) -> bytes:
    """A field of bytes or a message, serialised."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content
