"""Frames of WebSockets: what clients send comes out as it was, however it is cut; what breaks the rules is refused."""

from collections.abc import Sequence

import pytest
from aiohttp import WSCloseCode
from hypothesis import given, strategies as st
from websockets.frames import Frame, Opcode

from services.streamer.websocket.frames import BINARY, CLOSE, PING, TEXT, BrokenFrameError, FrameReader

LONGEST = 300_000
KINDS = {TEXT: Opcode.TEXT, BINARY: Opcode.BINARY, PING: Opcode.PING}

payloads = st.one_of(st.binary(max_size=300), st.integers(65_530, 65_540).map(bytes))
messages = st.lists(st.tuples(st.sampled_from([TEXT, BINARY]), st.lists(payloads, min_size=1, max_size=4)), max_size=5)


def sent(kind: Opcode, payload: bytes, *, final: bool = True) -> bytes:
    """A frame as a client sends it."""
    return Frame(kind, payload, final).serialize(mask=True, extensions=[])


def frames_of(kind: int, parts: Sequence[bytes]) -> list[bytes]:
    """A message in parts, with a ping between any two of them."""
    kinds = [KINDS[kind], *[Opcode.CONT] * (len(parts) - 1)]
    made = [
        sent(each, part, final=number == len(parts))
        for number, (each, part) in enumerate(zip(kinds, parts, strict=True), 1)
    ]
    return [frame for each in made for frame in (each, sent(Opcode.PING, b"?"))][:-1]


@given(messages, st.integers(1, 70_000))
def test_messages_come_out_as_they_were_however_they_are_cut(given: list[tuple[int, list[bytes]]], size: int) -> None:
    wire = b"".join(frame for kind, parts in given for frame in frames_of(kind, parts))
    # Of what is long not every byte is looked at alone.
    size = max(size, len(wire) // 500)
    reader = FrameReader(LONGEST)
    heard = [each for at in range(0, len(wire), size or 1) for each in reader.read(wire[at : at + size])]
    assert [each for each in heard if each[0] != PING] == [(kind, b"".join(parts)) for kind, parts in given]
    assert [each for each in heard if each[0] == PING] == [(PING, b"?")] * sum(len(parts) - 1 for _kind, parts in given)


UNMASKED = Frame(Opcode.TEXT, b"hello").serialize(mask=False, extensions=[])
BEGUN = sent(Opcode.TEXT, b"a", final=False)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("unmasked", UNMASKED),
        ("reserved bit", bytes([0xC1, 0x80, 0, 0, 0, 0])),
        ("unknown kind", bytes([0x83, 0x80, 0, 0, 0, 0])),
        ("control in parts", bytes([0x09, 0x80, 0, 0, 0, 0])),
        ("control too long", bytes([0x89, 0xFE, 0, 126])),
        ("goes on with nothing", sent(Opcode.CONT, b"b")),
        ("begins within another", BEGUN + sent(Opcode.TEXT, b"b")),
    ],
)
def test_what_breaks_the_rules_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(BrokenFrameError) as refused:
        list(FrameReader(LONGEST).read(data))
    assert refused.value.code == WSCloseCode.PROTOCOL_ERROR


@pytest.mark.parametrize("before", [b"", sent(Opcode.BINARY, bytes(LONGEST), final=False)])
def test_what_would_be_too_long_is_refused_before_it_has_come(before: bytes) -> None:
    reader = FrameReader(LONGEST)
    whole = sent(Opcode.CONT if before else Opcode.BINARY, bytes(1 if before else LONGEST + 1))
    assert list(reader.read(before)) == []
    with pytest.raises(BrokenFrameError) as refused:
        list(reader.read(whole[:10]))
    assert refused.value.code == WSCloseCode.MESSAGE_TOO_BIG


def test_what_came_before_a_break_is_heard() -> None:
    heard = FrameReader(LONGEST).read(sent(Opcode.CLOSE, b"\x03\xe8") + UNMASKED)
    assert next(heard) == (CLOSE, b"\x03\xe8")
    with pytest.raises(BrokenFrameError):
        next(heard)
