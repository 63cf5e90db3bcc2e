"""One incident, and the alerts of it that go on.

It is resolved when none goes on. When an alert of it comes back within half an hour, it is the same incident again, and
has to be quiet for a while before it is resolved: for half a minute, then twice as long each time, half an hour at
most. What a person resolves is resolved. So whatever comes and goes is told a few times, and not each time.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from services.alerting.domain.incidents.call_graph import CallGraph
from services.alerting.domain.incidents.heads import entry_of, with_entry, with_members
from services.alerting.domain.incidents.origins import Complaint, likely_origins
from services.alerting.ports.alerts import Acknowledgement, Alert, HeldBack, Labels, Severity
from services.alerting.ports.incidents import Happening, Incident, IncidentState

AGAIN = 1_800.0
"""Within which time after its end an incident may come back."""
_QUIET, _LONGEST_QUIET = 30.0, 1_800.0
_NODE_LABELS = ("service", "provider", "database")
_AUDIBLE = HeldBack()
_MOST_COMPLAINTS = 200

RULE = "rule"
"""Kind of the key that alerts of one rule have in common, whatever they are about."""

Source = tuple[str, Labels]
"""A rule and a group: what alerts come from, one after the other."""


@dataclass(slots=True)
class Step:
    """What came of the alerts of an incident: as they are now. `said`: a person spoke of these after their end."""

    joined: dict[str, Alert] = field(default_factory=dict)
    changed: dict[str, Alert] = field(default_factory=dict)
    ended: dict[str, Alert] = field(default_factory=dict)
    said: list[Alert] = field(default_factory=list)


class IncidentCourse:
    """See above. `keys` are what it is found by; `sources` how often an alert of each has joined."""

    def __init__(self, incident: Incident, joined_at: float) -> None:
        self.incident = incident
        self.joined_at = joined_at
        self.active: dict[str, Alert] = {}
        self.sources: Counter[Source] = Counter()
        self.keys: set[tuple[str, str]] = set()
        self._complaints: dict[str, Complaint] = {}
        self._severities: Counter[Severity] = Counter()
        self._acknowledged = self._held_back = 0

    @property
    def acknowledgement(self) -> Acknowledgement | None:
        """What holds for whoever joins."""
        return self.incident.acknowledgement if self.incident.state is IncidentState.ACKNOWLEDGED else None

    def is_due(self, now: float) -> bool:
        """Whether it has been quiet for long enough."""
        over = not self.active and self.incident.state is not IncidentState.RESOLVED
        # What people say meanwhile changes it, and does not make it wait for longer.
        since = self.incident.changed_at if self.incident.ended_at is None else self.incident.ended_at
        return over and now >= since + self._quiet()

    def may_come_back(self, now: float) -> bool:
        """Whether an alert of it that begins now is the same incident."""
        return self.incident.state is not IncidentState.RESOLVED or now - self.incident.changed_at <= AGAIN

    def know(self, alert: Alert) -> None:
        """Go on with an alert that belongs to it; one that has ended is remembered."""
        self.sources[alert.rule_id, alert.group] += 1
        self.keys |= keys_of(alert)
        self._complain(alert)

    def put(self, alert: Alert) -> None:
        """An alert goes on, as it is."""
        self._count(self.active.pop(alert.id, None), -1)
        self.active[alert.id] = alert
        self._count(alert, 1)

    def step(self, step: Step, at: float, graph: CallGraph) -> None:
        """Take up what came of its alerts."""
        anew = [alert for alert in step.joined.values() if not self.sources[alert.rule_id, alert.group]]
        before, was_over = self.incident, not self.active
        for alert in step.joined.values():
            self.know(alert)
        for alert in (*step.joined.values(), *step.changed.values()):
            self._complain(alert)
            self.put(alert)
        self._grow(step, anew, at, graph, was_over=was_over)
        for alert in step.ended.values():
            self._count(self.active.pop(alert.id, None), -1)
        self._ease(step, before, at)
        self._hear(step.said, at)
        self._take_on(at)

    def resolve(self, at: float) -> None:
        """It was quiet for long enough."""
        self._become(Happening.RESOLVED, at, (), state=IncidentState.RESOLVED)

    def explain(self, graph: CallGraph) -> bool:
        """Say anew where it may have begun; whether that is something else."""
        origins = likely_origins(self._complaints, graph)
        differs = [one.name for one in origins] != [one.name for one in self.incident.origins]
        if differs:
            self.incident = replace(self.incident, origins=origins, revision=self.incident.revision + 1)
        return differs

    def _grow(self, step: Step, anew: Sequence[Alert], at: float, graph: CallGraph, *, was_over: bool) -> None:
        """Alerts joined, or became graver."""
        before, joined = self.incident, [*step.joined.values()]
        self.incident = with_members(before, (*joined, *step.changed.values()))
        if joined:
            self.joined_at = at
            self.explain(graph)
        self._refresh(size=before.size + len(joined))
        if before.revision == 0:
            self._become(Happening.OPENED, at, joined)
        elif joined and was_over and before.state is IncidentState.RESOLVED:
            again = {"reopened": before.reopened + 1, "state": IncidentState.OPEN}
            self._become(Happening.REOPENED, at, joined, acknowledgement=None, ended_at=None, **again)
        elif anew or self.incident.worst is not before.worst:
            self._become(Happening.GREW, at, anew or [*joined, *step.changed.values()])
        elif joined or step.changed:
            self._touch(at)

    def _ease(self, step: Step, before: Incident, at: float) -> None:
        """Alerts ended, or became milder."""
        ended = list(step.ended.values())
        if not ended and self._severity().rank >= before.severity.rank:
            return
        self.incident = with_members(self.incident, ended)
        self._refresh()
        if ended and not self.active:
            last = max((alert.ended_at or at for alert in ended), default=at)
            said = self.incident.acknowledgement or next((one.acknowledgement for one in ended), None)
            self.incident = replace(self.incident, ended_at=last, acknowledgement=said)
            if self._quiet() == 0.0 or any(alert.resolution for alert in ended):
                self._become(Happening.RESOLVED, at, ended, state=IncidentState.RESOLVED)
                return
        # Of what comes and goes the first time is told.
        if not ended or any(self.sources[alert.rule_id, alert.group] <= 1 for alert in ended):
            self._become(Happening.EASED, at, ended or [*step.changed.values()])
        else:
            self._touch(at)

    def _hear(self, said: Sequence[Alert], at: float) -> None:
        """While none goes on, a person says that it is over, or that they are on it should one come back."""
        for alert in said:
            if self.active or self.incident.state is IncidentState.RESOLVED:
                return
            if alert.resolution:
                self._become(Happening.RESOLVED, at, [alert], state=IncidentState.RESOLVED)
            elif alert.acknowledgement:
                self.incident = replace(self.incident, acknowledgement=alert.acknowledgement)
                self._become(Happening.ACKNOWLEDGED, at, (), state=IncidentState.ACKNOWLEDGED)

    def _take_on(self, at: float) -> None:
        """Somebody is on all alerts that go on, or is not any more."""
        if not self.active or self.incident.state is IncidentState.RESOLVED:
            return
        if self._acknowledged == len(self.active):
            newest = max((said for one in self.active.values() if (said := one.acknowledgement)), key=_said_at)
            if newest != self.acknowledgement:
                self.incident = replace(self.incident, acknowledgement=newest)
                self._become(Happening.ACKNOWLEDGED, max(at, newest.at), (), state=IncidentState.ACKNOWLEDGED)
        elif self.incident.state is IncidentState.ACKNOWLEDGED:
            self._become(Happening.UNACKNOWLEDGED, at, (), state=IncidentState.OPEN, acknowledgement=None)

    def _become(self, what: Happening, at: float, alerts: Sequence[Alert], **changes: Any) -> None:
        self._touch(at, **changes)
        entry = entry_of(at, what, self.incident, alerts)
        self.incident = replace(self.incident, timeline=with_entry(self.incident.timeline, entry))

    def _touch(self, at: float, **changes: Any) -> None:
        self.incident = replace(self.incident, changed_at=at, revision=self.incident.revision + 1, **changes)

    def _refresh(self, **changes: Any) -> None:
        """What is counted of the alerts that go on."""
        severity, worst = self._severity(), self.incident.worst
        self.incident = replace(
            self.incident,
            severity=severity,
            worst=max(severity, worst, key=lambda one: one.rank),
            active=len(self.active),
            held_back=bool(self.active) and self._held_back == len(self.active),
            **changes,
        )

    def _severity(self) -> Severity:
        """The gravest of those that go on; without any the last there was."""
        going = (severity for severity, count in self._severities.items() if count > 0)
        return max(going, key=lambda severity: severity.rank, default=self.incident.severity)

    def _quiet(self) -> float:
        times = self.incident.reopened
        return min(_QUIET * 2.0 ** (times - 1), _LONGEST_QUIET) if times else 0.0

    def _count(self, alert: Alert | None, by: int) -> None:
        if alert is not None:
            self._severities[alert.severity] += by
            self._acknowledged += by * (alert.acknowledgement is not None)
            self._held_back += by * (alert.held_back != _AUDIBLE)

    def _complain(self, alert: Alert) -> None:
        since = alert.started_at if alert.fired_at is None else alert.fired_at
        for name in names_of(alert):
            former = self._complaints.get(name)
            if former is None and len(self._complaints) >= _MOST_COMPLAINTS:
                continue
            severity = max(former.severity, alert.severity, key=lambda one: one.rank) if former else alert.severity
            self._complaints[name] = Complaint(severity, min(former.since, since) if former else since)


def names_of(alert: Alert) -> list[str]:
    """The things that an alert is about, by the names under which they call and are called."""
    labels = dict(alert.labels)
    return [labels[label] for label in _NODE_LABELS if labels.get(label)]


def keys_of(alert: Alert) -> set[tuple[str, str]]:
    """What an alert has in common with others: its rule, its host, and the things that it is about."""
    hosts = {("host", value) for name, value in alert.labels if name == "host"}
    return {(RULE, alert.rule_id), *hosts, *(("thing", name) for name in names_of(alert))}


def _said_at(said: Acknowledgement) -> float:
    return said.at
