"""Figures over time as a table in a file: a row for each step, a column for each series."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import orjson
import pyarrow as pa

from services.aggregator.adapters.file_forms import file_form
from services.aggregator.domain.figures.figures import Figure
from services.aggregator.ports.exports import ExportFormat


def figure_file(starts: Sequence[int], figures: Mapping[str, Figure], form: ExportFormat) -> bytes:
    """The whole file; `starts` of the steps in Unix seconds. What is absent is empty."""
    columns = {
        _column(name, series.labels): dict(series.points) for name, one in figures.items() for series in one.series
    }
    values = [[points.get(start) for points in columns.values()] for start in starts]
    if form in ("parquet", "arrow"):
        return _binary(starts, list(columns), values, form)
    rows = [[_text(start), *row] for start, row in zip(starts, values, strict=True)]
    names = ["time", *columns]
    if form == "csv":
        written = io.StringIO(newline="")
        csv.writer(written).writerows([names, *rows])
        return written.getvalue().encode()
    lines = [orjson.dumps(dict(zip(names, row, strict=True))) for row in rows]
    return b"[\n" + b",\n".join(lines) + b"\n]\n" if form == "json" else b"\n".join(lines) + b"\n"


def _column(name: str, labels: Mapping[str, str]) -> str:
    told = ",".join(f"{label}={value}" for label, value in sorted(labels.items()))
    return f"{name}{{{told}}}" if told else name


def _text(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat().replace("+00:00", "Z")


def _binary(
    starts: Sequence[int], names: Sequence[str], values: Sequence[Sequence[float | None]], form: ExportFormat
) -> bytes:
    times = pa.array([start * 1_000 for start in starts], pa.int64()).cast(pa.timestamp("ms", "UTC"))
    numbers = [pa.array([row[place] for row in values], pa.float64()) for place in range(len(names))]
    table = pa.table([times, *numbers], ["time", *names])
    file = file_form(form, end_line=False)
    return file.rows(table) + file.end(table.schema, len(starts))
