"""Tells why a rule fires for a group, or does not."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from services.alerting.domain.book import AlertBook
from services.alerting.domain.judging.askings import Course, asking_of
from services.alerting.domain.judging.composites import named_in
from services.alerting.domain.judging.event_matching import Expressions
from services.alerting.domain.judging.explanation_texts import text_of
from services.alerting.domain.judging.judging import Judgings
from services.alerting.domain.judging.measures import AgeMeasure, CountMeasure, Measure
from services.alerting.domain.judging.narrowing import SeriesOfGroups, ages_of_groups, common
from services.alerting.domain.judging.replay import Replay
from services.alerting.domain.judging.trying import RulesOf, with_named
from services.alerting.ports.alerts import AlertState, Labels
from services.alerting.ports.explanations import Explanation
from services.alerting.ports.judging import Floats, GroupStanding
from services.alerting.ports.rules import (
    Absence,
    Composite,
    EventMatch,
    EventRate,
    Rule,
    StaleHeartbeat,
)
from services.alerting.ports.sources import SeriesAnswer, Sources
from services.alerting.ports.trials import Health, RuleStatus, Statuses
from services.core.brief_answers import BriefAnswers
from services.core.clock import Clock
from services.core.matching import NAME
from services.core.questions import Expression

Seen = tuple[Floats, Course | None]
"""Ticks, and what came of a rule at them."""
Parts = Sequence[tuple[str, Labels, float]]
"""What values are made of: names, the groups that they belong to, values."""

HOUR = 3_600.0
MOST_POINTS = 360
MOST_GROUPS = 100
KEPT_SECONDS = 1.0
"""For how long who asks again is told the same, while the rule is as it was and its groups stand so."""


class Explanations:
    """See Explaining. Where another process judges, the last hour is judged again."""

    def __init__(
        self,
        judgings: Judgings,
        statuses: Statuses,
        sources: Sources,
        rules_of: RulesOf,
        expressions: Expressions,
        clock: Clock,
    ) -> None:
        self._judgings = judgings
        self._statuses = statuses
        self._sources = sources
        self._rules_of = rules_of
        self._expressions = expressions
        self._clock = clock
        self._kept = BriefAnswers(clock, KEPT_SECONDS)

    async def explain(self, tenant: str, rule: Rule, labels: Labels = ()) -> Sequence[Explanation]:
        standings = self._judgings.standings(tenant, rule, labels, MOST_GROUPS)
        states = None if standings is None else tuple((each.labels, each.state) for each in standings)
        return await self._kept.answer(
            (tenant, rule, labels, states), lambda: self._explained(tenant, rule, labels, standings)
        )

    async def _explained(
        self, tenant: str, rule: Rule, labels: Labels, standings: Sequence[GroupStanding] | None
    ) -> Sequence[Explanation]:
        [status] = await self._statuses.statuses(tenant, [rule])
        if status.health in (Health.FAILING, Health.HOPELESS, Health.PAUSED):
            return [Explanation((), AlertState.INACTIVE, _sentence(status.problem), status.judged_at)]
        chosen = await self._judged_again(tenant, rule, labels) if standings is None else standings
        if not chosen:
            return [Explanation((), AlertState.INACTIVE, _nothing(status, labels), status.judged_at)]
        seen, parts = await self._seen(tenant, rule, chosen, status.judged_at)
        return [
            replace(_explained(rule, each), course=_course_of(rule, seen, each), parts=_parts_of(parts, each.labels))
            for each in chosen
        ]

    async def _judged_again(self, tenant: str, rule: Rule, labels: Labels) -> Sequence[GroupStanding]:
        book, now = AlertBook(tenant), self._clock.now()
        book.set_rules(with_named(rule, self._rules_of(tenant)).values(), now - HOUR)
        await Replay(tenant, book, self._sources, self._expressions, now - HOUR).run(now - rule.grace)
        return book.standings(rule.id, labels, MOST_GROUPS)

    def _ticks(self, rule: Rule) -> Floats:
        """Those of the last hour; of many some."""
        step = rule.interval * math.ceil(HOUR / rule.interval / MOST_POINTS)
        last = math.floor((self._clock.now() - rule.grace) / step)
        return np.arange(last - math.floor(HOUR / step) + 1, last + 1, dtype=np.float64) * step

    async def _seen(
        self, tenant: str, rule: Rule, chosen: Sequence[GroupStanding], judged_at: float | None
    ) -> tuple[Seen, Parts]:
        """The values of groups in the last hour, and what those judged last are made of."""
        ticks, labels, asking = self._ticks(rule), common([each.labels for each in chosen]), asking_of(rule)
        if asking is None:
            measure = self._measure(rule, labels, float(ticks[1] - ticks[0]) if len(ticks) > 1 else rule.interval)
            course = None if measure is None else (await measure.courses(tenant, ticks))[0]
            return (ticks, course), self._composed(tenant, rule)
        source, expressions = SeriesOfGroups(self._sources.series, labels), asking.expressions
        if len(expressions) == 1:
            answer = await source.values(tenant, expressions, ticks)
            own = [(expressions[0].name, _nameless(each.labels), each.value) for each in chosen if _is_known(each)]
            return (ticks, asking.course(answer.results)), own
        visible = [replace(each, hidden=False) for each in expressions]
        newest = self._clock.now() - rule.grace if judged_at is None else judged_at
        tick = math.floor(newest / rule.interval) * rule.interval
        if len(places := np.flatnonzero(ticks == tick)):
            answer = await source.values(tenant, visible, ticks)
            shown = [matrix for one, matrix in zip(expressions, answer.results, strict=True) if not one.hidden]
            return (ticks, asking.course(shown)), _parts(expressions, answer, int(places[0]))
        past, last = await asyncio.gather(
            source.values(tenant, expressions, ticks), source.values(tenant, visible, np.array([tick]))
        )
        return (ticks, asking.course(past.results)), _parts(expressions, last, 0)

    def _measure(self, rule: Rule, labels: Labels, step: float) -> Measure | None:
        """What tells the values of the groups with these labels, where they are not made of series."""
        match rule.condition:
            case Absence() | StaleHeartbeat():
                return AgeMeasure(self._sources.samples, ages_of_groups(rule.condition, labels))
            case EventRate():
                return CountMeasure(self._sources.events, rule.condition, 1)
            case EventMatch(conditions, by):
                return CountMeasure(self._sources.events, EventRate(conditions, by, step), 1)
        return None

    def _composed(self, tenant: str, rule: Rule) -> Parts:
        """How many groups fire of each rule that a composite names."""
        if not isinstance(rule.condition, Composite):
            return []
        firing = self._judgings.firing(tenant, named_in(rule.condition.formula))
        return [(rule_id, (), float(count)) for rule_id, count in firing.items()]


def _parts(expressions: Sequence[Expression], answer: SeriesAnswer, place: int) -> Parts:
    """What each expression was at one of the times."""
    return [
        (expression.name, _nameless(labels), value)
        for expression, matrix in zip(expressions, answer.results, strict=True)
        for labels, value in zip(matrix.labels, matrix.values[:, place].tolist(), strict=True)
        if not math.isnan(value)
    ]


def _parts_of(parts: Parts, group: Labels) -> Sequence[tuple[str, float]]:
    return [(name, value) for name, labels, value in parts if labels in ((), _nameless(group))]


def _nameless(labels: Labels) -> Labels:
    return tuple(pair for pair in labels if pair[0] != NAME)


def _course_of(rule: Rule, seen: Seen, standing: GroupStanding) -> Sequence[tuple[float, float]]:
    """The values of a group, oldest first, up to the one judged last; none where it had none."""
    ticks, course = seen
    if course is None:
        return []
    groups = list(course.groups)
    values = course.values[groups.index(standing.labels)].tolist() if standing.labels in groups else []
    found = dict(zip(ticks.tolist(), values, strict=False))
    # The value of an event match is counted since it fired, and its course by stretches.
    if _is_known(standing) and not isinstance(rule.condition, EventMatch):
        found[standing.judged_at] = standing.value
    return sorted(found.items())


def _is_known(standing: GroupStanding) -> bool:
    """Whether there was a value when it was judged last."""
    judged = math.isfinite(standing.judged_at) and standing.lacking_since is None
    return judged and not math.isnan(standing.value)


def _explained(rule: Rule, standing: GroupStanding) -> Explanation:
    known = not math.isnan(standing.value)
    level = rule.levels[max(standing.level, 0)] if standing.level >= 0 else rule.levels[-1]
    return Explanation(
        labels=standing.labels,
        state=standing.state,
        text=text_of(rule, standing, level),
        judged_at=standing.judged_at if math.isfinite(standing.judged_at) else None,
        value=standing.value if known else None,
        threshold=level.threshold,
    )


def _nothing(status: RuleStatus, labels: Labels) -> str:
    if status.judged_at is None and not status.problem:
        return "It was not judged yet."
    return "There has been no data for such a group." if labels else "There has been no data for any group."


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
