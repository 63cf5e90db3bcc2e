"""Answers in ClickHouse's Native format as columns of numbers: no loop over rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_TYPES = {
    "UInt8": "<u1",
    "Int8": "<i1",
    "Int32": "<i4",
    "UInt32": "<u4",
    "UInt64": "<u8",
    "Int64": "<i8",
    "Float64": "<f8",
}
Column = npt.NDArray[Any]
Lists = tuple[npt.NDArray[np.int64], Column]
"""Lengths of the lists of each row, and what is in them, one after the other."""


def columns(body: bytes, kinds: Sequence[str]) -> list[Any]:
    """The columns of an answer, whose types the caller knows: a name of _TYPES, or `Array(…)` of one for Lists."""
    found: list[list[Any]] = [[] for _kind in kinds]
    at = 0
    while at < len(body):
        count, at = _varint(body, at)
        rows, at = _varint(body, at)
        if count != len(kinds):
            raise ValueError(f"{count} columns where {len(kinds)} were asked for")
        for place in range(count):
            name, at = _text(body, at)
            kind, at = _text(body, at)
            if kind != kinds[place]:
                raise ValueError(f"column {name} is {kind}, not {kinds[place]}")
            values, at = _column(body, at, kind, rows)
            found[place].append(values)
    return [_together(parts, kind) for parts, kind in zip(found, kinds, strict=True)]


def _column(body: bytes, at: int, kind: str, rows: int) -> tuple[Any, int]:
    if not kind.startswith("Array("):
        return _numbers(body, at, kind, rows)
    ends, at = _numbers(body, at, "UInt64", rows)
    flat, at = _numbers(body, at, kind[6:-1], int(ends[-1]) if rows else 0)
    return (np.diff(ends.astype(np.int64), prepend=0), flat), at


def _numbers(body: bytes, at: int, kind: str, rows: int) -> tuple[Column, int]:
    width = np.dtype(_TYPES[kind])
    return np.frombuffer(body, width, rows, at), at + rows * width.itemsize


def _together(parts: list[Any], kind: str) -> Any:
    if not kind.startswith("Array("):
        if not parts:
            return np.empty(0, _TYPES[kind])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)
    if not parts:
        return np.empty(0, np.int64), np.empty(0, _TYPES[kind[6:-1]])
    return np.concatenate([lengths for lengths, _flat in parts]), np.concatenate([flat for _lengths, flat in parts])


def _varint(body: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = body[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 128:
            return number, at
        shift += 7


def _text(body: bytes, at: int) -> tuple[str, int]:
    length, at = _varint(body, at)
    return body[at : at + length].decode(), at + length
