"""A checksum in front of each record of the file, over place and bytes: what is read is what was written there."""

import struct

import xxhash

PLACE = struct.Struct(">Q")
_CHECK = struct.Struct(">Q")


def guarded(place: int, record: bytes) -> bytes:
    """A record as it stands in the file."""
    return _CHECK.pack(_check(place, record)) + record


def unguarded(place: int, value: bytes) -> bytes | None:
    """The record at a place of the file; None when it is not what was written."""
    record = value[_CHECK.size :]
    return record if value[: _CHECK.size] == _CHECK.pack(_check(place, record)) else None


def _check(place: int, record: bytes) -> int:
    # Two records changed about, or one read at the wrong place, are damage too.
    return xxhash.xxh3_64_intdigest(record, place)
