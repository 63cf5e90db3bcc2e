"""Attributes of a point as one JSON text, whatever they came in."""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

import msgspec
from google.protobuf.struct_pb2 import Struct, Value

from services.collector.domain.redaction import Redactor

MAX_BYTES = 16 * 1024
# Readers hand attributes out as google.protobuf.Struct, whose parsers stop at about three times this depth.
MAX_DEPTH = 16
EMPTY = "{}"
EXACT = 2.0**53
DIGITS = 300
MANY_DIGITS = re.compile(rb"[0-9]{%d}" % DIGITS)
TOO_DEEP = f"must be nested at most {MAX_DEPTH} deep"
LARGEST = 1.7976931348623157e308

_encoder = msgspec.json.Encoder()


class BadAttributes(Exception):
    """Attributes that break their rule; the text says which."""


def json_text(attributes: dict[str, Any] | None, secrets: Redactor) -> str:
    """The JSON text of decoded JSON, with secrets replaced. Raises BadAttributes."""
    if not attributes:
        return EMPTY
    encoded = _encoded(attributes)
    # Both walks are rare: nearly all attributes are small and flat, and the text shows it at once.
    if encoded.count(b"{") + encoded.count(b"[") > MAX_DEPTH and len(list(_levels(attributes))) > MAX_DEPTH:
        raise BadAttributes(TOO_DEEP)
    many = len(encoded) > DIGITS and MANY_DIGITS.search(encoded)
    if many and any(map(_is_huge, chain.from_iterable(_levels(attributes)))):
        raise BadAttributes("holds a number that is out of range")
    if not attributes.keys() <= secrets.names.plain or encoded.count(b"{") > 1:
        safe = secrets.attributes(attributes)
        encoded = encoded if safe is attributes else _encoded(safe)
    return encoded.decode()


def _encoded(attributes: dict[str, Any]) -> bytes:
    try:
        encoded = _encoder.encode(attributes)
    except RecursionError as error:
        raise BadAttributes(TOO_DEEP) from error
    if len(encoded) > MAX_BYTES:
        raise BadAttributes(f"must be at most {MAX_BYTES:,} bytes as JSON")
    return encoded


def _levels(value: object) -> Iterator[list[object]]:
    """The children of a value, level by level."""
    level: list[object] = [value]
    while inner := [item for item in level if isinstance(item, dict | list)]:
        level = [child for item in inner for child in (item.values() if isinstance(item, dict) else item)]
        yield level


def _is_huge(value: object) -> bool:
    return isinstance(value, int) and not -LARGEST <= value <= LARGEST


def struct_text(attributes: Struct, secrets: Redactor) -> str:
    """The same of a Struct; whole numbers are written as such. Raises BadAttributes."""
    fields = attributes.fields
    if not fields:
        return EMPTY
    # Not items(): of a map of messages it is made in Python, and takes twice as long.
    return json_text({name: _plain(fields[name]) for name in fields}, secrets)


def _plain(value: Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "number_value":
        number = value.number_value
        if number.is_integer() and -EXACT <= number <= EXACT:
            return int(number)
        if not -LARGEST <= number <= LARGEST:
            raise BadAttributes("holds a number that is not finite")
        return number
    if kind == "string_value":
        return value.string_value
    if kind == "bool_value":
        return value.bool_value
    if kind == "struct_value":
        return {name: _plain(inner) for name, inner in value.struct_value.fields.items()}
    if kind == "list_value":
        return [_plain(inner) for inner in value.list_value.values]
    return None
