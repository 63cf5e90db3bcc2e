"""Tells why a rule fires for a group, or does not."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from services.alerting.domain.book import AlertBook
from services.alerting.domain.judging.askings import Course, asking_of
from services.alerting.domain.judging.composites import named_in
from services.alerting.domain.judging.event_matching import Expressions
from services.alerting.domain.judging.judging import Judgings
from services.alerting.domain.judging.measures import AgeMeasure, CountMeasure, Measure, SeriesMeasure
from services.alerting.domain.judging.replay import Replay
from services.alerting.domain.judging.trying import RulesOf, with_named
from services.alerting.domain.machine import FIRING
from services.alerting.ports.alerts import AlertState, Labels
from services.alerting.ports.explanations import Explanation
from services.alerting.ports.judging import Floats, GroupStanding
from services.alerting.ports.rules import (
    Absence,
    Comparison,
    Composite,
    EventMatch,
    EventRate,
    Level,
    Rule,
    StaleHeartbeat,
)
from services.alerting.ports.sources import Sources
from services.alerting.ports.trials import Health
from services.core.clock import Clock
from services.core.matching import NAME

HOUR = 3_600.0
MOST_POINTS = 360
MOST_GROUPS = 100
_SIDES = {
    Comparison.ABOVE: "above",
    Comparison.AT_LEAST: "at or above",
    Comparison.BELOW: "below",
    Comparison.AT_MOST: "at or below",
}


class Explanations:
    """See Explaining. Where another process judges, the last hour is judged again."""

    def __init__(
        self, judgings: Judgings, sources: Sources, rules_of: RulesOf, expressions: Expressions, clock: Clock
    ) -> None:
        self._judgings = judgings
        self._sources = sources
        self._rules_of = rules_of
        self._expressions = expressions
        self._clock = clock

    async def explain(self, tenant: str, rule: Rule, labels: Labels = ()) -> Sequence[Explanation]:
        status = self._judgings.status(tenant, rule)
        if status.health in (Health.FAILING, Health.HOPELESS, Health.PAUSED):
            return [Explanation((), AlertState.INACTIVE, _sentence(status.problem), status.judged_at)]
        standings = self._judgings.standings(tenant, rule)
        if standings is None:
            standings = await self._judged_again(tenant, rule)
        chosen = [each for each in standings if set(labels) <= set(each.labels)]
        if not chosen:
            return [Explanation((), AlertState.INACTIVE, "There has been no data for such a group.", status.judged_at)]
        chosen.sort(key=lambda each: (each.state not in FIRING, each.alert is None))
        newest = math.floor((self._clock.now() - rule.grace) / rule.interval) * rule.interval
        now = np.array([newest], np.float64)
        courses = [await self._course(tenant, rule, ticks) for ticks in (self._ticks(rule), now)]
        parts = await self._parts(tenant, rule, now)
        return [
            replace(_explained(rule, each), course=_of(courses, each.labels), parts=_parts_of(parts, each.labels))
            for each in chosen[:MOST_GROUPS]
        ]

    async def _judged_again(self, tenant: str, rule: Rule) -> Sequence[GroupStanding]:
        book, now = AlertBook(tenant), self._clock.now()
        book.set_rules(with_named(rule, self._rules_of(tenant)).values(), now - HOUR)
        await Replay(tenant, book, self._sources, self._expressions, now - HOUR).run(now - rule.grace)
        return book.standings(rule.id)

    def _ticks(self, rule: Rule) -> Floats:
        """Those of the last hour; of many some."""
        step = rule.interval * math.ceil(HOUR / rule.interval / MOST_POINTS)
        last = math.floor((self._clock.now() - rule.grace) / step)
        return np.arange(last - math.floor(HOUR / step) + 1, last + 1, dtype=np.float64) * step

    async def _course(self, tenant: str, rule: Rule, ticks: Floats) -> tuple[Floats, Course | None]:
        measure = self._measure(rule, float(ticks[1] - ticks[0]) if len(ticks) > 1 else rule.interval)
        return ticks, None if measure is None else (await measure.courses(tenant, ticks))[0]

    def _measure(self, rule: Rule, step: float) -> Measure | None:
        asking = asking_of(rule)
        if asking is not None:
            return SeriesMeasure(self._sources.series, asking.expressions, [asking])
        match rule.condition:
            case Absence() | StaleHeartbeat():
                return AgeMeasure(self._sources.samples, rule.condition)
            case EventRate():
                return CountMeasure(self._sources.events, rule.condition, 1)
            case EventMatch(conditions, by):
                return CountMeasure(self._sources.events, EventRate(conditions, by, step), 1)
        return None

    async def _parts(self, tenant: str, rule: Rule, tick: Floats) -> Sequence[tuple[str, Labels, float]]:
        """What values are made of: names, the groups that they belong to, values."""
        if isinstance(rule.condition, Composite):
            firing = self._judgings.firing(tenant, named_in(rule.condition.formula))
            return [(rule_id, (), float(count)) for rule_id, count in firing.items()]
        asking = asking_of(rule)
        if asking is None:
            return []
        expressions = [replace(each, hidden=False) for each in asking.expressions]
        answer = await self._sources.series.values(tenant, expressions, tick)
        return [
            (expression.name, tuple(pair for pair in labels if pair[0] != NAME), float(values[0]))
            for expression, matrix in zip(expressions, answer.results, strict=True)
            for labels, values in zip(matrix.labels, matrix.values, strict=True)
            if not np.isnan(values[0])
        ]


def _parts_of(parts: Sequence[tuple[str, Labels, float]], group: Labels) -> Sequence[tuple[str, float]]:
    own = tuple(pair for pair in group if pair[0] != NAME)
    return [(name, value) for name, labels, value in parts if labels in ((), own)]


def _of(courses: Sequence[tuple[Floats, Course | None]], group: Labels) -> Sequence[tuple[float, float]]:
    """The values of a group, oldest first; none where it had none."""
    found: dict[float, float] = {}
    for ticks, course in courses:
        if course is not None and group in course.groups:
            values = course.values[list(course.groups).index(group)]
            found |= zip(ticks.tolist(), values.tolist(), strict=True)
    return sorted(found.items())


def _explained(rule: Rule, standing: GroupStanding) -> Explanation:
    known = not math.isnan(standing.value)
    level = rule.levels[max(standing.level, 0)] if standing.level >= 0 else rule.levels[-1]
    return Explanation(
        labels=standing.labels,
        state=standing.state,
        text=_text(rule, standing, level),
        judged_at=standing.judged_at if math.isfinite(standing.judged_at) else None,
        value=standing.value if known else None,
        threshold=level.threshold,
    )


def _text(rule: Rule, standing: GroupStanding, level: Level) -> str:
    if standing.lacking_since is not None:
        last = "" if math.isnan(standing.value) else f" The last value was {standing.value:g}."
        return f"There has been no data since {_time(standing.lacking_since)}.{last}{_state(rule, standing)}"
    if math.isnan(standing.value):
        return "It was not judged yet."
    holds = standing.level >= 0
    if level.threshold is None:
        return f"The condition {'holds' if holds else 'does not hold'}: {standing.value:g}.{_state(rule, standing)}"
    side = _SIDES[Comparison(getattr(rule.condition, "comparison", Comparison.ABOVE))]
    bound = level.threshold
    if holds and level.recovery is not None and level.recovery != bound:
        side = f"{side} {bound:g}, or has not come back across {level.recovery:g} since:"
        return f"{standing.value:g} is {side} {level.severity.value}.{_state(rule, standing)}"
    told = "is" if holds else "is not"
    return f"{standing.value:g} {told} {side} {bound:g} ({level.severity.value}).{_state(rule, standing)}"


def _state(rule: Rule, standing: GroupStanding) -> str:
    alert = standing.alert
    if alert is None:
        return ""
    match alert.state:
        case AlertState.PENDING:
            return f" It is pending since {_time(alert.started_at)} and fires after {rule.hold:g} s."
        case AlertState.KEEP_FIRING:
            return f" It ended at {_time(alert.changed_at)} and goes on firing for {rule.keep_firing:g} s."
        case AlertState.FIRING:
            return f" It fires since {_time(alert.fired_at or alert.started_at)}."
    return f" It is in the state {alert.state.value} since {_time(alert.changed_at)}."


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ", timespec="seconds").replace("+00:00", " UTC")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
