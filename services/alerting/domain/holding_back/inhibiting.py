"""Which alerts inhibit which: alerts that agree in the labels of an inhibition meet in one group."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice

from services.alerting.domain.label_matching import Expressions, all_hold, labels_of
from services.alerting.ports.alerts import Alert, AlertState
from services.alerting.ports.silences import Inhibition

MOST_TOLD = 10
"""How many alerts are told that inhibit one."""
_FIRES = (AlertState.FIRING, AlertState.KEEP_FIRING)
_Key = tuple[str, tuple[str, ...]]


@dataclass(slots=True)
class _Group:
    """Alerts that agree: those that inhibit and those that may be inhibited; true of one that matches both sides."""

    sources: dict[str, bool] = field(default_factory=dict)
    targets: dict[str, bool] = field(default_factory=dict)

    def sources_of(self, alert_id: str) -> Iterable[str]:
        """What inhibits a target: of two that match both sides neither inhibits the other, and none itself."""
        both = self.targets[alert_id]
        return (name for name, is_both in self.sources.items() if not (both and is_both))


class Inhibiting:
    """Inhibitions over alerts."""

    def __init__(self, inhibitions: Mapping[str, Inhibition], expressions: Expressions) -> None:
        self.inhibitions = inhibitions
        self._expressions = expressions
        self._groups: dict[_Key, _Group] = {}
        self._places: dict[str, list[_Key]] = {}

    def update(self, active: Mapping[str, Alert], changed: Iterable[Alert]) -> set[str]:
        """Take up alerts that changed; the ids of those for whom something may be different now, themselves too."""
        touched: set[str] = set()
        for alert in changed:
            touched.add(alert.id)
            if self.inhibitions:
                touched |= self._replace(alert, active.get(alert.id))
        return touched

    def sources_of(self, alert_id: str) -> tuple[str, ...]:
        """Alerts that inhibit one, some of them where they are many."""
        keys = self._places.get(alert_id, ())
        groups = [group for key in keys if alert_id in (group := self._groups[key]).targets]
        found = {name for group in groups for name in islice(group.sources_of(alert_id), MOST_TOLD)}
        return tuple(sorted(found)[:MOST_TOLD])

    def _replace(self, former: Alert, alert: Alert | None) -> set[str]:
        """Put an alert, or None for one that has ended, where it belongs now; whom its sources concern."""
        touched: set[str] = set()
        for key in self._places.pop(former.id, ()):
            group = self._groups[key]
            if group.sources.pop(former.id, None) is not None:
                touched |= group.targets.keys()
            group.targets.pop(former.id, None)
            if not group.sources and not group.targets:
                del self._groups[key]
        if alert is not None:
            touched |= self._put(alert)
        return touched

    def _put(self, alert: Alert) -> set[str]:
        labels = labels_of(alert)
        touched: set[str] = set()
        for inhibition in self.inhibitions.values():
            source = all_hold(inhibition.source, labels, self._expressions)
            target = all_hold(inhibition.target, labels, self._expressions)
            fires = source and alert.state in _FIRES
            if not fires and not target:
                continue
            key = (inhibition.id, tuple(labels.get(name, "") for name in inhibition.equal))
            group = self._groups.setdefault(key, _Group())
            self._places.setdefault(alert.id, []).append(key)
            if target:
                group.targets[alert.id] = source
            if fires:
                group.sources[alert.id] = target
                touched |= group.targets.keys()
        return touched
