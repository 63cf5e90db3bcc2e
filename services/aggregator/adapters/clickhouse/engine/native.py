"""ClickHouse's Native format, as far as inserts need it: one block of typed columns as bytes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

_LENGTHS = tuple(bytes([n]) for n in range(128))
# LowCardinality: keys travel with the block (bit 9), and form its whole dictionary (bit 10).
_KEYS_WITH_BLOCK = (1 << 9) | (1 << 10)
_INDEX_TYPES = ((0, np.uint8), (1, np.uint16), (2, np.uint32))


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a block: its name, its ClickHouse type, its rows as bytes."""

    name: str
    type: str
    body: bytes | memoryview


def varint(number: int) -> bytes:
    """An unsigned number, seven bits a byte, lowest first."""
    if number < 128:
        return _LENGTHS[number]
    out = bytearray()
    while number >= 128:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


_HEADS = tuple(varint(size).decode("latin-1") for size in range(1024))


def block(columns: Sequence[Column], rows: int) -> bytes:
    """A block of `rows` rows."""
    parts: list[bytes | memoryview] = [varint(len(columns)), varint(rows)]
    for column in columns:
        parts += (_text(column.name), _text(column.type), column.body)
    return b"".join(parts)


def numbers(name: str, kind: str, values: npt.NDArray[Any]) -> Column:
    """A column of fixed width; the caller gives the array in the width that `kind` has."""
    return Column(name, kind, np.ascontiguousarray(values).view(np.uint8).data)


def texts(name: str, values: Iterable[str]) -> Column:
    """A String column."""
    return Column(name, "String", _texts(values))


def words(name: str, values: Sequence[str], counts: Sequence[int] | None = None) -> Column:
    """A LowCardinality(String) column; `counts` repeats each value, once when None."""
    places = {value: place for place, value in enumerate(dict.fromkeys(values))}
    code, width = next((code, width) for code, width in _INDEX_TYPES if len(places) <= np.iinfo(width).max + 1)
    rows = np.fromiter(map(places.__getitem__, values), width, len(values))
    if counts is not None:
        rows = np.repeat(rows, counts)
    if not len(rows):
        return Column(name, "LowCardinality(String)", _u64(1))
    head = _u64(1) + _u64(code | _KEYS_WITH_BLOCK) + _u64(len(places))
    return Column(name, "LowCardinality(String)", head + _texts(places) + _u64(len(rows)) + rows.tobytes())


def text_maps(name: str, values: Sequence[Mapping[str, str]]) -> Column:
    """A Map(String, String) column."""
    ends = np.cumsum([len(value) for value in values], dtype=np.uint64).tobytes()
    keys = _texts(chain.from_iterable(values))
    return Column(name, "Map(String, String)", ends + keys + _texts(chain.from_iterable(v.values() for v in values)))


def arrays(name: str, kind: str, starts: npt.NDArray[np.int64], flat: npt.NDArray[Any]) -> Column:
    """An Array column of fixed-width elements: row `i` is `flat[starts[i]:starts[i + 1]]`."""
    return Column(name, f"Array({kind})", starts[1:].astype(np.uint64).tobytes() + np.ascontiguousarray(flat).tobytes())


def _text(value: str) -> bytes:
    body = value.encode()
    return varint(len(body)) + body


def _texts(values: Iterable[str]) -> bytes:
    texts = list(values)
    if all(map(str.isascii, texts)):
        # A character is a byte, so that all of them can be joined before they are encoded.
        heads = [_HEADS[size] if size < 1024 else varint(size).decode("latin-1") for size in map(len, texts)]
        return "".join(chain.from_iterable(zip(heads, texts, strict=True))).encode("latin-1")
    bodies = [value.encode() for value in texts]
    lengths = [varint(len(body)) for body in bodies]
    return b"".join(chain.from_iterable(zip(lengths, bodies, strict=True)))


def _u64(number: int) -> bytes:
    return number.to_bytes(8, "little")
