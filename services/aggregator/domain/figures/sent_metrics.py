"""Metrics as they were sent, as figures."""

import numpy as np

from services.aggregator.domain.figures.figures import Asked, Figure, Series
from services.aggregator.domain.series.answering import Answers, Result
from services.aggregator.domain.series.grid import stepped
from services.aggregator.domain.series.question import NAME_LABEL, Expression, Matching, Question, Ranking, Selection
from services.aggregator.ports.catalog import Catalog, MetricEntry, Search, SearchMode
from services.aggregator.ports.time_series import Fold

MOST_SERIES = 20
MOST_NAMED = 1_000
_COUNTER = 2


class SentMetrics:
    """Answers what any metric was."""

    def __init__(self, catalog: Catalog, answers: Answers) -> None:
        self._catalog = catalog
        self._answers = answers

    async def names(self, tenant: str) -> list[str]:
        """Some of the metrics there are."""
        return [entry.name for entry in await self._catalog.metrics(tenant, Search(), MOST_NAMED)]

    async def over_time(self, asked: Asked, name: str) -> Figure | None:
        """One metric: averages of each step, growth a second of a running total; None when nobody ever sent it."""
        metric = await self._known(asked.tenant, name)
        if metric is None:
            return None
        fold = Fold("rate" if _COUNTER in metric.kinds else "average")
        grid = stepped(asked.range.first * 1_000, asked.range.end * 1_000, asked.steps.seconds * 1_000)
        read = Selection((Matching(NAME_LABEL, "=", name),), fold)
        question = Question((Expression("a", read, Ranking(MOST_SERIES, lowest=False)),), grid)
        answer = await self._answers.answer(asked.tenant, question)
        seconds = [max(asked.range.first, int(time) // 1_000) for time in answer.times_ms]
        unit = metric.units[0] if len(metric.units) == 1 else ""
        return Figure(unit, [_series(seconds, answer.results[0], row) for row in range(_rows(answer.results[0]))])

    async def _known(self, tenant: str, name: str) -> MetricEntry | None:
        found = await self._catalog.metrics(tenant, Search(name, SearchMode.PREFIX), MOST_NAMED)
        return next((entry for entry in found if entry.name == name), None)


def _rows(result: Result) -> int:
    return len(result.matrix.labels)


def _series(seconds: list[int], result: Result, row: int) -> Series:
    values = result.matrix.values[row]
    known = np.flatnonzero(~np.isnan(values)).tolist()
    points = [(seconds[place], float(values[place])) for place in known]
    labels = {name: value for name, value in result.matrix.labels[row].items() if name != NAME_LABEL}
    return Series(float(values[known].mean()) if known else None, points, labels)
