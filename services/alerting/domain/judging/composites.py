"""Whether other rules hold together."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from services.alerting.domain.judging.table import Table
from services.alerting.ports.alerts import Labels
from services.alerting.ports.judging import Book
from services.alerting.ports.rules import AllOf, AnyOf, Composite, Formula, Not, OfRule, Rule

Groups = frozenset[Labels]
Firing = Counter[Labels]
"""How many alerts of each group fire."""


def named_in(formula: Formula) -> list[str]:
    """The rules that a formula names, each once."""
    match formula:
        case OfRule(rule_id):
            return [rule_id]
        case Not(inner):
            return named_in(inner)
        case AllOf(formulas) | AnyOf(formulas):
            return list(dict.fromkeys(rule_id for one in formulas for rule_id in named_in(one)))


def in_order(composites: Iterable[Rule]) -> list[Rule]:
    """Composites after those that they name. One that names itself, whichever way round, comes where it comes."""
    waiting = {rule.id: rule for rule in composites}
    ordered: dict[str, Rule] = {}

    def place(rule: Rule) -> None:
        waiting.pop(rule.id, None)
        assert isinstance(rule.condition, Composite)
        for rule_id in named_in(rule.condition.formula):
            if rule_id in waiting:
                place(waiting[rule_id])
        ordered[rule.id] = rule

    while waiting:
        place(next(iter(waiting.values())))
    return list(ordered.values())


class CompositeTable:
    """One composite and the rules that it names."""

    def __init__(self, rule: Rule, condition: Composite, book: Book) -> None:
        self.rule = rule
        self.rule_ids = [rule.id]
        self._condition = condition
        self._book = book
        self._named = named_in(condition.formula)
        self._table = Table(book, {(): [rule.id]})

    def problem_of(self, rule: Rule) -> str:
        """Which rules it names that there are not; empty if none."""
        unknown = [rule_id for rule_id in self._named if rule_id not in self._book.rules]
        return f"names rules that there are not, or that are switched off: {', '.join(unknown)}" if unknown else ""

    def judge(self, at: float) -> None:
        """Judge each group by the rules as they stand."""
        firing = {
            rule_id: Counter(_part(dict(alert.labels), self._condition.by) for alert in alerts)
            for rule_id, alerts in self._book.firing(self._named).items()
        }
        groups = self._groups(firing)
        holds = _holding(self._condition.formula, firing, frozenset(groups))
        numbers = [float(sum(alerts[group] for alerts in firing.values())) for group in groups]
        levels = np.array([0 if group in holds else -1 for group in groups], np.int8)
        indexes = self._table.indexes(groups)
        self._table.judge(indexes, np.array(numbers), at, levels)
        # None of their rules knows them any more: none of them holds.
        self._table.judge_rest(indexes, at, 0.0)
        self._book.answered([self.rule.id], at)

    def _groups(self, firing: Mapping[str, Firing]) -> list[Labels]:
        by = self._condition.by
        if not by:
            return [()]
        rules = [self._book.rules[rule_id] for rule_id in self._named if rule_id in self._book.rules]
        known = {_part(dict(group) | dict(rule.labels), by) for rule in rules for group in self._book.groups(rule.id)}
        return sorted(known.union(*firing.values()))


def _part(labels: Mapping[str, str], by: Sequence[str]) -> Labels:
    return tuple((name, labels[name]) for name in sorted(by) if labels.get(name))


def _holding(formula: Formula, firing: Mapping[str, Firing], groups: Groups) -> Groups:
    match formula:
        case OfRule(rule_id):
            return groups.intersection(firing.get(rule_id, ()))
        case Not(inner):
            return groups - _holding(inner, firing, groups)
        case AllOf(formulas):
            return groups.intersection(*(_holding(one, firing, groups) for one in formulas))
        case AnyOf(formulas):
            return frozenset().union(*(_holding(one, firing, groups) for one in formulas))
