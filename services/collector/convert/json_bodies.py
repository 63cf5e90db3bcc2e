"""JSON bodies to typed objects: one object, an array, or one a line; every fault by the name of its field.

The strict decoder (msgspec) reads a whole body at once. Only a body that it refuses is read again object by object, to
keep the good ones and name the bad.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec

from services.collector.domain.inspection import FIRST, NONE_REFUSED, Refused
from services.collector.domain.places import BodyPlaces
from services.core.errors import InvalidInput, Violation

MAX_BYTES = 4 * 1024 * 1024
MAX_OBJECTS = 10_000
LINES = ("application/x-ndjson", "application/jsonl")
BODY = "body"
NOT_JSON_NUMBER = "must be a finite number; JSON has no NaN or Infinity"

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Body(Generic[Item]):
    """Objects of a body that could be decoded, and their names."""

    items: Sequence[Item]
    places: BodyPlaces
    undecodable: Refused = NONE_REFUSED


def decode(content_type: str, body: bytes, item: type[Item], collection: str) -> Body[Item]:
    """Decode a body. Raises InvalidInput when it is no JSON, empty, too large, or holds nothing decodable."""
    if len(body) > MAX_BYTES:
        raise InvalidInput.of(BODY, f"must be at most {MAX_BYTES // 1024 // 1024} MiB; send it in parts")
    start = body.lstrip(b" \t\r\n")[:1]
    if not start:
        raise InvalidInput.of(BODY, "is empty; send one object, an array of objects, or one object a line")
    if content_type.partition(";")[0].strip().lower() in LINES:
        return _decode_lines(body, item, collection)
    if start == b"[":
        return _decode_array(body, item, collection)
    gathered: _Gathered[Item] = _Gathered(collection, single=True)
    gathered.take(0, body, item)
    return gathered.body()


def _decode_lines(body: bytes, item: type[Item], collection: str) -> Body[Item]:
    lines = [line for line in body.split(b"\n") if line.strip()]
    _check_count(len(lines), collection)
    gathered: _Gathered[Item] = _Gathered(collection)
    for number, line in enumerate(lines):
        gathered.take(number, line, item)
    return gathered.body()


def _decode_array(body: bytes, item: type[Item], collection: str) -> Body[Item]:
    try:
        items = msgspec.json.decode(body, type=list[item])  # type: ignore[valid-type]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode_each(body, item, collection)
    _check_count(len(items), collection)
    return Body(items, BodyPlaces(collection, range(len(items)), single=False))


def _decode_each(body: bytes, item: type[Item], collection: str) -> Body[Item]:
    parts: Sequence[bytes | msgspec.Raw | _Loose]
    try:
        parts = msgspec.json.decode(body, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        loose = _load_loosely(body)
        if not isinstance(loose, list):
            raise InvalidInput.of(BODY, _broken(error, body)) from error
        parts = [_Loose(part) for part in loose]
    _check_count(len(parts), collection)
    gathered: _Gathered[Item] = _Gathered(collection)
    for number, part in enumerate(parts):
        gathered.take(number, part, item)
    return gathered.body()


def _check_count(count: int, collection: str) -> None:
    if not 1 <= count <= MAX_OBJECTS:
        raise InvalidInput.of(collection, f"must be 1 to {MAX_OBJECTS:,} objects, not {count:,}")


@dataclass(frozen=True, slots=True)
class _Loose:
    """A value that only a lenient parser could read."""

    value: Any


@dataclass(slots=True)
class _Gathered(Generic[Item]):
    """What was decoded so far, and what was not."""

    collection: str
    single: bool = False
    items: list[Item] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    count: int = 0
    first: list[Violation] = field(default_factory=list)

    def take(self, number: int, part: "bytes | msgspec.Raw | _Loose", item: type[Item]) -> None:
        try:
            self.items.append(_decode_one(part, item))
            self.numbers.append(number)
        except _Fault as fault:
            self._refuse(number, fault)

    def _refuse(self, number: int, fault: "_Fault") -> None:
        self.count += 1
        if len(self.first) < FIRST:
            name = BodyPlaces(self.collection, [number], self.single).at(0, fault.field)
            self.first.append(Violation(name or BODY, fault.description))

    def body(self) -> Body[Item]:
        if not self.items:
            raise InvalidInput(self.first)
        places = BodyPlaces(self.collection, self.numbers, self.single)
        return Body(self.items, places, Refused(self.count, tuple(self.first)))


class _Fault(Exception):
    """A field of one object that cannot be decoded; an empty field is the object itself."""

    def __init__(self, field: str, description: str) -> None:
        self.field = field
        self.description = description
        super().__init__(field, description)


def _decode_one(part: "bytes | msgspec.Raw | _Loose", item: type[Item]) -> Item:
    if isinstance(part, _Loose):
        return _decode_loose(part.value, item)
    try:
        return msgspec.json.decode(part, type=item)
    except msgspec.ValidationError as error:
        raise _named(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        loose = _load_loosely(bytes(part))
        if loose is None:
            raise _Fault("", _broken(error, bytes(part))) from error
        return _decode_loose(loose, item)


def _decode_loose(value: Any, item: type[Item]) -> Item:
    path = _constant_path(value)
    if path is not None:
        raise _Fault(path, NOT_JSON_NUMBER)
    try:
        return msgspec.json.decode(msgspec.json.encode(value), type=item)
    except msgspec.ValidationError as error:
        raise _named(str(error)) from error
    except (ValueError, RecursionError) as error:
        raise _Fault("", "holds text that is no valid Unicode") from error


class _Constant:
    """Stands where NaN or Infinity was written."""

    def __init__(self, _name: str) -> None:
        pass


def _load_loosely(body: bytes) -> Any:
    """What a lenient parser makes of a body that the strict one refused; None when it cannot read it either."""
    try:
        return json.loads(body, parse_constant=_Constant)
    except (ValueError, RecursionError):
        return None


def _constant_path(value: Any, path: str = "") -> str | None:
    if isinstance(value, _Constant):
        return path
    if isinstance(value, dict):
        inner = [(f"{path}.{name}" if path else name, child) for name, child in value.items()]
    elif isinstance(value, list):
        inner = [(f"{path}[{number}]", child) for number, child in enumerate(value)]
    else:
        return None
    return next((found for name, child in inner if (found := _constant_path(child, name)) is not None), None)


def _broken(error: Exception, body: bytes) -> str:
    if isinstance(error, RecursionError):
        return "is nested too deep"
    try:
        body.decode()
    except UnicodeDecodeError as bad:
        return f"is not UTF-8 (byte {bad.start})"
    reason = str(error).removeprefix("JSON is malformed: ")
    if reason == "Input data was truncated":
        reason = f"ends too early (byte {len(body)})"
    return f"is broken JSON: {reason}"


FAULT = re.compile(r"(?P<reason>.*?)(?: - at `\$(?P<path>[^`]*)`)?", re.DOTALL)
UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
EXPECTED = re.compile(r"Expected `(.*)`, got `(.*)`", re.DOTALL)
WORDS = {"float": "number", "int": "number", "str": "string", "bool": "boolean"}


def _named(message: str) -> _Fault:
    """The decoder's words as a field and its rule."""
    match = FAULT.fullmatch(message)
    reason, path = (match["reason"], match["path"] or "") if match else (message, "")
    path = path.replace("[...]", "").lstrip(".")
    if unknown := UNKNOWN.fullmatch(reason):
        return _Fault(_joined(path, unknown[1]), "is no field of this object")
    if missing := MISSING.fullmatch(reason):
        return _Fault(_joined(path, missing[1]), "is missing")
    if expected := EXPECTED.fullmatch(reason):
        wanted = " or ".join(WORDS.get(word, word) for word in expected[1].split(" | "))
        return _Fault(path, f"must be {wanted}, not {WORDS.get(expected[2], expected[2])}")
    return _Fault(path, reason[:1].lower() + reason[1:])


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
