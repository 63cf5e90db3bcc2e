"""Tells how a question would be answered."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.aggregator.domain.series.answering import Answers
from services.aggregator.domain.series.grid import Grid
from services.aggregator.domain.series.question import Question
from services.aggregator.domain.series.tier_choice import DISTRIBUTIONS, NAMES, SAMPLES, TRAFFIC, Plan

_MANY_SERIES = 5_000
_MANY_ROWS = 5_000_000


@dataclass(frozen=True, slots=True)
class Explanation:
    """How one selection would be answered; `rows` is an estimate."""

    name: str
    tier: int
    reason: str
    series: int
    rows: float
    stages: Sequence[str]
    warnings: Sequence[str]


async def explained(answers: Answers, tenant: str, question: Question) -> Sequence[Explanation]:
    """An explanation of each selection. Raises InvalidInput for what cannot be answered."""
    return [await _explained(answers, tenant, plan, question.grid) for plan in await answers.plans(tenant, question)]


async def _explained(answers: Answers, tenant: str, plan: Plan, grid: Grid) -> Explanation:
    reader = answers.reader
    seen = grid.earlier(plan.selection.offset_ms)
    from_ms, to_ms = int(seen.ends_ms[0]) - plan.window_ms, int(seen.ends_ms[-1])
    count = len(plan.found.ids)
    unfinished = 0
    if plan.tier > SAMPLES:
        unfinished = len(await reader.outdated(tenant, plan.tier, from_ms // 1_000, to_ms // 1_000))
        rows = float(count * ((to_ms - from_ms) // (plan.tier * 1_000)))
    else:
        rows = float(await reader.store.count(tenant, plan.found.ids, from_ms, to_ms)) if count else 0.0
    stages = _stages(plan, grid, unfinished)
    return Explanation(plan.name, plan.tier, plan.reason, count, rows, stages, _warnings(plan, rows))


def _stages(plan: Plan, grid: Grid, unfinished: int) -> list[str]:
    window = f"windows of {plan.window_ms / 1e3:g} s"
    folded = f"{plan.selection.fold.function} over {window}, at {grid.count:,} steps"
    if plan.tier == TRAFFIC:
        return ["read what was counted in each second, by service and endpoint", folded]
    stages = [f"find {len(plan.found.ids):,} series by their labels, in memory"]
    if plan.tier == DISTRIBUTIONS:
        stages.append("read histograms or summaries of these series, and take running ones apart")
    else:
        stages.append(f"read {NAMES[plan.tier]} of these series; what is newest comes from memory where it is held")
    if unfinished:
        stages.append(f"make {unfinished:,} {NAMES[plan.tier]} again that are not rolled up yet, of what is finer")
    stages.append(folded)
    if plan.selection.grouping is not None:
        groups = len(plan.found.grouped(plan.selection.grouping).labels)
        stages.append(f"{plan.selection.grouping.aggregation} of the series of each of {groups:,} groups")
    return stages


def _warnings(plan: Plan, rows: float) -> list[str]:
    warnings = []
    if not len(plan.found.ids) and plan.tier != TRAFFIC:
        warnings.append("no series matches")
    if len(plan.found.ids) > _MANY_SERIES:
        warnings.append("many series: say more about their labels, or group them")
    if rows > _MANY_ROWS:
        warnings.append("many rows: a step of whole minutes, or a shorter range, reads less")
    return warnings
