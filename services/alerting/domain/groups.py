"""Every group of every rule of a tenant, a row each: most judgements change nothing, which is seen by columns alone."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from services.alerting.ports.alerts import Alert, Labels
from services.alerting.ports.judging import Places

NO_LEVEL = -1
UNSETTLED = -2
"""No level: the next judgement, whatever it says, goes to the machine."""
WHOLE: Labels = (("", ""),)
"""In place of a group: the rule as a whole, which cannot be judged."""

_ROW = np.dtype(
    [
        ("rule", np.int32),  # row in the table of rules
        ("level", np.int8),  # that held last
        ("settled", np.int8),  # level that moves nothing before `due`
        ("due", np.float64),
        ("value", np.float64),  # seen last; NaN before
        ("judged_at", np.float64),  # by a value
        ("told_at", np.float64),  # of a value, or of none
        ("lacking_since", np.float64),  # NaN: it is not
        ("lacked", np.bool_),  # for as long as its rule bears, and something was done
    ]
)
_NEW = np.array((0, NO_LEVEL, NO_LEVEL, np.inf, np.nan, -np.inf, -np.inf, np.nan, False), _ROW)


class Groups:
    """Rows, and beside them what is no number."""

    def __init__(self) -> None:
        self._rows: npt.NDArray[np.void] = np.repeat(_NEW, 64)
        self.labels: list[Labels] = []
        self.alerts: list[Alert | None] = []
        self.place_of: dict[str, int] = {}
        self._places: dict[str, dict[Labels, int]] = {}

    def __getitem__(self, column: str) -> npt.NDArray[Any]:
        """A column, to read and to write."""
        return self._rows[column][: len(self.labels)]

    def place(self, rule_id: str, row: int, group: Labels) -> int:
        """Where a group stands; at the end where it is new."""
        places = self._places.setdefault(rule_id, {})
        found = places.get(group)
        if found is None:
            found = places[group] = len(self.labels)
            self.labels.append(group)
            self.alerts.append(None)
            if found == len(self._rows):
                self._rows = np.concatenate([self._rows, np.repeat(_NEW, found)])
            self._rows[found] = _NEW
            self._rows["rule"][found] = row
        return found

    def has(self, rule_id: str, group: Labels) -> bool:
        """Whether a group was seen."""
        return group in self._places.get(rule_id, {})

    def of(self, rule_id: str) -> Places:
        """The groups of a rule that were seen."""
        places = self._places.get(rule_id, {})
        return np.array([place for group, place in places.items() if group != WHOLE], np.int64)

    def active(self) -> list[tuple[int, Alert]]:
        """Places with an alert that has not ended."""
        return [(place, alert) for place in self.place_of.values() if (alert := self.alerts[place]) is not None]

    def put(self, place: int, alert: Alert | None) -> None:
        """Set the alert of a place; None: it has none."""
        former = self.alerts[place]
        if former is not None:
            self.place_of.pop(former.id, None)
        self.alerts[place] = alert
        if alert is not None:
            self.place_of[alert.id] = place

    def keep(self, kept: npt.NDArray[np.bool_], rule_ids: Sequence[str]) -> None:
        """Drop all other places: those that stay have new numbers. `rule_ids` are those of the rows of rules."""
        rows, labels, alerts = self._rows[: len(self.labels)][kept], self.labels, self.alerts
        stay = np.flatnonzero(kept)
        self._rows = np.concatenate([rows, np.repeat(_NEW, 64)])
        self.labels = [labels[place] for place in stay]
        self.alerts = [alerts[place] for place in stay]
        self.place_of = {alert.id: place for place, alert in enumerate(self.alerts) if alert is not None}
        self._places = {}
        for place, row in enumerate(rows["rule"]):
            self._places.setdefault(rule_ids[row], {})[self.labels[place]] = place


class ActiveAlerts(Mapping[str, Alert]):
    """Every alert that has not ended, by id."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups

    def __getitem__(self, alert_id: str) -> Alert:
        alert = self._groups.alerts[self._groups.place_of[alert_id]]
        assert alert is not None
        return alert

    def __iter__(self) -> Iterator[str]:
        return iter(self._groups.place_of)

    def __len__(self) -> int:
        return len(self._groups.place_of)
