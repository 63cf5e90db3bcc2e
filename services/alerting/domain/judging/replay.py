"""Judges rules over the past: the same panels and measures, and the same book, as on intake and on schedule."""

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

from services.alerting.domain.judging.composites import CompositeTable, in_order
from services.alerting.domain.judging.event_matching import Expressions
from services.alerting.domain.judging.instants import EventPanel, SamplePanel, SampleRouter, event_panels, sample_panels
from services.alerting.domain.judging.plans import Judged, Plan, plans_of
from services.alerting.ports.judging import Book, Floats
from services.alerting.ports.rules import Composite, Rule
from services.alerting.ports.sources import EventCount, Samples, Sources
from services.core.errors import InvalidInput

PART_TICKS = 1_000
PART_SAMPLES_SECONDS = 3_600.0
MILLISECOND = 0.001


class _Track(Protocol):
    """Some rules over the past."""

    async def load(self, start: float, end: float) -> None:
        """Read what is needed for a part: `(start, end]`."""
        ...

    def advance(self, until: float) -> None:
        """Judge what is loaded up to a time within the part."""
        ...


class _Scheduled:
    """A plan at its ticks."""

    def __init__(self, tenant: str, book: Book, plan: Plan) -> None:
        self._tenant = tenant
        self._book = book
        self._plan = plan
        self._steps: list[tuple[float, Callable[[], None]]] = []

    async def load(self, start: float, end: float) -> None:
        interval = self._plan.cadence[0]
        first, last = math.floor(start / interval) + 1, math.floor(end / interval)
        ticks = np.arange(first, last + 1, dtype=np.float64) * interval
        self._steps = []
        await self._load(ticks)

    async def _load(self, ticks: Floats) -> None:
        if not len(ticks):
            return
        try:
            courses = await self._plan.measure.courses(self._tenant, ticks)
        except InvalidInput:
            if len(ticks) < 2:
                raise
            # Too much for one answer.
            await self._load(ticks[: len(ticks) // 2])
            await self._load(ticks[len(ticks) // 2 :])
            return
        pairs = zip(self._plan.tables, courses, strict=True)
        dealt = [(table, table.indexes(course.groups), course) for table, course in pairs]

        def judged(column: int, at: float) -> Callable[[], None]:
            def judge() -> None:
                for table, indexes, course in dealt:
                    levels = None if course.levels is None else course.levels[:, column]
                    table.judge(indexes, course.values[:, column], at, levels)
                    table.judge_rest(indexes, at, self._plan.measure.absent)

            return judge

        self._steps += [(float(at), judged(column, float(at))) for column, at in enumerate(ticks)]

    def advance(self, until: float) -> None:
        while self._steps and self._steps[0][0] <= until:
            self._steps.pop(0)[1]()


class _Instant:
    """Instant rules on samples."""

    def __init__(self, tenant: str, sources: Sources, panels: Sequence[SamplePanel], expressions: Expressions) -> None:
        self._tenant = tenant
        self._source = sources.samples
        self._panels = panels
        self._router = SampleRouter(panels, expressions)
        self._samples: Samples | None = None
        self._begun = False

    async def load(self, start: float, end: float) -> None:
        selectors = list(dict.fromkeys(panel.selector for panel in self._panels))
        back = 0.0 if self._begun else max(panel.window for panel in self._panels)
        self._begun = True
        first = start - back + (0.0 if back else MILLISECOND)
        self._samples = await self._source.read(self._tenant, selectors, max(first, 0.0), end + MILLISECOND)
        self._router.name(self._samples.series)

    def advance(self, until: float) -> None:
        assert self._samples is not None
        now = self._samples.times <= until
        self._router.feed(_chosen(self._samples, now))
        self._samples = _chosen(self._samples, ~now)
        for panel in self._panels:
            panel.panel.tick(until)


class _Eventful:
    """A rule on single events."""

    def __init__(self, tenant: str, sources: Sources, panel: EventPanel) -> None:
        self._tenant = tenant
        self._source = sources.events
        self._panel = panel
        self._counts: list[EventCount] = []

    async def load(self, start: float, end: float) -> None:
        asked = self._panel.condition
        until = end + MILLISECOND
        counts = await self._source.counts(
            self._tenant, asked.conditions, asked.by, start + MILLISECOND, until, MILLISECOND
        )
        self._counts = sorted(counts, key=lambda one: one.at)

    def advance(self, until: float) -> None:
        now = [one for one in self._counts if one.at <= until]
        self._counts = self._counts[len(now) :]
        self._panel.take_told(now)
        self._panel.panel.tick(until)


class Replay:
    """Some rules of a tenant over a range, told to a book that has them."""

    def __init__(self, tenant: str, book: Book, sources: Sources, expressions: Expressions, start: float) -> None:
        rules = book.rules
        self._at = start
        self.plans = plans_of(rules, book, sources, -math.inf)
        samples = self._samples = sample_panels(rules, book, start)
        self._tracks: list[_Track] = [_Scheduled(tenant, book, plan) for plan in self.plans]
        self._tracks += [_Instant(tenant, sources, samples, expressions)] if samples else []
        self._tracks += [_Eventful(tenant, sources, panel) for panel in event_panels(rules, book, start)]
        composites = in_order(rule for rule in rules.values() if isinstance(rule.condition, Composite))
        self._composites = [_composite(rule, book) for rule in composites]
        self._part = _part_seconds(rules, instant=bool(samples))

    async def run(self, end: float) -> None:
        """Judge until a time; others go on in between. Raises what sources raise."""
        while self._at < end:
            until = min(self._at + self._part, end)
            for track in self._tracks:
                await track.load(self._at, until)
            for time in self._times(self._at, until):
                for track in self._tracks:
                    track.advance(time)
                for composite in self._composites:
                    if round(time / composite.rule.interval) * composite.rule.interval == time:
                        composite.judge(time)
                await asyncio.sleep(0)
            self._at = until

    def notices(self, rule: Rule) -> list[str]:
        """What a person should know of a rule that was judged."""
        plans = [plan for plan in self.plans if rule.id in plan.rule_ids]
        judged: list[Judged] = [*plans, *self._samples, *self._composites]
        told = [one.problem_of(rule) for one in judged if rule.id in one.rule_ids]
        return [*filter(None, told), *(notice for plan in plans for notice in plan.measure.notices)]

    def _times(self, start: float, end: float) -> list[float]:
        """When composites are judged, and some times in between so that nobody is held up; the end."""
        steps = {end}
        for interval in {composite.rule.interval for composite in self._composites} or {(end - start) / 20}:
            first, last = math.floor(start / interval) + 1, math.floor(end / interval)
            steps.update(tick * interval for tick in range(first, last + 1))
        return sorted(steps)


def _composite(rule: Rule, book: Book) -> CompositeTable:
    assert isinstance(rule.condition, Composite)
    return CompositeTable(rule, rule.condition, book)


def _part_seconds(rules: Mapping[str, Rule], *, instant: bool) -> float:
    """How much of the past is read at once."""
    part = PART_TICKS * min(rule.interval for rule in rules.values())
    return min(part, PART_SAMPLES_SECONDS) if instant else part


def _chosen(samples: Samples, rows: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Samples:
    return Samples({}, samples.ids[rows], samples.times[rows], samples.values[rows])
