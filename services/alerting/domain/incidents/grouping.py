"""Which alerts belong together: a stage between what holds alerts back from people and who tells people.

An alert that people may be told of joins the incident that its rule and group belonged to half an hour before or later;
else one that goes on, whose last alert joined within ten minutes, and which is about the same service, host, provider
or database, about something that calls that or is called by it, or about the same rule. An acknowledged one takes
nothing by the rule alone: whoever is on one thing is not on another that only fails alike. Where there is none it opens
one. It stays there. Pure: time comes with what it is told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from services.alerting.domain.incidents.call_graph import CallGraph
from services.alerting.domain.incidents.course import RULE, IncidentCourse, Source, Step, keys_of, names_of
from services.alerting.domain.incidents.heads import incident_id
from services.alerting.domain.machine import ENDED
from services.alerting.ports.alerts import Alert, AlertState, HeldBack, Transition
from services.alerting.ports.incidents import Incident, IncidentState
from services.alerting.ports.states import News

TOGETHER_SECONDS = 600.0
"""Within which time of the last one an alert joins an incident that it has something to do with."""
_AUDIBLE = HeldBack()


@dataclass(frozen=True, slots=True)
class Taken:
    """News of alerts that know their incident, and of incidents; and the alerts that joined one."""

    news: News
    joined: Sequence[Alert] = ()


class Incidents:
    """The incidents of one tenant that go on, or may come back."""

    def __init__(self, tenant: str) -> None:
        self._tenant = tenant
        self.graph = CallGraph()
        self._courses: dict[str, IncidentCourse] = {}
        self._of: dict[str, str] = {}
        self._last: dict[Source, str] = {}
        self._by_key: dict[tuple[str, str], str] = {}

    @property
    def go_on(self) -> bool:
        """Whether an incident goes on."""
        return any(course.active for course in self._courses.values())

    def adopt(self, incidents: Iterable[Incident], alerts: Iterable[Alert], now: float) -> Sequence[Incident]:
        """Go on from a former run; the incidents that had to be put together again from their alerts."""
        heads, of = {one.id: one for one in incidents}, dict[str, list[Alert]]()
        for alert in alerts:
            if alert.incident_id:
                of.setdefault(alert.incident_id, []).append(alert)
        for identity, head in heads.items():
            course = IncidentCourse(head, max((entry.at for entry in head.timeline), default=head.started_at))
            if course.may_come_back(now) or identity in of:
                self._resume(course, of.get(identity, ()))
        lost = [identity for identity in of if identity not in heads]
        return [self._put_together(identity, of[identity]) for identity in lost]

    def take_up(self, news: News, at: float) -> Taken:
        """What becomes of incidents by what happened to alerts."""
        steps: dict[str, Step] = {}
        transitions = tuple(self._placed(one, steps, at) for one in news.transitions)
        told = tuple(self._taken(alert, steps, at) for alert in news.told)
        for identity, step in steps.items():
            self._courses[identity].step(step, at, self.graph)
        joined = [alert for step in steps.values() for alert in step.joined.values()]
        heads = tuple(self._courses[identity].incident for identity in steps)
        after = replace(news, transitions=transitions, told=told, incidents=(*news.incidents, *heads))
        return Taken(after, joined)

    def pass_time(self, now: float) -> Taken:
        """What is over, since it was quiet for long enough. What cannot come back is forgotten."""
        due = [course for course in self._courses.values() if course.is_due(now)]
        for course in due:
            course.resolve(now)
        for identity, course in [*self._courses.items()]:
            if not course.may_come_back(now):
                self._forget(identity, course)
        return Taken(News(incidents=tuple(course.incident for course in due)))

    def explain(self) -> Sequence[Incident]:
        """Incidents that go on, and may have begun elsewhere than was said, by the calls that are known now."""
        going = [course for course in self._courses.values() if course.active]
        return [course.incident for course in going if course.explain(self.graph)]

    def _placed(self, transition: Transition, steps: dict[str, Step], at: float) -> Transition:
        if transition.is_after_end:
            if transition.alert.incident_id in self._courses:
                steps.setdefault(transition.alert.incident_id, Step()).said.append(transition.alert)
            return transition
        alert = self._taken(transition.alert, steps, at)
        return transition if alert is transition.alert else Transition(alert, transition.step)

    def _taken(self, alert: Alert, steps: dict[str, Step], at: float) -> Alert:
        """An alert with its incident, noted in the step of that."""
        identity = self._of.get(alert.id, "")
        if not identity:
            if not _is_told(alert):
                return alert
            return self._join(alert, steps, at)
        if alert.incident_id != identity:
            alert = replace(alert, incident_id=identity)
        step = steps.setdefault(identity, Step())
        if alert.state in ENDED:
            step.ended[alert.id] = alert
            del self._of[alert.id]
        elif alert.id in step.joined:
            step.joined[alert.id] = alert
        else:
            step.changed[alert.id] = alert
        return alert

    def _join(self, alert: Alert, steps: dict[str, Step], at: float) -> Alert:
        course = self._chosen(alert, at) or self._opened(alert, at)
        identity = course.incident.id
        said = alert.acknowledgement or course.acknowledgement
        joined = replace(alert, incident_id=identity, acknowledgement=said)
        steps.setdefault(identity, Step()).joined[alert.id] = joined
        self._of[alert.id] = identity
        self._index(identity, joined)
        # Whoever comes next in the same step finds it.
        course.joined_at = at
        return joined

    def _chosen(self, alert: Alert, at: float) -> IncidentCourse | None:
        last = self._courses.get(self._last.get((alert.rule_id, alert.group), ""))
        if last is not None and last.may_come_back(at):
            return last
        keys = keys_of(alert)
        related = [("thing", other) for name in names_of(alert) for other in self.graph.related(name)]
        for some in (keys, related):
            found = {identity for key in some if (identity := self._by_key.get(key)) and self._takes(identity, key, at)}
            if found:
                return min((self._courses[identity] for identity in found), key=_age)
        return None

    def _takes(self, identity: str, key: tuple[str, str], at: float) -> bool:
        """Whether others that have a key in common with an incident may join it."""
        course = self._courses[identity]
        if course.incident.state is IncidentState.RESOLVED or (course.acknowledgement and key[0] == RULE):
            return False
        return at - course.joined_at <= TOGETHER_SECONDS

    def _opened(self, alert: Alert, at: float) -> IncidentCourse:
        head = _head(incident_id(self._tenant, alert.id), alert)
        return self._courses.setdefault(head.id, IncidentCourse(head, at))

    def _resume(self, course: IncidentCourse, alerts: Iterable[Alert]) -> None:
        identity = course.incident.id
        self._courses[identity] = course
        for alert in alerts:
            course.know(alert)
            self._index(identity, alert)
            if alert.state not in ENDED:
                course.put(alert)
                self._of[alert.id] = identity

    def _put_together(self, identity: str, alerts: Sequence[Alert]) -> Incident:
        """An incident of which nothing is left but its alerts."""
        alerts = sorted(alerts, key=lambda alert: (alert.fired_at or alert.started_at, alert.id))
        head = _head(identity, alerts[0])
        course = self._courses[identity] = IncidentCourse(head, head.started_at)
        course.step(Step(joined={alert.id: alert for alert in alerts}), head.started_at, self.graph)
        ended = {alert.id: alert for alert in alerts if alert.state in ENDED}
        course.step(Step(ended=ended), max((alert.changed_at for alert in ended.values()), default=0.0), self.graph)
        course.joined_at = max(alert.fired_at or alert.started_at for alert in alerts)
        for alert in alerts:
            self._index(identity, alert)
            if alert.id in course.active:
                self._of[alert.id] = identity
        return course.incident

    def _index(self, identity: str, alert: Alert) -> None:
        self._last[alert.rule_id, alert.group] = identity
        for key in keys_of(alert):
            former = self._by_key.get(key)
            if (
                former is None
                or former not in self._courses
                or _age(self._courses[former]) <= _age(self._courses[identity])
            ):
                self._by_key[key] = identity

    def _forget(self, identity: str, course: IncidentCourse) -> None:
        for source in course.sources:
            if self._last.get(source) == identity:
                del self._last[source]
        for key in course.keys:
            if self._by_key.get(key) == identity:
                del self._by_key[key]
        del self._courses[identity]


def _head(identity: str, alert: Alert) -> Incident:
    """An incident before its first alert joined."""
    started_at = alert.started_at if alert.fired_at is None else alert.fired_at
    return Incident(
        id=identity,
        title=alert.name,
        severity=alert.severity,
        worst=alert.severity,
        state=IncidentState.OPEN,
        started_at=started_at,
        changed_at=started_at,
        group=alert.labels,
    )


def _is_told(alert: Alert) -> bool:
    """Whether people may be told of an alert."""
    return alert.state not in ENDED and alert.state is not AlertState.PENDING and alert.held_back == _AUDIBLE


def _age(course: IncidentCourse) -> tuple[float, str]:
    return course.incident.started_at, course.incident.id
