"""What the receivers of one tenant were told of each incident, and what they are to be told."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from math import inf

from services.alerting.domain.label_matching import Expressions, labels_of
from services.alerting.domain.telling.planning import Wanted, told_of, wanted, why_told
from services.alerting.domain.telling.routing import Ways, ways
from services.alerting.ports.alerts import Alert
from services.alerting.ports.incidents import Happening, Incident, Member
from services.alerting.ports.notifications import Notice, Reason, Sending, Thread
from services.alerting.ports.notifiers import Notifiers
from services.alerting.ports.silences import RULE_LABEL, SEVERITY_LABEL
from services.core.conventions import SERVICE_LABEL

TOLD_MEMBERS = 10
PLANNED_AT_ONCE = 50
_BY_PEOPLE = (Happening.ACKNOWLEDGED, Happening.RESOLVED)
"""What notifications tell of a timeline."""


@dataclass(frozen=True, slots=True)
class Alerts:
    """The alerts that are told of.

    `find` gives one by its id as it last changed, None where it is not known any more; `now` its figures and texts of
    this moment.
    """

    find: Callable[[str], Alert | None]
    now: Callable[[Alert], Alert]


class Threads:
    """Plans from what it is given; `unsaved` is what became other since it was kept, None in place of what is gone."""

    def __init__(self, tenant: str, alerts: Alerts, expressions: Expressions) -> None:
        self._tenant = tenant
        self._alerts = alerts
        self._expressions = expressions
        self._notifiers = Notifiers()
        self._incidents: dict[str, Incident] = {}
        self._of_incident: dict[str, set[str]] = {}
        self._threads: dict[str, Thread] = {}
        self._ways: dict[str, Ways] = {}
        self._again: dict[str, float] = {}
        self._doubted: set[str] = set()
        self.waiting: dict[str, Thread] = {}
        self.unsaved: dict[str, Thread | None] = {}

    def all(self) -> Mapping[str, Thread]:
        """Every thread by name."""
        return self._threads

    def adopt(self, threads: Iterable[Thread], incidents: Iterable[Incident], due: float, *, doubtful: bool) -> None:
        """Go on from what a former leader left.

        What it was sending when it ended may have arrived, and may still arrive until `due`. `doubtful`: of what it
        sent something may not be known, so that whatever is told first of these incidents may be a repeat.
        """
        for thread in threads:
            if thread.sending is not None and thread.sending.claimed_by is not None:
                sending = replace(thread.sending, claimed_by=None, doubtful=True, due=max(thread.sending.due, due))
                thread = replace(thread, sending=sending)
            self._set(thread.name, thread)
        self._incidents.update((one.id, one) for one in incidents)
        self._again = dict.fromkeys(self._incidents, 0.0)
        self._doubted = set(self._incidents) if doubtful else set()

    def set_notifiers(self, notifiers: Notifiers) -> None:
        """Tell these from now on."""
        if notifiers is not self._notifiers:
            self._notifiers = notifiers
            self._ways.clear()
            self._again = dict.fromkeys(self._incidents, 0.0)

    def changed(self, incident: Incident, alerts: Iterable[Alert] = ()) -> None:
        """An incident is so from now on; `alerts` are some of it, which it need not tell itself."""
        self._incidents[incident.id] = incident
        self._again[incident.id] = 0.0
        found = dict.fromkeys(self._ways.get(incident.id, ()))
        for member in incident.members:
            found.update(dict.fromkeys(self._ways_of(member, incident)))
        for alert in alerts:
            if not alert.held_back.silenced_by and not alert.held_back.inhibited_by:
                found.update(dict.fromkeys(ways(self._notifiers.routes, labels_of(alert), self._expressions)))
        self._ways[incident.id] = tuple(found)

    def forget(self, incident_ids: Iterable[str]) -> None:
        """Nobody speaks of these any more; what is not delivered yet goes on."""
        for incident_id in incident_ids:
            for known in (self._incidents, self._ways, self._again):
                known.pop(incident_id, None)
            for name in tuple(self._of_incident.get(incident_id, ())):
                if self._threads[name].sending is None:
                    self.put(name, None)

    def plan(self, now: float) -> bool:
        """Find out who is to be told what by now, of some incidents at a time; whether there are more."""
        due = [one for one, at in self._again.items() if at <= now]
        for incident_id in due[:PLANNED_AT_ONCE]:
            incident = self._incidents[incident_id]
            if incident_id not in self._ways:
                self.changed(incident)
            self._again[incident_id] = self._planned(incident, now)
            self._doubted.discard(incident_id)
        return len(due) > PLANNED_AT_ONCE

    def put(self, name: str, thread: Thread | None) -> None:
        """A thread is so from now on, or is no more."""
        self._set(name, thread)
        self.unsaved[name] = thread

    def look_again(self, incident_ids: Iterable[str]) -> None:
        """Something was told: there may be more to tell."""
        for incident_id in incident_ids:
            if incident_id in self._incidents:
                self._again[incident_id] = 0.0
            else:
                self.forget([incident_id])

    def _set(self, name: str, thread: Thread | None) -> None:
        self.waiting.pop(name, None)
        incident_id = name.partition("/")[0]
        if thread is None:
            self._threads.pop(name, None)
            self._of_incident.get(incident_id, set()).discard(name)
            return
        self._threads[name] = thread
        self._of_incident.setdefault(incident_id, set()).add(name)
        if thread.sending is not None and thread.sending.claimed_by is None:
            self.waiting[name] = thread

    def _planned(self, incident: Incident, now: float) -> float:
        """Plan what receivers are to be told of an incident; gives when time alone may change that."""
        who = wanted(incident, self._ways[incident.id], self._notifiers, now)
        known = (self._threads[name].receiver_id for name in self._of_incident.get(incident.id, ()))
        return min([who.changes_at, *(self._plan_one(incident, one, who, now) for one in {*who.rounds, *known})])

    def _plan_one(self, incident: Incident, receiver_id: str, who: Wanted, now: float) -> float:
        thread = Thread(incident.id, receiver_id)
        thread = self._threads.get(thread.name, thread)
        sending, receiver = thread.sending, self._notifiers.receiver(receiver_id)
        if sending is not None and sending.claimed_by is not None:
            return inf
        if receiver is None:
            self.put(thread.name, None)
            return inf
        if sending is not None and sending.doubtful:
            return inf
        since = self._notifiers.updated_at if sending is None else -inf
        because = why_told(incident, thread.told, receiver, who, now, since)
        if because.reason is not None:
            self._tell(thread, self._notice(because.reason, incident), who, now)
        elif sending is not None:
            self.put(thread.name, replace(thread, sending=None))
        return because.changes_at

    def _tell(self, thread: Thread, notice: Notice, who: Wanted, now: float) -> None:
        told, sending, count = told_of(notice.incident, thread.receiver_id, who, now), thread.sending, thread.count
        if sending is not None:
            sending = replace(sending, notice=notice, told=told)
        else:
            count += 1
            doubtful = thread.incident_id in self._doubted
            key = key_of(self._tenant, thread.name, str(count))
            sending = Sending(key, notice, told, since=now, due=now, doubtful=doubtful)
        self.put(thread.name, replace(thread, count=count, sending=sending))

    def _ways_of(self, member: Member, incident: Incident) -> Ways:
        alert = self._alerts.find(member.alert_id)
        if alert is None:
            labels = {**dict(incident.group), SERVICE_LABEL: member.service, RULE_LABEL: member.rule_id}
            labels[SEVERITY_LABEL] = member.severity.value
        elif alert.held_back.silenced_by or alert.held_back.inhibited_by:
            return ()
        else:
            labels = dict(labels_of(alert))
        return ways(self._notifiers.routes, labels, self._expressions)

    def _notice(self, reason: Reason, incident: Incident) -> Notice:
        said = filter(None, map(incident.last, _BY_PEOPLE))
        told = replace(incident, members=incident.members[:TOLD_MEMBERS], timeline=tuple(said))
        alerts = (self._alerts.find(member.alert_id) for member in told.members)
        alert = next((one for one in alerts if one is not None), None)
        if alert is None:
            return Notice(reason, told)
        return Notice(reason, told, self._alerts.now(alert).annotations, alert.runbook_url)


def key_of(tenant: str, *names: str) -> str:
    """What a notification, or several together, are known by wherever they are sent from."""
    return blake2b("\0".join((tenant, *names)).encode(), digest_size=16).hexdigest()


def graver_first(threads: Iterable[Thread]) -> Sequence[Thread]:
    """Threads that are to be sent: the gravest first, then by when they were to be told."""

    def place(thread: Thread) -> tuple[int, float, str]:
        assert thread.sending is not None
        return -thread.sending.notice.incident.severity.rank, thread.sending.since, thread.name

    return sorted(threads, key=place)
