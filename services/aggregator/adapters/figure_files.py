"""Figures over time as a table in a file: a row for each step, a column for each series."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import orjson
import pyarrow as pa

from services.aggregator.adapters.file_forms import LINE, file_form
from services.aggregator.domain.figures import Figure
from services.aggregator.ports.exports import ExportFormat


def figure_file(starts: Sequence[int], figures: Mapping[str, Figure], form: ExportFormat) -> bytes:
    """The whole file; `starts` of the steps in Unix seconds. What is absent is empty."""
    columns = {
        _column(name, series.labels): dict(series.points) for name, one in figures.items() for series in one.series
    }
    rows = [[points.get(start) for points in columns.values()] for start in starts]
    times = [datetime.fromtimestamp(start, UTC) for start in starts]
    table = (
        _lines(times, list(columns), rows) if form in ("json", "ndjson") else _table(times, list(columns), rows, form)
    )
    file = file_form(form, end_line=False)
    return file.rows(table) + file.end(table.schema, len(rows))


def _column(name: str, labels: Mapping[str, str]) -> str:
    told = ",".join(f"{label}={value}" for label, value in sorted(labels.items()))
    return f"{name}{{{told}}}" if told else name


def _lines(times: Sequence[datetime], names: Sequence[str], rows: Sequence[Sequence[float | None]]) -> pa.Table:
    lines = [
        orjson.dumps({"time": time, **dict(zip(names, row, strict=True))}, option=orjson.OPT_UTC_Z).decode()
        for time, row in zip(times, rows, strict=True)
    ]
    return pa.table({LINE: pa.array(lines, pa.string())})


def _table(
    times: Sequence[datetime], names: Sequence[str], rows: Sequence[Sequence[float | None]], form: ExportFormat
) -> pa.Table:
    texts = [time.isoformat().replace("+00:00", "Z") for time in times]
    first = pa.array(texts, pa.string()) if form == "csv" else pa.array(times, pa.timestamp("ms", "UTC"))
    numbers = [pa.array([row[place] for row in rows], pa.float64()) for place in range(len(names))]
    return pa.table([first, *numbers], ["time", *names])
