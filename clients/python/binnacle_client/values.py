"""Python values to messages."""

import sys
from array import array
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import lz4.block
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.metrics.v1.metrics_pb2 import SampleColumns
from binnacle_client.errors import InvalidInput, Violation

Time = datetime | float
"""A moment: aware datetime (a naive one counts as UTC), or seconds since the Unix epoch."""

_LENGTH_DELIMITED = 2


def seconds(moment: Time) -> float:
    """Seconds since the Unix epoch."""
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return moment


def timestamp(moment: Time) -> Timestamp:
    """The same moment as a message, to the microsecond."""
    whole, micros = divmod(round(seconds(moment) * 1e6), 1_000_000)
    return Timestamp(seconds=whole, nanos=micros * 1000)


def struct(field: str, data: Mapping[str, Any]) -> Struct:
    """Attributes as a message; InvalidInput for a value that JSON does not know."""
    made = Struct()
    try:
        made.update(data)
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(f"{field}: {error}", [Violation(field, f"must hold only JSON values: {error}")]) from error
    return made


def sample_columns(series_ids: Any, times_unix_ms: Any, values: Any) -> SampleColumns:
    """Columns from anything with the buffer protocol (array, numpy) and 8-byte items: u64, i64, f64.

    The three are copied as blocks instead of number by number.
    """
    if sys.byteorder == "big":
        series_ids, times_unix_ms, values = (_swapped(column) for column in (series_ids, times_unix_ms, values))
    wire = b"".join(
        _packed(number, memoryview(column).cast("B"))
        for number, column in enumerate((series_ids, times_unix_ms, values), start=1)
    )
    return SampleColumns.FromString(wire)


def packed_columns(series_ids: Any, times_unix_ms: Any, values: Any) -> SampleColumns:
    """The same as one LZ4 block: about a quarter of the bytes, and the server passes it on as it is."""
    columns = (series_ids, times_unix_ms, values)
    if sys.byteorder == "big":
        columns = tuple(_swapped(column) for column in columns)
    plain = b"".join(memoryview(column).cast("B") for column in columns)
    return SampleColumns(lz4=lz4.block.compress(plain, store_size=False), rows=len(series_ids))


def _packed(number: int, content: memoryview) -> bytes:
    return bytes([number << 3 | _LENGTH_DELIMITED]) + _varint(len(content)) + content


def _swapped(column: Any) -> Any:
    copy = array("Q", memoryview(column).cast("B").tobytes())
    copy.byteswap()
    return copy


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
