"""WriteSamplesRequest straight from its bytes to columns, without an object for any value."""

from dataclasses import dataclass

import numpy as np
from google.protobuf.message import DecodeError

from binnacle.collector.v1 import ingest_service_pb2 as pb
from binnacle.journal.v1 import journal_pb2
from services.collector.domain.columns import SampleColumns
from services.core.errors import InvalidInput

MAX_SAMPLES = 100_000
ROW = 8

Columns = tuple[int, bytes, bytes, bytes]


@dataclass(frozen=True, slots=True)
class SampleMessage:
    """One message of a stream of samples."""

    sequence: int
    samples: SampleColumns


def read(raw: bytes) -> SampleMessage:
    """Decode one message. Raises InvalidInput when it is broken or its columns differ in length."""
    try:
        sequence, ids, times, values = _read_twin(raw) or _read_whole(raw)
    except DecodeError as error:
        raise InvalidInput.of("", "the message is no valid WriteSamplesRequest") from error
    if not len(ids) == len(times) == len(values) or len(ids) % ROW:
        lengths = f"{len(ids) // ROW} series_ids, {len(times) // ROW} times_unix_ms, {len(values) // ROW} values"
        raise InvalidInput.of("samples", f"columns differ in length: {lengths}")
    rows = len(ids) // ROW
    if not 1 <= rows <= MAX_SAMPLES:
        raise InvalidInput.of("samples", f"must hold 1 to {MAX_SAMPLES:,} samples, not {rows:,}")
    samples = SampleColumns(np.frombuffer(ids, "<u8"), np.frombuffer(times, "<i8"), np.frombuffer(values, "<f8"))
    return SampleMessage(sequence, samples)


def _read_twin(raw: bytes) -> Columns | None:
    """Read packed columns as bytes, which they equal on the wire; None when that would miss something.

    A sender may split a column in parts, leave it unpacked, or send fields we do not know: then the message is longer
    than what the twin holds.
    """
    twin = journal_pb2.SampleMessage.FromString(raw)
    block = twin.samples
    columns = (block.series_ids, block.times_unix_ms, block.values)
    inner = sum(_field_size(len(column)) for column in columns if column)
    size = _field_size(inner) + (1 + _varint_size(twin.sequence) if twin.sequence else 0)
    return (twin.sequence, *columns) if size == len(raw) else None


def _read_whole(raw: bytes) -> Columns:
    whole = pb.WriteSamplesRequest.FromString(raw)
    return (
        whole.sequence,
        np.array(whole.samples.series_ids, "<u8").tobytes(),
        np.array(whole.samples.times_unix_ms, "<i8").tobytes(),
        np.array(whole.samples.values, "<f8").tobytes(),
    )


def _field_size(length: int) -> int:
    return 1 + _varint_size(length) + length


def _varint_size(number: int) -> int:
    return max(1, (number.bit_length() + 6) // 7)
