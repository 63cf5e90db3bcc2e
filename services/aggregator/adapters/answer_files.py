"""What questions about time series answer, as files."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from binnacle.query.v1 import query_pb2
from services.aggregator.adapters.file_forms import LINE, file_form
from services.aggregator.convert.time_series_answers import answer_of
from services.aggregator.domain.series.answering import Answers
from services.aggregator.domain.series.question import Question
from services.aggregator.ports.exports import Export, ExportFormat, Piece

COLUMNS = ("time", "expression", "labels", "value")
ENVELOPE = ("minimum", "maximum")


class AnswerFiles:
    """Opens exports of answers."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    async def open(self, tenant: str, question: Question, form: ExportFormat, end_line: bool) -> Export:
        """The whole answer, which is asked for at once. Raises what QueryTimeSeries raises."""
        answer = answer_of(await self._answers.answer(tenant, question), "")
        return AnswerFile(answer, form, end_line=end_line)


class AnswerFile:
    """One answer as a file: a row for each value there is."""

    def __init__(self, answer: query_pb2.TimeSeriesAnswer, form: ExportFormat, *, end_line: bool) -> None:
        series = [one for result in answer.results for one in result.series]
        self.columns: Sequence[str] = (*COLUMNS, *(ENVELOPE if any(one.minimums for one in series) else ()))
        self.estimated_rows = sum(int(np.count_nonzero(~np.isnan(one.values))) for one in series)
        self._answer = answer
        self._form = form
        self._file = file_form(form, end_line=end_line)

    async def pieces(self) -> AsyncIterator[Piece]:
        """See Export."""
        times = np.array(self._answer.times_unix_ms).astype("int64").astype("datetime64[ms]")
        rows = 0
        for table in self._tables(times):
            rows += table.num_rows
            if table.num_rows:
                yield Piece(await asyncio.to_thread(self._file.rows, table), table.num_rows)
        yield Piece(self._file.end(self._table(times[:0], "", {}, []).schema, rows), 0)

    def _tables(self, times: npt.NDArray[np.datetime64]) -> Iterator[pa.Table]:
        for result in self._answer.results:
            for one in result.series:
                values = [np.array(column) for column in (one.values, one.minimums, one.maximums) if len(column)]
                if values:
                    shown = ~np.isnan(values[0])
                    columns = [column[shown] for column in values]
                    yield self._table(times[shown], result.name, dict(sorted(one.labels.items())), columns)

    def _table(
        self,
        times: npt.NDArray[np.datetime64],
        expression: str,
        labels: dict[str, str],
        values: list[npt.NDArray[np.float64]],
    ) -> pa.Table:
        numbers = values + [np.full(len(times), np.nan)] * (len(self.columns) - 3 - len(values))
        texts = [f"{text}Z" for text in np.datetime_as_string(times)] if self._form not in ("parquet", "arrow") else []
        if self._form in ("json", "ndjson"):
            fixed = {"expression": expression, "labels": labels}
            lines = [
                orjson.dumps({"time": time, **fixed, **dict(zip(self.columns[3:], each, strict=True))}).decode()
                for time, *each in zip(texts, *(column.tolist() for column in numbers), strict=True)
            ]
            return pa.table({LINE: pa.array(lines, pa.string())})
        told = orjson.dumps(labels).decode()
        columns = {
            "time": pa.array(texts, pa.string()) if self._form == "csv" else pa.array(times, pa.timestamp("ms", "UTC")),
            "expression": pa.array([expression] * len(times), pa.string()),
            "labels": pa.array([told] * len(times), pa.string()),
        }
        for name, column in zip(self.columns[3:], numbers, strict=True):
            columns[name] = pa.array(column, pa.float64())
        return pa.table(columns)
