"""Which alerts to list, and in which order: newest first."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence, Set
from dataclasses import dataclass
from math import inf

import numpy as np

from services.alerting.domain.label_index import LabelIndex, TextsOf
from services.alerting.domain.machine import ENDED
from services.alerting.ports.alerts import Alert, AlertState, HeldBack, Severity
from services.core.conventions import SERVICE_LABEL
from services.core.matching import Matcher, Operator

Place = tuple[float, str]
"""What an alert is sorted by: where a page ended."""
_MANY = 2_000
_NOTHING = HeldBack()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Conditions that all hold; None and what is empty: any.

    `audible`: not what is held back from people. `active`: not what has ended. `fired_since`: what fires, and what
    has ended but fired since.
    """

    state: AlertState | None = None
    severity: Severity | None = None
    rule_id: str = ""
    service: str = ""
    matchers: tuple[Matcher, ...] = ()
    text: str = ""
    audible: bool = False
    active: bool = False
    fired_since: float | None = None
    incident_id: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Alerts, newest first; how many match on all pages; where the next page goes on, None on the last."""

    alerts: tuple[Alert, ...]
    total: int
    next: Place | None


Kind = tuple[AlertState, Severity, bool]
"""State, severity, and whether an alert is held back from people: of a hundred thousand alerts there are a few."""


class Entry:
    """An alert with what it is found by: a number of its own, and that of its kind."""

    __slots__ = ("alert", "fired_until", "kind", "number", "place", "text")

    def __init__(self, alert: Alert, number: int, kind: int) -> None:
        self.alert = alert
        self.number = number
        self.kind = kind
        self.place = place_of(alert)
        self.fired_until = _fired_until(alert)
        self.text = "\0".join((alert.name, *(text for _, text in (*alert.labels, *alert.annotations)))).lower()


class Listing:
    """Alerts in order. One that changed takes the place of the former of its id."""

    def __init__(self, texts: TextsOf) -> None:
        self._entries: list[Entry] = []
        self._kinds: dict[Kind, int] = {}
        self._index = LabelIndex(texts)
        self._numbers = 0
        self._free: list[int] = []

    def update(self, former: Sequence[Alert], alerts: Sequence[Alert]) -> None:
        """Take out alerts, and put others in."""
        if len(alerts) + len(former) > _MANY:
            self._update_many({alert.id for alert in former}, alerts)
            return
        for alert in former:
            place = bisect_left(self._entries, place_of(alert), key=_place)
            self._forget(self._entries.pop(place))
        for alert in alerts:
            insort(self._entries, self._entry(alert), key=_place)

    def page(self, wanted: Wanted, after: Place | None, size: int) -> Page:
        """At most `size` alerts after a place. Newer alerts never shift a later page. Raises as Texts does."""
        found = self._found(wanted)
        start = 0 if after is None else bisect_right(found, after, key=_place)
        shown = found[start : start + size]
        more = len(found) > start + size
        return Page(tuple(entry.alert for entry in shown), len(found), shown[-1].place if more else None)

    def _update_many(self, gone: Set[str], alerts: Sequence[Alert]) -> None:
        stay = [entry for entry in self._entries if entry.alert.id not in gone]
        for entry in self._entries:
            if entry.alert.id in gone:
                self._forget(entry)
        self._entries = [*stay, *map(self._entry, alerts)]
        self._entries.sort(key=_place)

    def _entry(self, alert: Alert) -> Entry:
        kind = (alert.state, alert.severity, alert.held_back != _NOTHING)
        entry = Entry(alert, self._number(), self._kinds.setdefault(kind, len(self._kinds)))
        self._index.add(entry.number, alert.labels)
        return entry

    def _number(self) -> int:
        """One that no entry has."""
        if self._free:
            return self._free.pop()
        self._numbers += 1
        return self._numbers - 1

    def _forget(self, entry: Entry) -> None:
        self._index.remove(entry.number, entry.alert.labels)
        self._free.append(entry.number)

    def _found(self, wanted: Wanted) -> list[Entry]:
        found = self._entries
        service = (Matcher(SERVICE_LABEL, Operator.EQUAL, wanted.service),) if wanted.service else ()
        if matchers := (*service, *wanted.matchers):
            holding = [self._index.holding(matcher, self._numbers) for matcher in matchers]
            holds = np.logical_and.reduce(holding).tolist()
            found = [entry for entry in found if holds[entry.number]]
        kinds = {number for kind, number in self._kinds.items() if _is_wanted(kind, wanted)}
        if len(kinds) < len(self._kinds):
            found = [entry for entry in found if entry.kind in kinds]
        if wanted.fired_since is not None:
            since = wanted.fired_since
            found = [entry for entry in found if entry.fired_until >= since]
        if wanted.rule_id:
            found = [entry for entry in found if entry.alert.rule_id == wanted.rule_id]
        if wanted.incident_id:
            found = [entry for entry in found if entry.alert.incident_id == wanted.incident_id]
        if wanted.text:
            text = wanted.text.lower()
            found = [entry for entry in found if text in entry.text]
        return found


def place_of(alert: Alert) -> Place:
    """Where an alert stands among others: the newest first."""
    return (-alert.started_at, alert.id)


def _is_wanted(kind: Kind, wanted: Wanted) -> bool:
    state, severity, is_held_back = kind
    return (
        wanted.state in (None, state)
        and wanted.severity in (None, severity)
        and not (wanted.audible and is_held_back)
        and not (wanted.active and state in ENDED)
    )


def _fired_until(alert: Alert) -> float:
    """Up to which time it counts as one that fired since: for ever while it goes on, never where it did not fire."""
    if alert.fired_at is None:
        return -inf
    return inf if alert.ended_at is None else alert.fired_at


def _place(entry: Entry) -> Place:
    return entry.place
