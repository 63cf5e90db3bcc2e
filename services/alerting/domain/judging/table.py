"""Which groups of which rules each series is judged for: thousands of rules by one call."""

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from services.alerting.domain.judging.turns import turns
from services.alerting.ports.alerts import Labels
from services.alerting.ports.judging import Book, Floats, Levels, Places

Indexes = npt.NDArray[np.intp]
Rules = Mapping[tuple[str, ...], Sequence[str]]
"""Ids of rules by the values of the labels that tell their series apart."""


class Table:
    """Rows of groups by the index of their series. Rules that differ in equal labels `names` alone share a table."""

    def __init__(self, book: Book, rules: Rules, names: Sequence[str] = ()) -> None:
        self._book = book
        self._rules = rules
        self._names = tuple(names)
        self.rule_ids = [rule_id for ids in rules.values() for rule_id in ids]
        self._generation = book.generation
        self._of_book = book.rules
        self.series: list[Labels] = []
        self._index: dict[Labels, int] = {}
        self._places: dict[str, list[Places]] = {}
        self._of: dict[str, list[Indexes]] = {}
        self._asked: Sequence[Labels] = ()
        self._indexes: Indexes = np.empty(0, np.intp)
        self._rows: _Rows | None = None

    def indexes(self, series: Sequence[Labels]) -> Indexes:
        """The index of each series; new ones are taken up."""
        if list(series) != self._asked:
            self._take_up([labels for labels in dict.fromkeys(series) if labels not in self._index])
            self._asked = list(series)
            self._indexes = np.array([self._index[labels] for labels in series], np.intp)
        return self._indexes

    @property
    def judged(self) -> Collection[str]:
        """The rules that a series belongs to."""
        return self._places.keys()

    def judge(self, indexes: Indexes, values: Floats, at: Floats | float, levels: Levels | None = None) -> None:
        """Some series were judged, each once. Nothing is said where the rules are others meanwhile."""
        if self._book.rules is not self._of_book:
            return
        rows = self._current()
        counts = rows.counts[indexes]
        of = np.repeat(np.arange(len(indexes)), counts)
        chosen = np.repeat(rows.starts[indexes] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        times = at if isinstance(at, float) else np.asarray(at)[of]
        self._book.judge(rows.own[chosen], values[of], times, None if levels is None else levels[of])

    def judge_rest(self, judged: Indexes, at: float, absent: float = np.nan) -> None:
        """All groups but those of some series were judged at a time: they had no data, or the value `absent`."""
        for _part in self.judging_rest(judged, at, absent):
            pass

    def judging_rest(self, judged: Indexes, at: float, absent: float = np.nan) -> Iterator[None]:
        """The same in parts. Where places were given anew after one the rest waits for the next time."""
        if self._book.rules is not self._of_book:
            return
        rows = self._current()
        rest = np.ones(len(rows.counts), bool)
        rest[judged] = False
        places = np.concatenate([rows.own[np.repeat(rest, rows.counts)], rows.known])
        generation = self._book.generation
        for some in turns(len(places)):
            if some.start:
                yield
            if self._book.generation != generation:
                return
            self._book.judge(places[some], np.full(len(places[some]), absent), at)

    def keep(self, indexes: Indexes) -> None:
        """Forget all other series; those that are kept have new indexes, in their order."""
        self._anew([self.series[index] for index in indexes.tolist()])

    def _anew(self, series: Sequence[Labels]) -> None:
        self._generation = self._book.generation
        self.series, self._asked, self._rows = [], (), None
        self._index, self._places, self._of = {}, {}, {}
        self._take_up(series)

    def _take_up(self, fresh: Sequence[Labels]) -> None:
        """New series are a group of each rule that they belong to, but for those deleted while they were asked for."""
        by_rule: dict[str, list[int]] = {}
        for labels in fresh:
            self._index[labels] = len(self.series)
            for rule_id in self._rules.get(self._key(labels), ()):
                by_rule.setdefault(rule_id, []).append(len(self.series))
            self.series.append(labels)
        for rule_id, indexes in by_rule.items():
            if rule_id not in self._book.rules:
                continue
            places = self._book.places(rule_id, [self.series[index] for index in indexes])
            self._places.setdefault(rule_id, []).append(places)
            self._of.setdefault(rule_id, []).append(np.array(indexes, np.intp))
        if fresh:
            self._rows = None

    def _key(self, labels: Labels) -> tuple[str, ...]:
        if not self._names:
            return ()
        told = dict(labels)
        return tuple(told.get(name, "") for name in self._names)

    def _current(self) -> "_Rows":
        """The rows, made anew where places were given anew."""
        if self._generation != self._book.generation:
            self._anew(self.series)
        if self._rows is None:
            self._rows = self._made()
        return self._rows

    def _made(self) -> "_Rows":
        nothing: Places = np.empty(0, np.int64)
        own = np.concatenate([nothing, *(part for parts in self._places.values() for part in parts)])
        of = np.concatenate([nothing, *(part for parts in self._of.values() for part in parts)]).astype(np.intp)
        order = np.argsort(of, kind="stable")
        counts = np.bincount(of, minlength=len(self.series)).astype(np.intp)
        known = [self._book.known(rule_id) for rule_id in self.rule_ids]
        rest = np.setdiff1d(np.concatenate([nothing, *known]), own)
        return _Rows(own[order], np.cumsum(counts) - counts, counts, rest)


class _Rows:
    """Places in order of series, `counts[i]` of series `i` from `starts[i]` on; and `known` ones of no series."""

    def __init__(self, own: Places, starts: Indexes, counts: Indexes, known: Places) -> None:
        self.own = own
        self.starts = starts
        self.counts = counts
        self.known = known
