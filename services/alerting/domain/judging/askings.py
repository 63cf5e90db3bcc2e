"""What conditions over series ask for, and what they make of the answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from services.alerting.ports.alerts import Labels
from services.alerting.ports.judging import Floats, Levels
from services.alerting.ports.rules import AnomalyScore, BurnRate, BurnWindow, Change, Ratio, Rule, Threshold
from services.alerting.ports.sources import Matrix
from services.core.matching import NAME
from services.core.questions import Expression, Grouping, Selection

USUAL_WINDOW = 300.0
_POINTS = "points_of_group_"


@dataclass(frozen=True, slots=True)
class Course:
    """Values of groups (rows) at times (columns), NaN for no data; the level that holds where that is not compared."""

    groups: Sequence[Labels]
    values: Floats
    levels: Levels | None = None


@dataclass(frozen=True, slots=True)
class Plain:
    """The value of the last expression."""

    expressions: tuple[Expression, ...]
    named: bool

    @property
    def needed(self) -> Sequence[str]:
        """The expressions without which there is never a value."""
        return [each.name for each in self.expressions]

    def course(self, results: Sequence[Matrix]) -> Course:
        """Its series as groups; without their name where all have the same."""
        told = results[0]
        return Course(_nameless(told.labels) if self.named else told.labels, told.values)


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, in percent."""

    expressions: tuple[Expression, ...]
    minimum_whole: float
    needed: ClassVar[Sequence[str]] = ("whole",)

    def course(self, results: Sequence[Matrix]) -> Course:
        """The groups of the whole; a part that is not there is nothing."""
        part, whole = results[:2]
        groups = _nameless(whole.labels)
        parts = np.nan_to_num(_joined(part, groups, whole.values.shape[1]), nan=0.0)
        judged = (whole.values > 0) & (whole.values >= self.minimum_whole)
        return Course(groups, np.where(judged, 100.0 * parts / np.where(judged, whole.values, 1.0), np.nan))


@dataclass(frozen=True, slots=True)
class Difference:
    """How far a value is from what it was."""

    expressions: tuple[Expression, ...]
    percent: bool
    needed: ClassVar[Sequence[str]] = ("now",)

    def course(self, results: Sequence[Matrix]) -> Course:
        """The groups that have a value now."""
        now, before = results[:2]
        groups = _nameless(now.labels)
        former = _joined(before, groups, now.values.shape[1])
        changed = now.values - former
        if not self.percent:
            return Course(groups, changed)
        told = former != 0
        return Course(groups, np.where(told, 100.0 * changed / np.abs(np.where(told, former, 1.0)), np.nan))


@dataclass(frozen=True, slots=True)
class Burn:
    """How much faster than allowed a budget burns, over pairs of windows."""

    expressions: tuple[Expression, ...]
    allowed: float
    windows: tuple[BurnWindow, ...]
    lengths: tuple[float, ...]
    needed: ClassVar[Sequence[str]] = ("total_0",)

    def course(self, results: Sequence[Matrix]) -> Course:
        """The groups of the longest window; the value is that of the pair that holds, or comes nearest to it."""
        rates, groups = self._rates(results)
        lesser = np.stack(
            [np.minimum(rates[self.lengths.index(w.long)], rates[self.lengths.index(w.short)]) for w in self.windows]
        )
        with np.errstate(invalid="ignore"):
            nearness = lesser / np.array([window.factor for window in self.windows])[:, None, None]
            holds = nearness >= 1.0
        nearest = np.nan_to_num(nearness, nan=-1.0).argmax(axis=0)
        level = np.where(holds.any(axis=0), holds.argmax(axis=0), -1)
        shown = np.where(level >= 0, level, nearest)
        return Course(groups, np.take_along_axis(lesser, shown[None], axis=0)[0], level.astype(np.int8))

    def _rates(self, results: Sequence[Matrix]) -> tuple[list[Floats], Sequence[Labels]]:
        totals, bads = results[: len(self.lengths)], results[len(self.lengths) : 2 * len(self.lengths)]
        groups = _nameless(totals[-1].labels)
        rates = []
        for total, bad in zip(totals, bads, strict=True):
            steps = totals[-1].values.shape[1]
            whole = _joined(total, groups, steps)
            part = np.nan_to_num(_joined(bad, groups, steps), nan=0.0)
            judged = whole > 0
            rates.append(np.where(judged, part / np.where(judged, whole, 1.0) / self.allowed, np.nan))
        return rates, groups


