"""Where a client stands, as a text it keeps: nothing secret, but it is told when it is not its own or was broken."""

import base64
import binascii
from collections.abc import Iterator
from hashlib import blake2b
from typing import Final

from services.core.errors import InvalidInput
from services.streamer.domain.deliveries import Standing
from services.streamer.ports import Mark, Position

VERSION: Final = 1
CHECK_BYTES: Final = 4
JOURNAL_BYTES: Final = 8
MOST_CHARACTERS: Final = 20_000


def token_from(standing: Standing) -> str:
    """The text of a standing."""
    position = standing.position
    parts = [bytes((VERSION, standing.logs)), _varint(round(position.as_of * 1000))]
    for journal, (offset, row) in sorted(position.marks.items()):
        parts += bytes.fromhex(journal), _varint(offset), _varint(row)
    payload = b"".join(parts)
    return base64.urlsafe_b64encode(_check(standing.tenant, payload) + payload).rstrip(b"=").decode()


def standing_from(token: str, tenant: str, field: str = "position") -> Standing:
    """The standing that a text tells. Raises InvalidInput when it is another tenant's, or was not given out."""
    try:
        if len(token) > MOST_CHARACTERS:
            raise ValueError
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        check, payload = raw[:CHECK_BYTES], raw[CHECK_BYTES:]
        if check != _check(tenant, payload) or payload[0] != VERSION:
            raise ValueError
        return Standing(tenant, bool(payload[1]), _position(payload[2:]))
    except (ValueError, IndexError, binascii.Error) as error:
        raise InvalidInput.of(field, "a position that was told on a connection like this one, or nothing") from error


def _position(payload: bytes) -> Position:
    as_of, at = _read_varint(payload, 0)
    return Position(dict(_marks(payload, at)), as_of / 1000)


def _marks(payload: bytes, at: int) -> Iterator[tuple[str, Mark]]:
    while at < len(payload):
        journal = payload[at : at + JOURNAL_BYTES].hex()
        offset, at = _read_varint(payload, at + JOURNAL_BYTES)
        row, at = _read_varint(payload, at)
        yield journal, (offset, row)


def _check(tenant: str, payload: bytes) -> bytes:
    return blake2b(tenant.encode() + b"\0" + payload, digest_size=CHECK_BYTES).digest()


def _varint(number: int) -> bytes:
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    made.append(number)
    return bytes(made)


def _read_varint(payload: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = payload[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
