"""Messages of samples straight from their bytes to columns, without an object for any value."""

from dataclasses import dataclass

import lz4.block
import numpy as np
from google.protobuf.message import DecodeError

from binnacle.collector.v1 import ingest_service_pb2 as pb
from binnacle.journal.v1 import journal_pb2
from binnacle.metrics.v1 import metrics_pb2
from services.collector.domain.columns import SampleColumns
from services.core.errors import InvalidInput

MAX_SAMPLES = 100_000
ROW = 8
COLUMNS = 3

Block = journal_pb2.SampleBlock


@dataclass(frozen=True, slots=True)
class SampleMessage:
    """One message of samples: its number in its stream, 0 when it came alone, and its name, which may be empty."""

    sequence: int
    samples: SampleColumns
    batch_id: str = ""


def read(raw: bytes) -> SampleMessage:
    """Decode a WriteSamplesRequest. Raises InvalidInput when it is broken or its columns differ in length."""
    try:
        twin = journal_pb2.SampleMessage.FromString(raw)
        sequence_size = 1 + _varint_size(twin.sequence) if twin.sequence else 0
        if _block_and_name_size(twin) + sequence_size == len(raw):
            return SampleMessage(twin.sequence, _columns(twin.samples), twin.batch_id)
        whole = pb.WriteSamplesRequest.FromString(raw)
    except DecodeError as error:
        raise InvalidInput.of("", "the message is no valid WriteSamplesRequest") from error
    return SampleMessage(whole.sequence, _columns(_repacked(whole.samples)), whole.batch_id)


def read_columns(raw: bytes) -> SampleMessage:
    """Decode a WriteSampleColumnsRequest. Raises InvalidInput as `read`."""
    try:
        twin = journal_pb2.SampleColumnsMessage.FromString(raw)
        if _block_and_name_size(twin) == len(raw):
            return SampleMessage(0, _columns(twin.samples), twin.batch_id)
        whole = pb.WriteSampleColumnsRequest.FromString(raw)
    except DecodeError as error:
        raise InvalidInput.of("", "the message is no valid WriteSampleColumnsRequest") from error
    return SampleMessage(0, _columns(_repacked(whole.samples)), whole.batch_id)


def _block_and_name_size(twin: journal_pb2.SampleMessage | journal_pb2.SampleColumnsMessage) -> int:
    name = len(twin.batch_id.encode())
    return _field_size(_block_size(twin.samples)) + (_field_size(name) if name else 0)


def _block_size(block: Block) -> int:
    """Bytes that the block takes on the wire when it was read without missing anything.

    The twins read packed columns as bytes, which they equal. A sender may split a column in parts, leave it unpacked,
    or send fields we do not know: then the message is longer than what the twin holds.
    """
    fields = (block.series_ids, block.times_unix_ms, block.values, block.lz4)
    rows = 1 + _varint_size(block.rows) if block.rows else 0
    return sum(_field_size(len(field)) for field in fields if field) + rows


def _repacked(samples: metrics_pb2.SampleColumns) -> Block:
    return Block(
        series_ids=np.array(samples.series_ids, "<u8").tobytes(),
        times_unix_ms=np.array(samples.times_unix_ms, "<i8").tobytes(),
        values=np.array(samples.values, "<f8").tobytes(),
        lz4=samples.lz4,
        rows=samples.rows,
    )


def _columns(block: Block) -> SampleColumns:
    ids, times, values = block.series_ids, block.times_unix_ms, block.values
    if block.lz4:
        if ids or times or values:
            raise InvalidInput.of("samples.lz4", "must not come beside columns")
        return _unpacked(block.lz4, block.rows)
    if not len(ids) == len(times) == len(values) or len(ids) % ROW:
        lengths = f"{len(ids) // ROW} series_ids, {len(times) // ROW} times_unix_ms, {len(values) // ROW} values"
        raise InvalidInput.of("samples", f"columns differ in length: {lengths}")
    _check_rows(len(ids) // ROW)
    return SampleColumns(np.frombuffer(ids, "<u8"), np.frombuffer(times, "<i8"), np.frombuffer(values, "<f8"))


def _unpacked(packed: bytes, rows: int) -> SampleColumns:
    _check_rows(rows)
    size = rows * ROW * COLUMNS
    try:
        plain = lz4.block.decompress(packed, uncompressed_size=size)
    except (lz4.block.LZ4BlockError, ValueError) as error:
        raise InvalidInput.of("samples.lz4", f"must be one LZ4 block of {size:,} bytes") from error
    if len(plain) != size:
        raise InvalidInput.of("samples.lz4", f"holds {len(plain):,} bytes; {rows:,} rows take {size:,}")
    ids, times, values = (np.frombuffer(plain, form, rows, at * rows * ROW) for at, form in enumerate(_FORMS))
    return SampleColumns(ids, times, values, packed)


_FORMS = ("<u8", "<i8", "<f8")


def _check_rows(rows: int) -> None:
    if not 1 <= rows <= MAX_SAMPLES:
        raise InvalidInput.of("samples", f"must hold 1 to {MAX_SAMPLES:,} samples, not {rows:,}")


def _field_size(length: int) -> int:
    return 1 + _varint_size(length) + length


def _varint_size(number: int) -> int:
    return max(1, (number.bit_length() + 6) // 7)
