"""Questions about some groups alone, where what they ask for tells these apart."""

from collections.abc import Sequence
from dataclasses import replace

from services.alerting.ports.alerts import Labels
from services.alerting.ports.judging import Floats
from services.alerting.ports.rules import Absence, StaleHeartbeat
from services.alerting.ports.sources import SeriesAnswer, SeriesSource
from services.core.conventions import SERVICE_LABEL
from services.core.matching import MAX_MATCHERS, NAME, Matcher, Operator
from services.core.questions import Expression, Selection


class SeriesOfGroups:
    """A SeriesSource of what groups with these labels are made of, and maybe more."""

    def __init__(self, source: SeriesSource, labels: Labels) -> None:
        self._source = source
        self._labels = labels

    async def values(self, tenant: str, expressions: Sequence[Expression], ends: Floats) -> SeriesAnswer:
        narrowed = _narrowed(expressions, self._labels)
        if narrowed != expressions:
            answer = await self._source.values(tenant, narrowed, ends)
            # A series without these labels may belong to every group.
            if all(len(matrix.labels) for matrix in answer.results):
                return answer
        return await self._source.values(tenant, expressions, ends)


def ages_of_groups(condition: Absence | StaleHeartbeat, labels: Labels) -> Absence | StaleHeartbeat:
    """A condition on ages as far as it is about groups with these labels."""
    told = dict(labels)
    if isinstance(condition, StaleHeartbeat):
        return replace(condition, services=(told[SERVICE_LABEL],)) if SERVICE_LABEL in told else condition
    pins = [Matcher(name, Operator.EQUAL, told[name]) for name in condition.by if name in told]
    return replace(condition, matchers=_together(condition.matchers, pins))


def common(groups: Sequence[Labels]) -> Labels:
    """The labels that all groups have."""
    first, *others = (set(labels) for labels in groups)
    return tuple(sorted(first.intersection(*others)))


def _narrowed(expressions: Sequence[Expression], labels: Labels) -> Sequence[Expression]:
    """With selections of series that have these labels, which groups of them keep. Ranks are among all."""
    if any(each.ranking for each in expressions):
        return expressions
    return [
        replace(each, source=_pinned(each.source, labels)) if isinstance(each.source, Selection) else each
        for each in expressions
    ]


def _pinned(selection: Selection, labels: Labels) -> Selection:
    pins = [Matcher(name, Operator.EQUAL, value) for name, value in labels if _keeps(selection, name)]
    return replace(selection, matchers=_together(selection.matchers, pins))


def _keeps(selection: Selection, name: str) -> bool:
    """Whether series have a label still once they are put together."""
    grouping = selection.grouping
    if name in ("", NAME) or (grouping and name in grouping.without):
        return False
    return grouping is None or bool(grouping.without) or name in grouping.by


def _together(matchers: tuple[Matcher, ...], pins: Sequence[Matcher]) -> tuple[Matcher, ...]:
    """All of them, unless they are too many."""
    both = (*matchers, *pins)
    return both if len(both) <= MAX_MATCHERS else matchers
