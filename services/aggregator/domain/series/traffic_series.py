"""Traffic of services as if it were a metric: what was counted in each second, by service and endpoint.

Figures count requests and errors of events, metrics, histograms and spans alike (docs/conventions.md). Under the names
`__requests__` and `__errors__` a question has them as series, with the labels `service` and `endpoint`; under
`__latency__` how long they took, in milliseconds.
"""

import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

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
from services.aggregator.ports.traffic import Group, TrafficCounts, TrafficQuestion, TrafficStore
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
Answer = TypeVar("Answer")


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
        self._read: tuple[float, tuple[Any, ...], Any] | None = None

    async def matrix(self, tenant: str, plan: Plan, parts: Sequence[Grid]) -> Matrix:
        """The values of a selection at the steps of all parts."""
        parts = [part.earlier(plan.selection.offset_ms) for part in parts]
        from_ms = min(int(part.ends_ms[0]) for part in parts) - plan.window_ms
        to_ms = max(int(part.ends_ms[-1]) for part in parts)
        stretch = _stretch(plan, parts)
        first, end = from_ms // SECOND, -(-to_ms // SECOND)
        question = TrafficQuestion(first, end, _told_apart(plan), stretch)
        if _named(plan.selection) != TRAFFIC_LATENCY:
            counts = await self._once(self._store.counts, tenant, question)
            found, rank = self._found(plan, counts.names)
            return _counted(plan, found, rank[counts.places], counts, parts)
        rows = await self._once(self._store.traffic, tenant, question)
        names = sorted({(row.service, row.endpoint) for row in rows})
        places = {name: place for place, name in enumerate(names)}
        found, rank = self._found(plan, names)
        of = rank[np.array([places[row.service, row.endpoint] for row in rows], np.intp)]
        return await latency_matrix(plan, found, of, rows, parts)

    async def _once(
        self, read: Callable[[str, TrafficQuestion], Awaitable[Answer]], tenant: str, question: TrafficQuestion
    ) -> Answer:
        asked = read, tenant, question
        at = self._clock.monotonic()
        if self._read is None or self._read[1] != asked or at - self._read[0] >= SAME_SECONDS:
            self._read = at, asked, await read(tenant, question)
        answer: Answer = self._read[2]
        return answer

    def _found(self, plan: Plan, names: Sequence[tuple[str, str]]) -> tuple[Found, Places]:
        """The series that are meant, and the place among them of each service and endpoint; -1 for none."""
        known = TenantSeries(self._expressions)
        metric = _named(plan.selection)
        told = ((place, name) for place, name in enumerate(names) if name[0])
        known.add([Series(place, metric, _labels(*name)) for place, name in told])
        found = known.find(plan.selection.matchings)
        rank = np.full(len(names), -1, np.intp)
        rank[found.ids.astype(np.intp)] = np.arange(len(found.ids))
        return found, rank


def _named(selection: Selection) -> str:
    """The traffic that is meant; empty for none."""
    named = (each for each in selection.matchings if each.label == NAME_LABEL and each.comparison == "=")
    return next((each.value for each in named if each.value in _NAMES), "")


def _counted(plan: Plan, found: Found, of: Places, counts: TrafficCounts, parts: Sequence[Grid]) -> Matrix:
    values = counts.errors if _named(plan.selection) == TRAFFIC_ERRORS else counts.requests
    counted: Rows = ordered(of[of >= 0], counts.starts[of >= 0] * SECOND, values[of >= 0])
    told = joined([fold(counted, len(found.ids), part, plan.window_ms, plan.fold) for part in parts]) * plan.scale
    grouping = plan.selection.grouping
    if grouping is None:
        return Matrix(found.labels, told)
    together = found.grouped(grouping)
    return Matrix(together.labels, aggregate(told, together, grouping))


def _told_apart(plan: Plan) -> tuple[Group, ...]:
    """What rows are told apart by: sums of a service are those of its endpoints, where none of these is asked for."""
    grouping, matchings = plan.selection.grouping, plan.selection.matchings
    added = plan.fold.function == "sum" and grouping is not None and grouping.aggregation == "sum"
    named = grouping is None or grouping.without is not None or ENDPOINT_LABEL in grouping.by
    if added and not named and all(each.label != ENDPOINT_LABEL for each in matchings):
        return ("service",)
    return ("service", "endpoint")


def _labels(service: str, endpoint: str) -> dict[str, str]:
    return {SERVICE_LABEL: service, **({ENDPOINT_LABEL: endpoint} if endpoint else {})}


def _stretch(plan: Plan, parts: Sequence[Grid]) -> int:
    """The longest stretch, in seconds, that no window cuts in two."""
    if plan.fold.function != "sum" and _named(plan.selection) != TRAFFIC_LATENCY:
        return 1
    lengths = [plan.window_ms, *(length for part in parts for length in (int(part.ends_ms[0]), part.step_ms))]
    shared = math.gcd(*lengths)
    return shared // SECOND if shared % SECOND == 0 else 1
