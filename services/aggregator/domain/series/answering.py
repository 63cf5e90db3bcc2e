"""Answers questions: all of them, or what has changed since an answer before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from services.aggregator.domain.series import across
from services.aggregator.domain.series.across import Matrix
from services.aggregator.domain.series.distributions import distribution_matrix
from services.aggregator.domain.series.grid import Grid, runs
from services.aggregator.domain.series.question import Calculation, Expression, Question
from services.aggregator.domain.series.tier_choice import (
    DISTRIBUTION_SECONDS,
    DISTRIBUTIONS,
    LOOK_BACK_MS,
    NAMES,
    SAMPLES,
    TRAFFIC,
    Plan,
    planned,
)
from services.aggregator.domain.series.time_series import MAX_RUNS, TimeSeriesReader
from services.aggregator.domain.series.traffic_series import TrafficSeries, traffic_plan
from services.aggregator.ports.records import Floats, Longs
from services.aggregator.ports.time_series import Fold, Function
from services.core.errors import InvalidInput

MAX_TOLD = 1_000_000
_ENVELOPED = ("average", "minimum", "maximum", "last")
_SMALLEST: tuple[Function, ...] = ("minimum", "maximum")


@dataclass(frozen=True, slots=True)
class Held:
    """What a client has: steps of a grid as of a position, in the life of a process."""

    life: str
    position: int
    first_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Result:
    """The series of an expression; `envelope` is their least and greatest."""

    name: str
    matrix: Matrix
    envelope: tuple[Floats, Floats] | None
    tier: int | None
    complete_until_ms: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Values at `times_ms`; not `full` when only what changed is told. `held` is what the client has then."""

    grid: Grid
    times_ms: Longs
    results: Sequence[Result]
    full: bool
    held: Held | None
    notices: Sequence[str]


