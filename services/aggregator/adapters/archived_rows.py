"""Deletions in archives: files of Parquet are written anew without the rows, or go as a whole."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from services.aggregator.adapters.parquet_files import ParquetFiles
from services.aggregator.domain.intake.forgotten import names, names_in
from services.aggregator.ports.deletions import Deletion
from services.core.errors import Unavailable

ROWS_AT_ONCE = 65_536
_OBJECTS = ("data", "attributes")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ArchivedRows:
    """See ports/deletions.py."""

    def __init__(self, files: ParquetFiles) -> None:
        self._files = files

    async def erase(self, deletion: Deletion) -> int:
        try:
            paths = await asyncio.to_thread(self._files.of_tenant, deletion.tenant)
            return sum([await asyncio.to_thread(self._erase, path, deletion) for path in paths])
        except (OSError, pa.ArrowException) as fault:
            raise Unavailable(f"an archive cannot be read or written: {fault}") from fault

    def _erase(self, path: Path, deletion: Deletion) -> int:
        """Rows that a file held and holds no more."""
        with pq.ParquetFile(path) as file:
            rows, schema = file.metadata.num_rows, file.schema_arrow
            if deletion.scope == "user" and not {"user_id", *_OBJECTS} & set(schema.names):
                return 0
            left = sum(int(pc.sum(kept).as_py() or 0) for _batch, kept in _judged(file, deletion))
            if left == rows:
                return 0
            body = _written(file, deletion) if left else b""
        if left:
            self._files.write(path, body)
        else:
            self._files.remove(path)
        return int(rows - left)


def _judged(file: pq.ParquetFile, deletion: Deletion) -> Iterator[tuple[pa.RecordBatch, pa.BooleanArray]]:
    """A file piece by piece, and which rows of each stay."""
    for batch in file.iter_batches(ROWS_AT_ONCE):
        named = _named(batch, deletion)
        if "accepted" in batch.schema.names:
            asked = _EPOCH + timedelta(microseconds=deletion.requested_us)
            named = pc.and_(
                named, pc.less_equal(batch.column("accepted"), pa.scalar(asked, batch.column("accepted").type))
            )
        yield batch, pc.invert(named)


def _named(batch: pa.RecordBatch, deletion: Deletion) -> pa.BooleanArray:
    """The rows that a deletion is of, whenever they were accepted."""
    if deletion.scope == "tenant":
        return pa.array([True] * batch.num_rows)
    found = [False] * batch.num_rows
    if "user_id" in batch.schema.names:
        users = _texts(batch.column("user_id"))
        theirs = {user for user in set(users) if user and names(deletion, user)}
        found = [user in theirs for user in users]
    for name in _OBJECTS:
        if name in batch.schema.names:
            texts = _texts(batch.column(name))
            found = [known or names_in(text, deletion) for known, text in zip(found, texts, strict=True)]
    return pa.array(found)


def _texts(column: pa.Array) -> list[str]:
    return [value.decode() if isinstance(value, bytes) else value for value in column.to_pylist()]


def _written(file: pq.ParquetFile, deletion: Deletion) -> bytes:
    out = pa.BufferOutputStream()
    with pq.ParquetWriter(out, file.schema_arrow, compression="zstd") as writer:
        for batch, kept in _judged(file, deletion):
            writer.write_batch(batch.filter(kept))
    return bytes(out.getvalue())
