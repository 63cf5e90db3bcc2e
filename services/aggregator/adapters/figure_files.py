"""Figures over time as a table in a file: a row for each step, a column for each series."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from services.aggregator.adapters.file_forms import LINE, file_form
from services.aggregator.domain.figures import Figure
from services.aggregator.ports.exports import ExportFormat

Times = npt.NDArray[np.datetime64]
Values = Mapping[str, Sequence[float | None]]


def figure_file(starts: Sequence[int], figures: Mapping[str, Figure], form: ExportFormat) -> bytes:
    """The whole file; `starts` of the steps in Unix seconds. What is absent is empty."""
    columns = {
        _column(name, series.labels): dict(series.points) for name, one in figures.items() for series in one.series
    }
    times = np.array(starts, "datetime64[s]").astype("datetime64[ms]")
    values = {name: [points.get(start) for start in starts] for name, points in columns.items()}
    table = _lines(times, values) if form in ("json", "ndjson") else _table(times, values, form)
    file = file_form(form, end_line=False)
    return file.rows(table) + file.end(table.schema, len(times))


def _column(name: str, labels: Mapping[str, str]) -> str:
    told = ",".join(f"{label}={value}" for label, value in sorted(labels.items()))
    return f"{name}{{{told}}}" if told else name


def _texts(times: Times) -> list[str]:
    return [f"{text}Z" for text in np.datetime_as_string(times, "s")]


def _lines(times: Times, values: Values) -> pa.Table:
    lines = [
        orjson.dumps({"time": time, **dict(zip(values, row, strict=True))}).decode()
        for time, *row in zip(_texts(times), *values.values(), strict=True)
    ]
    return pa.table({LINE: pa.array(lines, pa.string())})


def _table(times: Times, values: Values, form: ExportFormat) -> pa.Table:
    first = pa.array(_texts(times), pa.string()) if form == "csv" else pa.array(times, pa.timestamp("ms", "UTC"))
    return pa.table([first, *(pa.array(column, pa.float64()) for column in values.values())], ["time", *values])