class Answers:
    """Answers of one reader of series; of traffic too, where that is given."""

    def __init__(self, reader: TimeSeriesReader, traffic: TrafficSeries | None = None) -> None:
        self.reader = reader
        self._traffic = traffic

    async def plans(self, tenant: str, question: Question) -> Sequence[Plan]:
        """How each selection is answered. Raises InvalidInput for what cannot be."""
        series = await self.reader.series(tenant)
        plans = []
        for name, selection in question.selections:
            if question.envelope and selection.fold.function not in _ENVELOPED:
                raise InvalidInput.of("query.envelope", f"goes with {', '.join(_ENVELOPED)} only")
            of_traffic = traffic_plan(name, selection, question.grid) if self._traffic else None
            found = series.find(selection.matchings)
            plans.append(of_traffic or planned(name, selection, found, question.grid))
        return plans

    async def answer(self, tenant: str, question: Question, held: Held | None = None) -> Answer:
        """The answer, or what of it a client does not have. Raises InvalidInput when it is too large."""
        changes = self.reader.changes
        position = changes.position(tenant)
        plans = await self.plans(tenant, question)
        grid = question.grid
        # What changes in traffic is not followed.
        refreshable = question.refreshable and not any(plan.tier == TRAFFIC for plan in plans)
        told = self._told(tenant, plans, grid, held) if refreshable and held else None
        full = told is None
        chosen = np.ones(grid.count, bool) if told is None else told
        stretches = runs(chosen, MAX_RUNS)
        chosen = _covered(stretches, grid.count)
        results = await self._results(tenant, question, plans, [grid.part(*each) for each in stretches])
        times = grid.times_ms[chosen]
        if full and not grid.instant:
            times, results = _without_gaps(question, times, results)
        now = Held(changes.life, position, grid.first_ms, grid.end_ms)
        lasting = refreshable and changes.alone
        return Answer(grid, times, results, full, now if lasting else None, self._notices(tenant, plans, grid))

    def _told(self, tenant: str, plans: Sequence[Plan], grid: Grid, held: Held) -> npt.NDArray[np.bool_] | None:
        """Which steps a client does not have as they are; None when that cannot be told."""
        changes = self.reader.changes
        if not changes.alone or held.life != changes.life:
            return None
        changed = changes.since(tenant, held.position)
        if changed is None:
            return None
        ends = grid.ends_ms
        told: npt.NDArray[np.bool_] = (grid.times_ms < held.first_ms) | (ends > held.end_ms)
        for plan in plans:
            shifted = changed * 1_000 + plan.selection.offset_ms - grid.first_ms
            # What a histogram adds is told by the one before it.
            reach = plan.window_ms + (LOOK_BACK_MS if plan.tier == DISTRIBUTIONS else 0)
            low = np.clip(shifted[:, 0] // grid.step_ms, 0, grid.count)
            high = np.clip(-(-(shifted[:, 1] + reach) // grid.step_ms) - 1, low, grid.count)
            depth = np.zeros(grid.count + 1, np.int64)
            np.add.at(depth, low, 1)
            np.add.at(depth, high, -1)
            told |= np.cumsum(depth)[:-1] > 0
        return told

    async def _results(
        self, tenant: str, question: Question, plans: Sequence[Plan], parts: Sequence[Grid]
    ) -> list[Result]:
        by_name = {plan.name: plan for plan in plans}
        steps = sum(part.count for part in parts)
        known: dict[str, Matrix] = {}
        complete: dict[str, int] = {}
        results = []
        for expression in question.expressions:
            plan = by_name.get(expression.name)
            matrix = await self._matrix(tenant, expression, plan, parts, known)
            envelope = await self._envelope(tenant, plan, parts) if question.envelope and plan else None
            if expression.ranking is not None:
                matrix = across.ranked(matrix, expression.ranking)
            if matrix.values.size > MAX_TOLD:
                told = f"{len(matrix.labels):,} series of {steps:,} steps"
                raise InvalidInput.of("query.step", f"{told} are more than {MAX_TOLD:,} values: group, or rank")
            matrix = Matrix(matrix.labels, across.filled(matrix.values, expression.fill))
            known[expression.name] = matrix
            until = await self._complete_until(tenant, plan, question.grid)
            complete[expression.name] = min([until, *(complete[side] for side in expression.uses)])
            if not expression.hidden:
                results.append(_told_result(expression, matrix, envelope, plan, complete[expression.name]))
        return results

    async def _matrix(
        self, tenant: str, expression: Expression, plan: Plan | None, parts: Sequence[Grid], known: Mapping[str, Matrix]
    ) -> Matrix:
        steps = sum(part.count for part in parts)
        if isinstance(expression.source, Calculation):
            source = expression.source
            left, right = ((known[side] if isinstance(side, str) else side) for side in (source.left, source.right))
            return across.calculated(left, source.operator, right, steps)
        assert plan is not None
        if not steps:
            return Matrix([], np.empty((0, 0)))
        if plan.tier == DISTRIBUTIONS:
            return await distribution_matrix(self.reader.store, tenant, plan, parts)
        if plan.tier == TRAFFIC and self._traffic is not None:
            return await self._traffic.matrix(tenant, plan, parts)
        return await self.reader.matrix(tenant, plan, parts)

    async def _envelope(self, tenant: str, plan: Plan, parts: Sequence[Grid]) -> tuple[Floats, Floats] | None:
        if plan.tier < SAMPLES or not parts:
            return None
        both = []
        for function in _SMALLEST:
            fold = Fold(function)
            other = replace(plan, selection=replace(plan.selection, fold=fold), fold=fold)
            both.append((await self.reader.matrix(tenant, other, parts)).values)
        return both[0], both[1]

    async def _complete_until(self, tenant: str, plan: Plan | None, grid: Grid) -> int:
        if plan is None or plan.tier <= SAMPLES:
            return min(grid.end_ms, int(self.reader.clock.now() * 1e3))
        seen = grid.earlier(plan.selection.offset_ms)
        outdated = await self.reader.outdated(tenant, plan.tier, seen.first_ms // 1_000, seen.end_ms // 1_000)
        return int(outdated[0]) * 1_000 + plan.selection.offset_ms if len(outdated) else grid.end_ms

    def _notices(self, tenant: str, plans: Sequence[Plan], grid: Grid) -> list[str]:
        notices = []
        for plan in plans:
            if plan.tier == TRAFFIC:
                continue
            if not len(plan.found.ids):
                notices.append(f"{plan.name}: no series matches")
            kept = DISTRIBUTION_SECONDS if plan.tier == DISTRIBUTIONS else self.reader.kept(tenant, plan.tier)
            oldest = self.reader.clock.now() - kept
            if (int(grid.ends_ms[0]) - plan.window_ms - plan.selection.offset_ms) / 1e3 < oldest - 1.0:
                notices.append(f"{plan.name}: {NAMES[plan.tier]} are kept for {kept / 86_400:g} days; {plan.reason}")
        return notices


def _covered(stretches: Sequence[tuple[int, int]], count: int) -> npt.NDArray[np.bool_]:
    covered = np.zeros(count, bool)
    for first, end in stretches:
        covered[first:end] = True
    return covered


def _told_result(
    expression: Expression, matrix: Matrix, envelope: tuple[Floats, Floats] | None, plan: Plan | None, until: int
) -> Result:
    some = ~np.isnan(matrix.values).all(axis=1) if matrix.values.size else np.zeros(len(matrix.labels), bool)
    if not some.all() and expression.ranking is None:
        kept = np.flatnonzero(some)
        matrix = Matrix([matrix.labels[place] for place in kept.tolist()], matrix.values[kept])
        envelope = (envelope[0][kept], envelope[1][kept]) if envelope else None
    return Result(expression.name, matrix, envelope, plan.tier if plan else None, until)


def _without_gaps(question: Question, times: Longs, results: list[Result]) -> tuple[Longs, list[Result]]:
    """Without the steps at which nothing has a value, where every fill rule allows that."""
    if any(each.fill != "none" and not each.hidden for each in question.expressions):
        return times, results
    some = np.zeros(len(times), bool)
    for result in results:
        some |= ~np.isnan(result.matrix.values).all(axis=0)
    if some.all():
        return times, results
    thinned = [
        replace(
            each,
            matrix=Matrix(each.matrix.labels, each.matrix.values[:, some]),
            envelope=(each.envelope[0][:, some], each.envelope[1][:, some]) if each.envelope else None,
        )
        for each in results
    ]
    return times[some], thinned
