"""Judges observations of one tenant by every rule and holds the alerts that follow."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from services.alerting.domain.rules import Rule
from services.alerting.domain.states import ACTIVE, advance, end
from services.alerting.ports import Alert, AlertState, Observation

RESOLVED_KEPT = 24 * 3600.0
"""For how long a resolved alert is listed."""

Key = tuple[str, str]
"""Rule and service: what an alert is of."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What one step changed: alerts that went into another state, and ids that are no longer held."""

    transitions: tuple[Alert, ...] = ()
    forgotten: tuple[str, ...] = ()


class AlertBook:
    """The alerts of one tenant. Pure: time comes with the observations."""

    def __init__(self, tenant: str, rules: Sequence[Rule]) -> None:
        self._tenant = tenant
        self._rules = rules
        self._active: dict[Key, Alert] = {}
        self._resolved: dict[str, Alert] = {}

    def alerts(self) -> tuple[Alert, ...]:
        """Those that are pending, firing, or were resolved within 24 hours, in no order."""
        return (*self._active.values(), *self._resolved.values())

    def evaluate(self, observation: Observation) -> Changes:
        """Judge every service by every rule. An alert whose service or rule is gone ends."""
        judged = dict(self._judged(observation))
        gone = {key: end(alert, observation.at) for key, alert in self._active.items() if key not in judged}
        return self._apply(judged | gone, observation.at)

    def adopt(self, kept: Iterable[Alert], at: float) -> Changes:
        """Go on from alerts of a former run. They replace episodes begun since, which end."""
        alerts = tuple(kept)
        self._resolved.update({alert.id: alert for alert in alerts if alert.state is AlertState.RESOLVED})
        active = {(alert.rule_id, alert.service): alert for alert in alerts if alert.state in ACTIVE}
        begun_since = [self._active[key] for key, alert in active.items() if key in self._active]
        replaced = [end(alert, at) for alert in begun_since if alert.id != active[alert.rule_id, alert.service].id]
        self._active.update(active)
        return self._close(replaced, at)

    def _judged(self, observation: Observation) -> Iterator[tuple[Key, Alert | None]]:
        for window in observation.windows:
            for rule in self._rules:
                key = (rule.terms.rule_id, window.service)
                judgement = rule.judge(window, observation.at)
                yield (
                    key,
                    advance(self._active.get(key), rule.terms, self._tenant, window.service, judgement, observation.at),
                )

    def _apply(self, after: Mapping[Key, Alert | None], at: float) -> Changes:
        transitions = []
        for key, alert in after.items():
            former = self._active.pop(key, None)
            if alert is None:
                continue
            if alert.state in ACTIVE:
                self._active[key] = alert
            if former is None or alert.state is not former.state:
                transitions.append(alert)
        ended = self._close([alert for alert in transitions if alert.state not in ACTIVE], at)
        return replace(ended, transitions=tuple(transitions))

    def _close(self, ended: Sequence[Alert], at: float) -> Changes:
        """Keep what was resolved, forget what never fired and what was resolved long ago."""
        self._resolved.update({alert.id: alert for alert in ended if alert.state is AlertState.RESOLVED})
        old = [alert.id for alert in self._resolved.values() if at - alert.changed_at > RESOLVED_KEPT]
        for alert_id in old:
            del self._resolved[alert_id]
        never_fired = [alert.id for alert in ended if alert.state is AlertState.INACTIVE]
        return Changes(tuple(ended), (*old, *never_fired))