@dataclass(frozen=True, slots=True)
class Enough:
    """What another asking makes of groups that have enough samples in each of their windows."""

    asking: "Asking"
    counted: tuple[Selection, ...]
    least: int

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """Those of the asking, and the counts."""
        counts = (Expression(f"{_POINTS}{place}", one) for place, one in enumerate(self.counted))
        return (*self.asking.expressions, *counts)

    @property
    def needed(self) -> Sequence[str]:
        """Those of the asking."""
        return self.asking.needed

    def course(self, results: Sequence[Matrix]) -> Course:
        """Without a value where there are too few."""
        course = self.asking.course(results)
        values = course.values
        for counts in results[-len(self.counted) :]:
            points = np.nan_to_num(_joined(counts, _nameless(course.groups), values.shape[1]), nan=0.0)
            values = np.where(points >= self.least, values, np.nan)
        return replace(course, values=values)


Asking = Plain | Share | Difference | Burn | Enough


def asking_of(rule: Rule) -> Asking | None:
    """What a rule asks for; None for conditions that are not about series."""
    asking = _asking(rule)
    if asking is None or rule.minimum_points <= 1:
        return asking
    selections = [each.source for each in asking.expressions if isinstance(each.source, Selection)]
    return Enough(asking, tuple(dict.fromkeys(map(_count, selections))), rule.minimum_points)


def _asking(rule: Rule) -> Asking | None:
    match rule.condition:
        case Threshold(expressions):
            last = expressions[-1].source
            named = not isinstance(last, Selection) or bool(last.metric)
            return Plain(tuple(_shown(each, hidden=each is not expressions[-1]) for each in expressions), named)
        case AnomalyScore(selection):
            return Plain((_expression("score", selection),), named=bool(selection.metric))
        case Ratio(part, whole, minimum):
            return Share((_expression("part", part), _expression("whole", whole)), minimum)
        case Change(selection, period, percent):
            before = replace(selection, offset=selection.offset + period)
            return Difference((_expression("now", selection), _expression("before", before)), percent)
        case BurnRate() as burn:
            return _burn(burn)
        case _:
            return None


def _burn(burn: BurnRate) -> Burn:
    lengths = tuple(sorted({length for window in burn.windows for length in (window.long, window.short)}))
    asked = [
        _expression(f"{name}_{place}", replace(selection, window=length))
        for name, selection in (("total", burn.total), ("bad", burn.bad))
        for place, length in enumerate(lengths)
    ]
    return Burn(tuple(asked), 1.0 - burn.objective, burn.windows, lengths)


def windowed(selection: Selection) -> Selection:
    """With the window that counts where none is told, so that a single moment and a range mean the same."""
    return replace(selection, window=USUAL_WINDOW) if selection.window is None else selection


def _shown(expression: Expression, *, hidden: bool) -> Expression:
    source = windowed(expression.source) if isinstance(expression.source, Selection) else expression.source
    return replace(expression, source=source, hidden=hidden)


def _expression(name: str, selection: Selection) -> Expression:
    return Expression(name, windowed(selection))


def _count(selection: Selection) -> Selection:
    grouping = selection.grouping
    together = Grouping("sum", by=grouping.by, without=grouping.without) if grouping else None
    return replace(selection, function="count", quantile=0.0, grouping=together)


def _nameless(labels: Sequence[Labels]) -> Sequence[Labels]:
    return [tuple(pair for pair in each if pair[0] != NAME) for each in labels]


def _joined(matrix: Matrix, groups: Sequence[Labels], steps: int) -> Floats:
    """The rows of a matrix that belong to groups; one without labels belongs to all."""
    told = _nameless(matrix.labels)
    if list(told) == list(groups):
        return matrix.values
    if len(told) == 1 and not told[0]:
        return np.broadcast_to(matrix.values, (len(groups), steps))
    places = {labels: place for place, labels in enumerate(told)}
    of = np.array([places.get(labels, len(told)) for labels in groups], np.intp)
    rows = matrix.values if len(told) else np.empty((0, steps))
    return np.vstack([rows, np.full((1, steps), np.nan)])[of]
