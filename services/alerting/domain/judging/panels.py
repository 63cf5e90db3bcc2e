"""Judges rules with each sample: conditions on the newest, greatest or least sample of single series.

A group is judged at the times of its samples and, between them, at the ticks of its rule, in the order of these times,
whoever brings the samples, and in what pieces. So intake, schedule and replay come to the same.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from services.alerting.domain.judging.table import Indexes, Table
from services.alerting.domain.judging.turns import turns
from services.alerting.domain.judging.windows import Windows
from services.alerting.ports.alerts import Labels
from services.alerting.ports.judging import Floats

LEAST_KEPT = 3_600.0
FEW_SERIES = 500
SHORT = 0.001
"""What is judged after a tick is later by so many seconds at least."""


class Panel:
    """Series, or groups of events, of rules with one interval. Until `since` they are seen, but not judged."""

    def __init__(self, table: Table, windows: Windows, interval: float, since: float, kept: float) -> None:
        self.table = table
        self._windows = windows
        self._interval = interval
        self._since = since
        self._kept = max(kept, LEAST_KEPT)
        self._newest: Floats = np.empty(0)
        self._ticked: Floats = np.empty(0)
        self._tick = np.floor(since / interval)

    def indexes(self, groups: Sequence[Labels]) -> Indexes:
        """The index of each group. New ones are judged from their first sample on."""
        found = self.table.indexes(groups)
        more = len(self.table.series) - len(self._newest)
        if more:
            self._newest = np.append(self._newest, np.full(more, -np.inf))
            self._ticked = np.append(self._ticked, np.full(more, -np.inf))
            self._windows.grow(len(self.table.series))
        return found

    def feed(self, indexes: Indexes, times: Floats, values: Floats) -> None:
        """Samples in order of index and time.

        One that is not newer than the newest of its series is left out, unless each counts: an event that comes after
        its time was judged counts from then on.
        """
        starts = np.flatnonzero(np.append(True, indexes[1:] != indexes[:-1])) if len(indexes) else np.empty(0, np.intp)
        rank = np.arange(len(indexes)) - np.repeat(starts, np.diff(np.append(starts, len(indexes))))
        order = np.argsort(rank, kind="stable")
        turns = np.arange(1, rank.max(initial=0) + 1)
        for rows in np.split(order, np.searchsorted(rank[order], turns)):
            each, at = indexes[rows], times[rows]
            if self._windows.momentary:
                at = np.maximum(at, np.maximum(self._ticked[each] * self._interval, self._newest[each]) + SHORT)
            newer = at > self._newest[each]
            if newer.any():
                self._take(each[newer], at[newer], values[rows][newer])

    def tick(self, time: float) -> None:
        """Every group is judged at the ticks up to `time` that it was not judged at."""
        for _part in self.ticking(time):
            pass

    def ticking(self, time: float) -> Iterator[None]:
        """The same in parts; nothing else may be fed or ticked before the last."""
        tick = np.floor(time / self._interval)
        if tick <= self._tick:
            return
        self._tick = tick
        self._forget(time - self._kept)
        seen = np.flatnonzero(self._ticked > -np.inf)
        for some in turns(len(seen)):
            if some.start:
                yield
            self._tick_until(seen[some], np.full(len(seen[some]), tick))
        # Of events that a former process counted at least one is known.
        absent = 1.0 if self._windows.momentary else np.nan
        yield from self.table.judging_rest(np.arange(len(self.table.series)), float(tick * self._interval), absent)

    def _forget(self, before: float) -> None:
        """Where most series have ended, go on without those: the book knows their groups for as long as it needs."""
        lively = np.flatnonzero(self._newest >= before)
        if len(self._newest) > 2 * max(len(lively), FEW_SERIES):
            self.table.keep(lively)
            self._windows.keep(lively)
            self._newest, self._ticked = self._newest[lively], self._ticked[lively]

    def _take(self, indexes: Indexes, times: Floats, values: Floats) -> None:
        ticks = times / self._interval
        first = self._newest[indexes] == -np.inf
        begin = np.maximum(np.ceil(ticks[first]) - 1, np.floor(self._since / self._interval))
        self._ticked[indexes[first]] = begin
        self._tick_until(indexes, np.ceil(ticks) - 1)
        self._windows.add(indexes, times, values)
        self._newest[indexes] = times
        judged = times > self._since
        self._judge(indexes[judged], times[judged], level=0)
        # The tick at the time of a sample is done with it.
        self._ticked[indexes] = np.maximum(self._ticked[indexes], np.floor(ticks))

    def _tick_until(self, indexes: Indexes, ticks: Floats) -> None:
        while (behind := self._ticked[indexes] < ticks).any():
            indexes, ticks = indexes[behind], ticks[behind]
            self._ticked[indexes] += 1
            self._judge(indexes, self._ticked[indexes] * self._interval, level=-1)

    def _judge(self, indexes: Indexes, times: Floats, level: int) -> None:
        levels = np.full(len(indexes), level, np.int8) if self._windows.momentary else None
        self.table.judge(indexes, self._windows.at(indexes, times), times, levels)
