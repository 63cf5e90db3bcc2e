"""Rules on schedule, put together so that what several of them need is asked for once."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from services.alerting.domain.judging.askings import Asking, Plain, asking_of
from services.alerting.domain.judging.families import Family, Values, family_of, instant_selection, plain_selection
from services.alerting.domain.judging.measures import AgeMeasure, CountMeasure, Measure, SeriesMeasure
from services.alerting.domain.judging.table import Indexes, Table
from services.alerting.domain.judging.turns import AT_ONCE, turns
from services.alerting.ports.alerts import Labels
from services.alerting.ports.judging import Book, Floats
from services.alerting.ports.rules import Absence, EventRate, Rule, StaleHeartbeat
from services.alerting.ports.sources import Sources
from services.core.questions import Expression

Cadence = tuple[float, float]
"""Interval and grace."""


class Judged(Protocol):
    """Rules that are judged together."""

    @property
    def rule_ids(self) -> Sequence[str]:
        """Their ids."""
        ...

    def problem_of(self, rule: Rule) -> str:
        """Why one of them can never fire as it stands; empty where it can."""
        ...


@dataclass(slots=True)
class Plan:
    """A measure, and the tables that its courses are judged by."""

    measure: Measure
    tables: Sequence[Table]
    cadence: Cadence
    rule_ids: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.rule_ids = [rule_id for table in self.tables for rule_id in table.rule_ids]

    async def judge(self, tenant: str, book: Book, at: float, ticks: Floats) -> None:
        """Ask, and judge at one tick. Raises what sources raise; nothing is judged then."""
        courses = await self.measure.courses(tenant, ticks)
        for course, table in zip(courses, self.tables, strict=True):
            indexes = await _taken_up(table, course.groups)
            for some in turns(len(indexes)):
                if some.start:
                    await asyncio.sleep(0)
                levels = None if course.levels is None else course.levels[some, 0]
                table.judge(indexes[some], course.values[some, 0], at, levels)
            for _part in table.judging_rest(indexes, at, self.measure.absent):
                await asyncio.sleep(0)
        book.answered(self.rule_ids, at)

    def problem_of(self, rule: Rule) -> str:
        """Why nothing can come of a rule as it stands; empty where something can."""
        return self.measure.problem


async def _taken_up(table: Table, groups: Sequence[Labels]) -> Indexes:
    """The index of each group; of many new ones some at a time."""
    if len(groups) > len(table.series) + AT_ONCE:
        for some in turns(len(groups)):
            table.indexes(groups[some])
            await asyncio.sleep(0)
    return table.indexes(groups)


def plans_of(rules: Mapping[str, Rule], book: Book, sources: Sources, started_at: float) -> list[Plan]:
    """Plans of all rules that are judged on schedule, but for composites."""
    shared: dict[tuple[Cadence, tuple[Expression, ...]], dict[Asking, list[str]]] = {}
    families: dict[Family, dict[Values, list[str]]] = {}
    found: list[Plan] = []
    for rule in rules.values():
        if instant_selection(rule) is not None:
            continue
        selection, asking = plain_selection(rule), asking_of(rule)
        if selection is not None and family_of(rule, selection)[0].names:
            family, values = family_of(rule, selection)
            families.setdefault(family, {}).setdefault(values, []).append(rule.id)
        elif asking is not None:
            askings = shared.setdefault(((rule.interval, rule.grace), asking.expressions), {})
            askings.setdefault(asking, []).append(rule.id)
        elif (measure := _measure(rule, sources, started_at)) is not None:
            found.append(Plan(measure, [Table(book, {(): [rule.id]})], (rule.interval, rule.grace)))
    for (cadence, expressions), by_asking in shared.items():
        tables = [Table(book, {(): ids}) for ids in by_asking.values()]
        found.append(Plan(SeriesMeasure(sources.series, expressions, list(by_asking)), tables, cadence))
    return found + [_of_family(family, by_values, book, sources) for family, by_values in families.items()]


def _of_family(family: Family, by_values: Mapping[Values, Sequence[str]], book: Book, sources: Sources) -> Plan:
    selection = family.narrowed(by_values)
    asking = Plain((Expression("value", selection),), named=bool(selection.metric))
    table = Table(book, by_values, family.names)
    measure = SeriesMeasure(sources.series, asking.expressions, [asking])
    return Plan(measure, [table], (family.interval, family.grace))


def _measure(rule: Rule, sources: Sources, started_at: float) -> Measure | None:
    match rule.condition:
        case Absence() | StaleHeartbeat():
            return AgeMeasure(sources.samples, rule.condition, started_at)
        case EventRate():
            return CountMeasure(sources.events, rule.condition, rule.minimum_points)
        case _:
            return None
