"""Parquet, a batch of rows at a time."""

from collections.abc import Iterator
from pathlib import Path

from services.launcher.importing.chunks import Chunk
from services.launcher.importing.faults import BadFile, Place
from services.launcher.importing.tables import Columns, Row, Table

BATCH_ROWS = 10_000
# Otherwise a column of a row group is read as a whole.
BUFFER_BYTES = 1 << 20


def chunks(path: Path, columns: Columns) -> Iterator[Chunk]:
    """The samples of a file; its rows are counted from 1. Raises BadFile."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, buffer_size=BUFFER_BYTES) as file:
            size, total = path.stat().st_size, max(file.metadata.num_rows, 1)
            table = Table(path, list(file.schema_arrow.names), columns)

            def rows() -> Iterator[Row]:
                line = 0
                for batch in file.iter_batches(batch_size=BATCH_ROWS):
                    columns_of_batch = [column.to_pylist() for column in batch.columns]
                    for cells in zip(*columns_of_batch, strict=True):
                        line += 1
                        yield line, cells, size * line // total

            yield from table.chunks(rows())
    except pa.ArrowException as error:
        raise BadFile(Place(path), f"is no Parquet that can be read: {error}") from error
