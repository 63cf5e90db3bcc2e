"""What rules that are judged on schedule are judged by: values of groups at ticks, now or in the past.

A tick is a multiple of the interval of its rules since the Unix epoch; windows end with it, itself not within.
"""

import asyncio
import math
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from services.alerting.domain.judging.askings import Asking, Course
from services.alerting.ports.alerts import Labels
from services.alerting.ports.judging import Floats
from services.alerting.ports.rules import Absence, EventRate, StaleHeartbeat
from services.alerting.ports.sources import EventSource, SampleSource, Selector, SeriesSource
from services.core.conventions import HEARTBEATS, SERVICE_LABEL
from services.core.event_conditions import EventCondition
from services.core.matching import Matcher, Operator
from services.core.questions import Expression, Selection

DAY = 86_400.0
MILLISECOND = 0.001
LATE_SECONDS = 60.0
UNMATCHED = "no series matches {}: check the name of the metric and the labels, or wait until it is sent"


class Measure(Protocol):
    """Something that may be asked for at ticks."""

    async def courses(self, tenant: str, ticks: Floats) -> Sequence[Course]:
        """What each of its askings comes to at ticks, one alone or neighbours. Raises what sources raise."""
        ...

    @property
    def absent(self) -> float:
        """What groups that were seen are judged by where they are not told: NaN for no data."""
        ...

    @property
    def notices(self) -> Sequence[str]:
        """What else a person should know of what was asked last."""
        ...

    @property
    def problem(self) -> str:
        """Why nothing can come of it as far as it was asked; empty where something can."""
        ...


class SeriesMeasure:
    """Askings that need the same expressions."""

    absent = np.nan

    def __init__(self, source: SeriesSource, expressions: Sequence[Expression], askings: Sequence[Asking]) -> None:
        self._source = source
        self._expressions = expressions
        self._askings = askings
        self.problem = ""
        self.notices: Sequence[str] = ()

    async def courses(self, tenant: str, ticks: Floats) -> Sequence[Course]:
        answer = await self._source.values(tenant, self._expressions, ticks)
        self.notices = answer.notices
        needed = set.intersection(*(set(asking.needed) for asking in self._askings)) & set(answer.unmatched)
        named = dict.fromkeys(each.source for each in self._expressions if each.name in needed)
        told = ", ".join(described(each) for each in named if isinstance(each, Selection))
        self.problem = UNMATCHED.format(told) if told else ""
        return [asking.course(answer.results) for asking in self._askings]


class AgeMeasure:
    """How old the newest sample of each group is; for absence of series and of heartbeats."""

    absent = np.nan
    notices: Sequence[str] = ()
    problem = ""

    def __init__(self, source: SampleSource, condition: Absence | StaleHeartbeat, started_at: float = -np.inf) -> None:
        self._source = source
        self._condition = condition
        self._started_at = started_at
        self._newest: dict[Labels, float] = {}
        self._read_until = -np.inf
        if isinstance(condition, Absence):
            self._selector = Selector(condition.metric, condition.matchers)
            self._by, self._look_back = condition.by, condition.after + DAY
        else:
            self._selector = Selector(HEARTBEATS, _of_services(condition.services))
            self._by, self._look_back = (SERVICE_LABEL,), DAY

    async def courses(self, tenant: str, ticks: Floats) -> Sequence[Course]:
        if len(ticks) == 1 and 0 <= ticks[0] - self._read_until < self._look_back:
            found = await self._read(tenant, self._read_until - LATE_SECONDS, float(ticks[0]), newest=True)
        else:
            # Of what came before the first tick only the newest counts, however much there was in a day.
            first, self._newest = float(ticks[0]), {}
            found = await self._read(tenant, first - self._look_back, first, newest=True)
            if len(ticks) > 1:
                later = await self._read(tenant, first, float(ticks[-1]), newest=False)
                found |= {group: np.append(found.get(group, np.empty(0)), times) for group, times in later.items()}
        for group, times in self._newest.items():
            found[group] = np.append(times, found.get(group, np.empty(0)))
        if isinstance(self._condition, Absence) and not self._by:
            found.setdefault((), np.empty(0))
        course = self._course(found, ticks)
        if len(ticks) == 1:
            self._newest = {group: float(times.max()) for group, times in found.items() if len(times)}
            self._read_until = float(ticks[0])
        return [course]

    async def _read(self, tenant: str, start: float, end: float, *, newest: bool) -> dict[Labels, Floats]:
        samples = await self._source.read(tenant, [self._selector], max(start, 0.0), end, newest=newest)
        groups: dict[Labels, list[Floats]] = {}
        cuts = np.flatnonzero(samples.ids[1:] != samples.ids[:-1]) + 1
        for rows in np.split(np.arange(len(samples.ids)), cuts) if len(samples.ids) else ():
            told = dict(samples.series[int(samples.ids[rows[0]])])
            group = tuple((name, told[name]) for name in sorted(self._by) if told.get(name))
            groups.setdefault(group, []).append(samples.times[rows])
        return {group: np.sort(np.concatenate(times)) for group, times in groups.items()}

    def _course(self, found: Mapping[Labels, Floats], ticks: Floats) -> Course:
        groups = list(found)
        ages = np.empty((len(groups), len(ticks)))
        for row, group in enumerate(groups):
            times = np.append(-np.inf, np.sort(found[group]))
            ages[row] = ticks - times[np.searchsorted(times, ticks, side="left") - 1]
        known = np.isfinite(ages)
        if isinstance(self._condition, StaleHeartbeat):
            # Of a silence since before the start nobody could hear during the grace.
            unheard = (ticks < self._started_at + self._condition.grace) & (ages > ticks - self._started_at)
            return Course(groups, np.where(known & ~unheard & (ages <= self._look_back), ages, np.nan))
        # What is older than can be seen is as old as that, at least; a group is known by a sample.
        seen = known if self._by else np.ones_like(known)
        values = np.where(seen, np.minimum(ages, self._look_back), np.nan)
        levels = np.where(seen & (values >= self._condition.after), 0, -1).astype(np.int8)
        return Course(groups, values, levels)


