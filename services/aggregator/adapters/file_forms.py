"""Tables in pieces as files in pieces: CSV, JSON, Parquet, Arrow. Nothing of what was written is kept."""

from typing import Any, Protocol

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from services.aggregator.ports.exports import ExportFormat

LINE = "line"
"""The one column of tables for JSON."""


class FileForm(Protocol):
    """Writes one file; what each call answers are its next bytes."""

    def rows(self, table: pa.Table) -> bytes:
        """After some rows; every table has the same columns."""
        ...

    def end(self, schema: pa.Schema, rows: int) -> bytes:
        """The end, after `rows` rows in all; the schema is what tables had, or would have had."""
        ...


def file_form(form: ExportFormat, *, end_line: bool) -> FileForm:
    """What writes a file of a form; `end_line` ends CSV and NDJSON with the number of rows."""
    if form == "csv":
        return _Csv(end_line=end_line)
    if form in ("parquet", "arrow"):
        return _Binary(form)
    return _Lines(listed=form == "json", end_line=end_line and form == "ndjson")


class _Sink:
    """A file that forgets what was taken from it."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        return len(part)

    def flush(self) -> None:
        return

    def close(self) -> None:
        return

    def take(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        return data


class _Csv:
    def __init__(self, *, end_line: bool) -> None:
        self._sink = _Sink()
        self._writer: pa_csv.CSVWriter | None = None
        self._end_line = end_line

    def rows(self, table: pa.Table) -> bytes:
        self._opened(table.schema).write_table(table)
        return self._sink.take()

    def end(self, schema: pa.Schema, rows: int) -> bytes:
        self._opened(schema).close()
        return self._sink.take() + (f"#end,{rows}\n".encode() if self._end_line else b"")

    def _opened(self, schema: pa.Schema) -> pa_csv.CSVWriter:
        if self._writer is None:
            self._writer = pa_csv.CSVWriter(pa.PythonFile(self._sink, mode="w"), schema)
        return self._writer


class _Binary:
    def __init__(self, form: ExportFormat) -> None:
        self._sink = _Sink()
        self._form = form
        self._writer: Any = None

    def rows(self, table: pa.Table) -> bytes:
        self._opened(table.schema).write_table(table)
        return self._sink.take()

    def end(self, schema: pa.Schema, rows: int) -> bytes:
        self._opened(schema).close()
        return self._sink.take()

    def _opened(self, schema: pa.Schema) -> Any:
        if self._writer is None:
            file = pa.PythonFile(self._sink, mode="w")
            self._writer = (
                pa_parquet.ParquetWriter(file, schema, compression="zstd")
                if self._form == "parquet"
                else pa.ipc.new_stream(file, schema)
            )
        return self._writer


class _Lines:
    def __init__(self, *, listed: bool, end_line: bool) -> None:
        self._listed = listed
        self._end_line = end_line
        self._begun = False

    def rows(self, table: pa.Table) -> bytes:
        lines: list[str] = table[LINE].to_pylist()
        body = (",\n" if self._listed else "\n").join(lines).encode()
        if not self._listed:
            return body + b"\n"
        start = b",\n" if self._begun else b"[\n"
        self._begun = True
        return start + body

    def end(self, schema: pa.Schema, rows: int) -> bytes:
        if self._listed:
            return b"\n]\n" if self._begun else b"[]\n"
        return f'{{"#end":{rows}}}\n'.encode() if self._end_line else b""
