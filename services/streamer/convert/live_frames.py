"""Frames of live connections as bytes: an update is written once in each form, whoever it goes to."""

from collections.abc import Sequence
from typing import Protocol

import orjson
from google.protobuf.json_format import Parse, ParseError
from google.protobuf.message import DecodeError

from binnacle.live.v1 import live_pb2 as pb
from services.core.errors import BinnacleError, InvalidInput
from services.streamer.convert.json_text import json_bytes
from services.streamer.convert.live_rows import rows_json
from services.streamer.convert.live_updates import end_message, update_from
from services.streamer.convert.positions import token_from
from services.streamer.domain.deliveries import Batch, Content, Delivery, Pong

# Tags of the fields in their wire form: number shifted by three, and 2 for what has a length.
_SUBSCRIPTION = b"\x0a"
_UPDATES = b"\x12"
_SEQUENCE = b"\x08"
_PONG = b"\x1a"


class Form(Protocol):
    """How connections are written to."""

    def messages(self, sequence: int, deliveries: Sequence[Delivery]) -> Sequence[bytes]:
        """The messages that bring these; `sequence` is their number on the connection."""
        ...

    def last(self, sequence: int, error: BinnacleError) -> Sequence[bytes]:
        """What a connection ends with."""
        ...


class Codec(Form, Protocol):
    """One form of the frames of the contract."""

    def read(self, message: bytes | str) -> pb.ClientFrame:
        """What a client says. Raises InvalidInput when it cannot be read."""
        ...


class BinaryCodec:
    """Protobuf."""

    def __init__(self, *, demo: bool) -> None:
        self._demo = demo

    def messages(self, sequence: int, deliveries: Sequence[Delivery]) -> Sequence[bytes]:
        """See Form."""
        return (b"".join((_SEQUENCE, _varint(sequence), *(self._part(delivery) for delivery in deliveries))),)

    def last(self, sequence: int, error: BinnacleError) -> Sequence[bytes]:
        """See Form."""
        return (pb.ServerFrame(sequence=sequence, end=end_message(error)).SerializeToString(),)

    def read(self, message: bytes | str) -> pb.ClientFrame:
        """See Codec."""
        if isinstance(message, str):
            raise InvalidInput.of("", "binary messages, as the subprotocol says")
        try:
            return pb.ClientFrame.FromString(message)
        except DecodeError as error:
            raise InvalidInput.of("", "a binnacle.live.v1.ClientFrame") from error

    def _part(self, delivery: Delivery) -> bytes:
        if isinstance(delivery.content, Pong):
            pong = _ping(delivery.content).SerializeToString()
            return _PONG + _varint(len(pong)) + pong
        body = delivery.content.form(self._body)
        name = delivery.subscription.encode()
        named = b"".join((_SUBSCRIPTION, _varint(len(name)), name)) if name else b""
        return b"".join((_UPDATES, _varint(len(named) + len(body)), named, body))

    def _body(self, content: Content) -> bytes:
        return update_from(content, demo=self._demo).SerializeToString()


class JsonCodec:
    """JSON, fields named as in the contract."""

    def __init__(self, *, demo: bool) -> None:
        self._demo = demo
        # A bound method is made anew each time it is looked up.
        self._made = self._body

    def messages(self, sequence: int, deliveries: Sequence[Delivery]) -> Sequence[bytes]:
        """See Form."""
        if len(deliveries) == 1 and not isinstance(deliveries[0].content, Pong):
            return (b'{"sequence":%d,"updates":[%b]}' % (sequence, self._part(deliveries[0])),)
        updates = b",".join(self._part(held) for held in deliveries if not isinstance(held.content, Pong))
        pongs = [held.content for held in deliveries if isinstance(held.content, Pong)]
        pong = b',"pong":%b' % json_bytes(_ping(pongs[-1])) if pongs else b""
        return (b'{"sequence":%d,"updates":[%b]%b}' % (sequence, updates, pong),)

    def last(self, sequence: int, error: BinnacleError) -> Sequence[bytes]:
        """See Form."""
        return (json_bytes(pb.ServerFrame(sequence=sequence, end=end_message(error))),)

    def read(self, message: bytes | str) -> pb.ClientFrame:
        """See Codec."""
        try:
            return Parse(message, pb.ClientFrame())
        except (ParseError, UnicodeDecodeError) as error:
            raise InvalidInput.of("", f"a binnacle.live.v1.ClientFrame as JSON: {error}") from error

    def _part(self, delivery: Delivery) -> bytes:
        return b'{"subscription":%b%b' % (orjson.dumps(delivery.subscription), delivery.content.form(self._made))

    def _body(self, content: Content) -> bytes:
        if isinstance(content, Batch) and content.rows:
            return b',"position":%b,%b}' % (orjson.dumps(token_from(content.standing)), rows_json(content))
        made = orjson.loads(json_bytes(update_from(content, demo=self._demo)))
        del made["subscription"]
        return b"," + orjson.dumps(made)[1:]


def _ping(pong: Pong) -> pb.Ping:
    made = pb.Ping(number=pong.number)
    made.time.FromMicroseconds(round(pong.at * 1e6))
    return made


def _varint(number: int) -> bytes:
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    made.append(number)
    return bytes(made)