class CountMeasure:
    """How many events came within a window, or their share of others. None of a group that was seen is a count, too."""

    notices: Sequence[str] = ()
    problem = ""

    def __init__(self, source: EventSource, condition: EventRate, least: int) -> None:
        self._source = source
        self._condition = condition
        self._least = least
        self.absent = 0.0 if least <= 1 and not condition.among else np.nan

    async def courses(self, tenant: str, ticks: Floats) -> Sequence[Course]:
        asked = self._condition
        if not asked.among:
            counts = await self._counts(tenant, asked.conditions, ticks)
            values = np.array(list(counts.values())).reshape(len(counts), len(ticks))
            return [Course(list(counts), np.where(values >= self._least, values, self.absent))]
        counts, wholes = await asyncio.gather(
            self._counts(tenant, (*asked.conditions, *asked.among), ticks), self._counts(tenant, asked.among, ticks)
        )
        nothing = np.zeros(len(ticks))
        whole = np.array(list(wholes.values())).reshape(len(wholes), len(ticks))
        part = np.array([counts.get(group, nothing) for group in wholes]).reshape(len(wholes), len(ticks))
        judged = whole >= max(self._least, 1)
        return [Course(list(wholes), np.where(judged, 100.0 * part / np.where(judged, whole, 1.0), np.nan))]

    async def _counts(self, tenant: str, conditions: Sequence[EventCondition], ticks: Floats) -> dict[Labels, Floats]:
        """How many events of each group lie in the window before each tick."""
        asked, start, end = self._condition, float(ticks[0]) - self._condition.window, float(ticks[-1])
        stretch = None if len(ticks) == 1 else _shared(float(ticks[1] - ticks[0]), asked.window)
        counts = await self._source.counts(tenant, conditions, asked.by, max(start, 0.0), end, stretch)
        groups: dict[Labels, list[tuple[float, float]]] = {} if asked.by else {(): []}
        for one in counts:
            groups.setdefault(group_of(asked.by, one.values), []).append((one.at, one.events))
        return {group: _windowed(told, ticks, asked.window) for group, told in groups.items()}


def _windowed(counts: Sequence[tuple[float, float]], ticks: Floats, window: float) -> Floats:
    """Sums of counts, in order of time, over the windows that end with ticks."""
    times = np.array([at for at, _ in counts])
    sums = np.append(0.0, np.cumsum([events for _, events in counts]))
    until, since = (np.searchsorted(times, bound - MILLISECOND / 2) for bound in (ticks, ticks - window))
    return np.asarray(sums[until] - sums[since])


def group_of(by: Sequence[str], values: Sequence[str]) -> Labels:
    """The labels of a group of events: names of fields without `data.`, and their values that are not empty."""
    named = ((field.removeprefix("data."), value) for field, value in zip(by, values, strict=True))
    return tuple(sorted((name.replace(".", "_").replace("-", "_"), value) for name, value in named if value))


def described(selection: Selection) -> str:
    """The series of a selection in words."""
    matchers = ", ".join(f'{one.label}{one.operator.value}"{one.value}"' for one in selection.matchers)
    return f"{selection.metric}{{{matchers}}}" if matchers else selection.metric


def _of_services(services: Sequence[str]) -> tuple[Matcher, ...]:
    if not services:
        return ()
    return (Matcher(SERVICE_LABEL, Operator.MATCHES, "|".join(map(escaped, services))),)


def escaped(text: str) -> str:
    """A text as an expression of RE2 that matches nothing else."""
    return "".join(f"\\{each}" if each in r"\.+*?()|[]{}^$" else each for each in text)


def _shared(interval: float, window: float) -> float:
    """The longest stretch of which both are whole numbers, in whole milliseconds."""
    return math.gcd(round(interval * 1e3), round(window * 1e3)) / 1e3
