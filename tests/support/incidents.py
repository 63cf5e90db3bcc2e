"""Incidents as they are decided from alerts, for tests."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from services.alerting.domain.incidents.grouping import Incidents, Taken
from services.alerting.ports.alerts import Acknowledgement, Alert, AlertState, AlertStep, Transition
from services.alerting.ports.calls import Call
from services.alerting.ports.incidents import Incident
from services.alerting.ports.states import News
from tests.support.alerts import START, alert, transition


def fires(alert_id: str, service: str = "shop", rule_id: str = "busy", at: float = 0, **changes: object) -> Alert:
    """An alert that fires since `at` seconds after START, each of its own group."""
    labels = (("service", service),)
    made: dict[str, Any] = {
        "rule_id": rule_id,
        "fired_at": START + at,
        "changed_at": START + at,
        "group": labels,
        "labels": labels,
    }
    return replace(alert(alert_id, AlertState.FIRING, at, service, **made), **changes)  # type: ignore[arg-type]


def ends(fired: Alert, at: float) -> Alert:
    """The same after its end."""
    return replace(fired, state=AlertState.RESOLVED, ended_at=START + at, changed_at=START + at)


def acknowledged(fired: Alert, at: float, person: str = "ann") -> Alert:
    """The same after somebody said to be on it."""
    return replace(fired, acknowledgement=Acknowledgement(person, "on it", START + at))


class World:
    """Incidents of a tenant, and how each stands."""

    def __init__(self, calls: Iterable[Call] = ()) -> None:
        self.incidents = Incidents("default")
        self.incidents.graph.learn(calls, START)
        self.heads: dict[str, Incident] = {}
        self.told: list[str] = []

    def happens(self, *alerts: Alert, at: float = 0) -> list[str]:
        """What is told of incidents when alerts become these at once, `at` seconds after START."""
        return self._taken(self.incidents.take_up(News(tuple(map(transition, alerts))), START + at))

    def said(self, alert: Alert, at: float) -> list[str]:
        """The same where a person says something of an alert `at` seconds after START."""
        step = AlertStep(START + at, "said", alert.severity, alert.value)
        return self._taken(self.incidents.take_up(News((Transition(alert, step),)), START + at))

    def incident_of(self, alert: Alert) -> Alert:
        """The same as a part of the one incident there is."""
        return replace(alert, incident_id=self.only().id)

    def changes(self, *alerts: Alert, at: float = 0) -> list[str]:
        """The same where something else is told of alerts."""
        return self._taken(self.incidents.take_up(News(told=alerts), START + at))

    def passes(self, at: float) -> list[str]:
        """What is told as time passes."""
        return self._taken(self.incidents.pass_time(START + at))

    def only(self) -> Incident:
        """The one incident there is."""
        [incident] = self.heads.values()
        return incident

    def _taken(self, taken: Taken) -> list[str]:
        told = []
        for each in taken.news.incidents:
            before = self.heads.get(each.id)
            told += [entry.what.value for entry in each.timeline[len(before.timeline) if before else 0 :]]
            self.heads[each.id] = each
        self.told += told
        return told
