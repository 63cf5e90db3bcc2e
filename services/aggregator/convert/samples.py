"""Samples of a journal record as columns: views of the message's bytes, or of what its LZ4 block holds."""

import lz4.block
import numpy as np

from binnacle.journal.v1 import journal_pb2
from services.aggregator.ports.records import SampleColumns
from services.core.errors import InvalidInput

ROW = 8
ROW_BYTES = 3 * ROW
MAX_ROWS = 1_000_000


def sample_columns(block: journal_pb2.SampleBlock) -> SampleColumns:
    """The columns of a block. Raises InvalidInput for an LZ4 block that is none."""
    if not block.lz4:
        return SampleColumns(
            np.frombuffer(block.series_ids, "<u8"),
            np.frombuffer(block.times_unix_ms, "<i8"),
            np.frombuffer(block.values, "<f8"),
        )
    rows = block.rows
    plain = _plain(block.lz4, rows)
    return SampleColumns(
        np.frombuffer(plain, "<u8", rows),
        np.frombuffer(plain, "<i8", rows, rows * ROW),
        np.frombuffer(plain, "<f8", rows, rows * 2 * ROW),
    )


def unpacked_bytes(block: journal_pb2.SampleBlock) -> int:
    """What the columns of an LZ4 block take in memory; 0 for plain columns, which the message itself holds."""
    return block.rows * ROW_BYTES if block.lz4 else 0


def _plain(packed: bytes, rows: int) -> bytes:
    if not 1 <= rows <= MAX_ROWS:
        raise InvalidInput.of("samples.rows", f"must be 1 to {MAX_ROWS:,}")
    try:
        plain: bytes = lz4.block.decompress(packed, uncompressed_size=rows * ROW_BYTES)
    except (lz4.block.LZ4BlockError, ValueError) as error:
        raise InvalidInput.of("samples.lz4", "is no LZ4 block of its rows") from error
    if len(plain) != rows * ROW_BYTES:
        raise InvalidInput.of("samples.lz4", "does not hold its rows")
    return plain
