"""What rules are judged by, as a plain list: samples and events, each told at a time of its own."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import mean

import numpy as np

from services.alerting.domain.judging.event_matching import all_hold, text_of
from services.alerting.domain.label_matching import all_hold as labels_hold
from services.alerting.ports.alerts import Labels
from services.alerting.ports.judging import Floats
from services.alerting.ports.sources import (
    Event,
    EventCount,
    Matrix,
    Samples,
    Selector,
    SeriesAnswer,
    Sources,
)
from services.core.clock import Clock
from services.core.errors import BinnacleError
from services.core.event_conditions import EventCondition
from services.core.matching import NAME
from services.core.questions import Expression, Selection
from services.runtime.regular_expressions import matches

_FOLDS: Mapping[str, Callable[[list[float]], float]] = {
    "average": mean,
    "sum": sum,
    "maximum": max,
    "minimum": min,
    "count": lambda values: float(len(values)),
    "last": lambda values: values[-1],
}


def expressions(expression: str, text: str) -> bool:
    """Whether an expression matches a text."""
    return bool(matches(expression, [text])[0])


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample of a series, told at a time that is not before its own."""

    labels: Labels
    at: float
    value: float
    told_at: float


@dataclass
class ToldSources:
    """All three sources over lists. While `failure` is set nothing is answered."""

    clock: Clock
    samples: list[Sample] = field(default_factory=list)
    events: list[tuple[float, Event]] = field(default_factory=list)
    failure: BinnacleError | None = None
    asked: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def sources(self) -> Sources:
        """As drivers take them."""
        return Sources(_Series(self), _Samples(self), _Events(self))

    def wake(self) -> None:
        """Let feeds tell what is due now."""
        self._changed.set()

    def require_answering(self) -> None:
        """Raises the failure, if there is one."""
        self.asked += 1
        if self.failure is not None:
            raise self.failure

    async def waited(self) -> None:
        """Return when feeds are to tell something; raises the failure."""
        await self._changed.wait()
        self._changed.clear()
        self.require_answering()

    def known(self, selector: Selector) -> list[Sample]:
        """Samples that were told by now and match, by time."""
        now = self.clock.now()
        told = [one for one in self.samples if one.told_at <= now and holds(selector, one.labels)]
        return sorted(told, key=lambda one: (one.at, one.value))


def holds(selector: Selector, labels: Labels) -> bool:
    """Whether a series matches."""
    named = dict(labels)
    return (not selector.metric or named[NAME] == selector.metric) and labels_hold(
        selector.matchers, named, expressions
    )


class _Series:
    def __init__(self, told: ToldSources) -> None:
        self._told = told

    async def values(self, tenant: str, asked: Sequence[Expression], ends: Floats) -> SeriesAnswer:
        self._told.require_answering()
        unmatched = [
            one.name
            for one in asked
            if isinstance(one.source, Selection)
            and not self._told.known(Selector(one.source.metric, one.source.matchers))
        ]
        return SeriesAnswer([self._matrix(one, ends) for one in asked if not one.hidden], unmatched)

    def _matrix(self, expression: Expression, ends: Floats) -> Matrix:
        selection = expression.source
        assert isinstance(selection, Selection)
        assert selection.window is not None
        told = self._told.known(Selector(selection.metric, selection.matchers))
        rows: dict[Labels, list[float]] = {}
        for labels in sorted({one.labels for one in told}):
            own = [one for one in told if one.labels == labels]
            rows[labels] = [_folded(selection, own, end - selection.offset) for end in ends]
        if selection.grouping is not None:
            rows = _grouped(selection, rows)
        kept = {labels: values for labels, values in rows.items() if not np.isnan(values).all()}
        return Matrix(list(kept), np.array(list(kept.values())).reshape(len(kept), len(ends)))


def _folded(selection: Selection, samples: list[Sample], end: float) -> float:
    assert selection.window is not None
    values = [one.value for one in samples if end - selection.window <= one.at < end]
    return float(_FOLDS[selection.function](values)) if values else np.nan


def _grouped(selection: Selection, rows: Mapping[Labels, list[float]]) -> dict[Labels, list[float]]:
    assert selection.grouping is not None
    groups: dict[Labels, list[list[float]]] = {}
    for labels, values in rows.items():
        group = tuple(pair for pair in labels if pair[0] in selection.grouping.by)
        groups.setdefault(group, []).append(values)
    fold = np.nansum if selection.grouping.aggregation == "sum" else np.nanmean
    return {group: list(np.asarray(fold(np.array(values), axis=0))) for group, values in groups.items()}


class _Samples:
    def __init__(self, told: ToldSources) -> None:
        self._told = told
        self._ids: dict[Labels, int] = {}

    async def watch(self, tenant: str, selectors: Sequence[Selector]) -> AsyncGenerator[Samples, None]:
        self._told.require_answering()
        seen = self._told.clock.now()
        yield self._columns([])
        while True:
            await self._told.waited()
            now = self._told.clock.now()
            due = [one for one in self._told.samples if seen < one.told_at <= now]
            seen = now
            yield self._columns([one for one in due if any(holds(each, one.labels) for each in selectors)])

    async def read(
        self, tenant: str, selectors: Sequence[Selector], start: float, end: float, *, newest: bool = False
    ) -> Samples:
        self._told.require_answering()
        found = [one for selector in selectors for one in self._told.known(selector) if start <= one.at < end]
        if newest:
            found = list({one.labels: one for one in found}.values())
        return self._columns(found)

    def _columns(self, samples: Sequence[Sample]) -> Samples:
        for one in samples:
            self._ids.setdefault(one.labels, len(self._ids) + 1)
        ordered = sorted(samples, key=lambda one: (self._ids[one.labels], one.at, one.value))
        return Samples(
            {self._ids[one.labels]: one.labels for one in samples},
            np.array([self._ids[one.labels] for one in ordered], np.uint64),
            np.array([one.at for one in ordered]),
            np.array([one.value for one in ordered]),
        )


class _Events:
    def __init__(self, told: ToldSources) -> None:
        self._told = told

    async def watch(self, tenant: str) -> AsyncGenerator[Sequence[Event], None]:
        self._told.require_answering()
        seen = self._told.clock.now()
        yield []
        while True:
            await self._told.waited()
            now = self._told.clock.now()
            due = [event for told_at, event in self._told.events if seen < told_at <= now]
            seen = now
            yield due

    async def counts(
        self,
        tenant: str,
        conditions: Sequence[EventCondition],
        by: Sequence[str],
        start: float,
        end: float,
        stretch: float | None = None,
    ) -> Sequence[EventCount]:
        self._told.require_answering()
        counts: dict[tuple[float, tuple[str, ...]], float] = {}
        for told_at, event in self._told.events:
            if told_at > self._told.clock.now() or not start <= event.at < end:
                continue
            if all_hold(conditions, event, expressions):
                ms = 1 if stretch is None else round(stretch * 1e3)
                at = start if stretch is None else np.floor(event.at * 1e3 / ms) * ms / 1e3
                key = (float(at), tuple(text_of(event, field) for field in by))
                counts[key] = counts.get(key, 0.0) + 1
        return [EventCount(values, at, events) for (at, values), events in sorted(counts.items())]
