"""Traffic of services as if it were a metric: what was counted in each second, by service and endpoint.

Figures count requests and errors of events, metrics, histograms and spans alike (docs/conventions.md). Under the names
`__requests__` and `__errors__` a question has them as series, with the labels `service` and `endpoint`; under
`__latency__` how long they took, in milliseconds.
"""

import math
from collections.abc import Sequence

import numpy as np

from services.aggregator.domain.series.across import Matrix, aggregate
from services.aggregator.domain.series.folding import Places, Rows, fold, ordered
from services.aggregator.domain.series.grid import Grid, joined
from services.aggregator.domain.series.latency_series import FUNCTIONS, latency_matrix
from services.aggregator.domain.series.question import NAME_LABEL, Selection
from services.aggregator.domain.series.series_index import NO_SERIES, Expressions, Found, TenantSeries
from services.aggregator.domain.series.tier_choice import TRAFFIC, Plan, window_of
from services.aggregator.ports.records import Series
from services.aggregator.ports.time_series import Fold
from services.aggregator.ports.traffic import TrafficQuestion, TrafficRow, TrafficStore
from services.core.clock import Clock
from services.core.conventions import (
    ENDPOINT_LABEL,
    SERVICE_LABEL,
    TRAFFIC_ERRORS,
    TRAFFIC_LATENCY,
    TRAFFIC_REQUESTS,
)
from services.core.errors import InvalidInput

SECOND = 1_000
SAME_SECONDS = 0.2
_NAMES = (TRAFFIC_REQUESTS, TRAFFIC_ERRORS, TRAFFIC_LATENCY)
_SUMS = ("sum", "increase", "rate")


def traffic_plan(name: str, selection: Selection, grid: Grid) -> Plan | None:
    """How a selection of traffic is answered; None for one of samples. Raises InvalidInput for what latency has not."""
    metric = _named(selection)
    if not metric:
        return None
    if metric == TRAFFIC_LATENCY and selection.fold.function not in FUNCTIONS:
        raise InvalidInput.of("query.expressions", f"of {TRAFFIC_LATENCY} there is {', '.join(FUNCTIONS)}")
    added = metric != TRAFFIC_LATENCY and selection.fold.function in _SUMS
    reason = "traffic is counted second by second"
    made = Fold("sum") if added else selection.fold
    return Plan(name, selection, NO_SERIES, TRAFFIC, window_of(selection, grid), made, reason)


class TrafficSeries:
    """Answers selections of traffic. Questions mostly need requests and errors: both are read at once."""

    def __init__(self, store: TrafficStore, clock: Clock, expressions: Expressions) -> None:
        self._store = store
        self._clock = clock
        self._expressions = expressions
        self._read: tuple[float, str, TrafficQuestion, Sequence[TrafficRow]] | None = None

    async def matrix(self, tenant: str, plan: Plan, parts: Sequence[Grid]) -> Matrix:
        """The values of a selection at the steps of all parts."""
        parts = [part.earlier(plan.selection.offset_ms) for part in parts]
        from_ms = min(int(part.ends_ms[0]) for part in parts) - plan.window_ms
        to_ms = max(int(part.ends_ms[-1]) for part in parts)
        stretch = _stretch(plan, parts)
        first, end = from_ms // SECOND, -(-to_ms // SECOND)
        question = TrafficQuestion(first, end, ("service", "endpoint"), stretch)
        rows = await self._rows(tenant, question)
        found, of = self._found(plan, rows)
        if _named(plan.selection) == TRAFFIC_LATENCY:
            return await latency_matrix(plan, found, of, rows, parts)
        return _counted(plan, found, of, rows, parts)

    async def _rows(self, tenant: str, question: TrafficQuestion) -> Sequence[TrafficRow]:
        if self._read is not None:
            at, *asked, rows = self._read
            if asked == [tenant, question] and self._clock.monotonic() - at < SAME_SECONDS:
                return rows
        at = self._clock.monotonic()
        rows = [row for row in await self._store.traffic(tenant, question) if row.service]
        self._read = (at, tenant, question, rows)
        return rows

    def _found(self, plan: Plan, rows: Sequence[TrafficRow]) -> tuple[Found, Places]:
        """The series that are meant, and which of them each row is of; -1 for none."""
        names = sorted({(row.service, row.endpoint) for row in rows})
        places = {name: place for place, name in enumerate(names)}
        known = TenantSeries(self._expressions)
        metric = _named(plan.selection)
        known.add([Series(place, metric, _labels(*name)) for name, place in places.items()])
        found = known.find(plan.selection.matchings)
        rank = np.full(len(names), -1, np.intp)
        rank[found.ids.astype(np.intp)] = np.arange(len(found.ids))
        return found, rank[np.array([places[row.service, row.endpoint] for row in rows], np.intp)]


def _named(selection: Selection) -> str:
    """The traffic that is meant; empty for none."""
    named = (each for each in selection.matchings if each.label == NAME_LABEL and each.comparison == "=")
    return next((each.value for each in named if each.value in _NAMES), "")


def _counted(plan: Plan, found: Found, of: Places, rows: Sequence[TrafficRow], parts: Sequence[Grid]) -> Matrix:
    errors = _named(plan.selection) == TRAFFIC_ERRORS
    times = np.array([row.start for row in rows], np.int64) * SECOND
    values = np.array([row.errors if errors else row.requests for row in rows], np.float64)
    counted: Rows = ordered(of[of >= 0], times[of >= 0], values[of >= 0])
    told = joined([fold(counted, len(found.ids), part, plan.window_ms, plan.fold) for part in parts]) * plan.scale
    grouping = plan.selection.grouping
    if grouping is None:
        return Matrix(found.labels, told)
    together = found.grouped(grouping)
    return Matrix(together.labels, aggregate(told, together, grouping))


def _labels(service: str, endpoint: str) -> dict[str, str]:
    return {SERVICE_LABEL: service, **({ENDPOINT_LABEL: endpoint} if endpoint else {})}


def _stretch(plan: Plan, parts: Sequence[Grid]) -> int:
    """The longest stretch, in seconds, that no window cuts in two."""
    if plan.fold.function != "sum" and _named(plan.selection) != TRAFFIC_LATENCY:
        return 1
    lengths = [plan.window_ms, *(length for part in parts for length in (int(part.ends_ms[0]), part.step_ms))]
    shared = math.gcd(*lengths)
    return shared // SECOND if shared % SECOND == 0 else 1
