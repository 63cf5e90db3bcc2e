"""The rules that are judged at once, and what of samples and events belongs to which."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from services.alerting.domain.judging.event_matching import Expressions, all_hold, text_of
from services.alerting.domain.judging.families import Family, Values, family_of, instant_selection, selector_of
from services.alerting.domain.judging.measures import UNMATCHED, described, group_of
from services.alerting.domain.judging.panels import Panel
from services.alerting.domain.judging.table import Indexes, Table
from services.alerting.domain.judging.windows import Counts, windows
from services.alerting.domain.label_matching import all_hold as labels_hold
from services.alerting.ports.alerts import Labels
from services.alerting.ports.judging import Book, Floats
from services.alerting.ports.rules import EventMatch, Rule
from services.alerting.ports.sources import Event, EventCount, Samples, Selector
from services.core.matching import NAME

Occasion = tuple[tuple[str, ...], float]
"""Values of the fields of events, and the millisecond they are of."""


class SamplePanel:
    """The instant rules of one family."""

    def __init__(self, family: Family, rules: Mapping[Values, Sequence[Rule]], book: Book, since: float) -> None:
        selection = family.narrowed(rules)
        function, self.window = selection.function, selection.window or 0.0
        assert function == "last" or function == "maximum" or function == "minimum"
        self.selector: Selector = selector_of(selection)
        self.rule_ids = [rule.id for some in rules.values() for rule in some]
        self.grace = family.grace
        self._named = bool(selection.metric)
        ids = {values: [rule.id for rule in some] for values, some in rules.items()}
        table = Table(book, ids, family.names)
        self.panel = Panel(table, windows(function, self.window), family.interval, since, self.window)

    def takes(self, labels: Mapping[str, str], expressions: Expressions) -> bool:
        """Whether a series, with its name as `__name__`, belongs to one of its rules."""
        metric = self.selector.metric
        return (not metric or labels.get(NAME) == metric) and labels_hold(self.selector.matchers, labels, expressions)

    def group(self, labels: Labels) -> Labels:
        """The group of a series."""
        return tuple(pair for pair in labels if pair[0] != NAME) if self._named else labels

    def problem_of(self, rule: Rule) -> str:
        """That no series belongs to one of its rules; empty where one does."""
        selection = instant_selection(rule)
        return "" if rule.id in self.panel.table.judged or not selection else UNMATCHED.format(described(selection))


class SampleRouter:
    """Deals samples out to panels."""

    def __init__(self, panels: Sequence[SamplePanel], expressions: Expressions) -> None:
        self.panels = panels
        self._expressions = expressions
        self._groups: dict[int, list[tuple[SamplePanel, Labels]]] = {}

    def name(self, series: Mapping[int, Labels]) -> None:
        """Series that have not been named before."""
        for identity, labels in series.items():
            told = dict(labels)
            takers = [each for each in self.panels if each.takes(told, self._expressions)]
            self._groups[identity] = [(each, each.group(labels)) for each in takers]

    def feed(self, samples: Samples) -> None:
        """Samples in order of series and time, of series that were named."""
        self.name(samples.series)
        if not len(samples.ids):
            return
        starts = np.flatnonzero(np.append(True, samples.ids[1:] != samples.ids[:-1]))
        counts = np.diff(np.append(starts, len(samples.ids)))
        dealt: dict[SamplePanel, tuple[list[int], list[Labels]]] = {}
        for place, identity in enumerate(samples.ids[starts].tolist()):
            for panel, group in self._groups.get(identity, ()):
                places, groups = dealt.setdefault(panel, ([], []))
                places.append(place)
                groups.append(group)
        for taker, (places, groups) in dealt.items():
            indexes = taker.panel.indexes(groups)
            rows = np.repeat(starts[places] - np.cumsum(counts[places]) + counts[places], counts[places])
            rows += np.arange(counts[places].sum())
            taker.panel.feed(np.repeat(indexes, counts[places]), samples.times[rows], samples.values[rows])


class EventPanel:
    """One rule on single events."""

    def __init__(self, rule: Rule, condition: EventMatch, book: Book, since: float) -> None:
        self.rule = rule
        self.condition = condition
        silence = rule.keep_firing + 2 * rule.interval
        self.panel = Panel(Table(book, {(): [rule.id]}), Counts(silence), rule.interval, since, silence)
        self._taken: dict[Occasion, float] = {}
        self._read: dict[Occasion, float] = {}

    def take(self, events: Sequence[Event], expressions: Expressions) -> None:
        """Events as they came; what was read before is not taken again."""
        told: list[Occasion] = []
        for event in events:
            if all_hold(self.condition.conditions, event, expressions):
                values = tuple(text_of(event, field) for field in self.condition.by)
                occasion = (values, math.floor(event.at * 1e3) / 1e3)
                if self._read.get(occasion, 0.0) > 0:
                    self._read[occasion] -= 1
                else:
                    told.append(occasion)
        self._feed([(occasion, 1.0) for occasion in told])

    def take_read(self, counts: Sequence[EventCount]) -> None:
        """Counts of single milliseconds; what was taken before is not taken again."""
        told = [((one.values, one.at), one.events) for one in counts]
        fresh = [(occasion, events - self._taken.get(occasion, 0.0)) for occasion, events in told]
        for occasion, events in fresh:
            self._read[occasion] = self._read.get(occasion, 0.0) + max(events, 0.0)
        self._feed(fresh)

    def take_told(self, counts: Sequence[EventCount]) -> None:
        """Counts of single milliseconds, each told once."""
        self._feed([((one.values, one.at), one.events) for one in counts])

    def forget(self, before: float) -> None:
        """Nothing that old is read again."""
        self._taken = {one: events for one, events in self._taken.items() if one[1] >= before}
        self._read = {one: events for one, events in self._read.items() if one[1] >= before}

    def _feed(self, told: Sequence[tuple[Occasion, float]]) -> None:
        sums: dict[tuple[Labels, float], float] = {}
        for (values, told_at), events in told:
            if events > 0:
                self._taken[values, told_at] = self._taken.get((values, told_at), 0.0) + events
                key = (group_of(self.condition.by, values), told_at)
                sums[key] = sums.get(key, 0.0) + events
        if not sums:
            return
        groups, at = zip(*sums, strict=True)
        indexes: Indexes = self.panel.indexes(groups)
        times: Floats = np.array(at)
        order = np.lexsort((times, indexes))
        self.panel.feed(indexes[order], times[order], np.array(list(sums.values()))[order])


def sample_panels(rules: Mapping[str, Rule], book: Book, since: float) -> list[SamplePanel]:
    """The instant rules among some, family by family."""
    families: dict[Family, dict[Values, list[Rule]]] = {}
    for rule in rules.values():
        selection = instant_selection(rule)
        if selection is not None:
            family, values = family_of(rule, selection)
            families.setdefault(family, {}).setdefault(values, []).append(rule)
    return [SamplePanel(family, theirs, book, since) for family, theirs in families.items()]


def event_panels(rules: Mapping[str, Rule], book: Book, since: float) -> list[EventPanel]:
    """The rules on single events among some."""
    matching = ((rule, rule.condition) for rule in rules.values())
    return [EventPanel(rule, found, book, since) for rule, found in matching if isinstance(found, EventMatch)]
