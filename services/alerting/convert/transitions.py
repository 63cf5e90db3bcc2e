"""What happened to alerts <-> events of type `alert`, from which alerts can be put together again.

Beside what people read there, an event holds under `alert` what only this module does.
"""

from typing import Any

import msgspec
from google.protobuf.json_format import MessageToDict

from binnacle.events.v1 import events_pb2
from services.alerting.ports.alerts import (
    Acknowledgement,
    Alert,
    AlertState,
    AlertStep,
    Labels,
    Resolution,
    Severity,
    Transition,
)
from services.core.conventions import ALERT_EVENT
from services.runtime.times import timestamp

LONGEST_SERVICE = 100


class _Course(msgspec.Struct, frozen=True, omit_defaults=True):
    """What of an alert people do not read in its events."""

    group: Labels
    started_at: float
    changed_at: float
    at: float
    fired_at: float | None = None
    ended_at: float | None = None
    acknowledgement: Acknowledgement | None = None
    resolution: Resolution | None = None


class _Data(msgspec.Struct, frozen=True):
    """Attributes of an event."""

    alert_id: str
    rule_id: str
    name: str
    state: AlertState
    what: str
    severity: Severity
    threshold: float
    labels: dict[str, str]
    alert: _Course
    value: float | None = None
    person: str = ""
    comment: str = ""
    incident_id: str = ""


def transition_event(transition: Transition) -> events_pb2.Event:
    """A transition as an event to record."""
    alert, step = transition.alert, transition.step
    course = _Course(
        group=alert.group,
        started_at=alert.started_at,
        changed_at=alert.changed_at,
        at=step.at,
        fired_at=alert.fired_at,
        ended_at=alert.ended_at,
        acknowledgement=alert.acknowledgement,
        resolution=alert.resolution,
    )
    data = _Data(
        alert_id=alert.id,
        rule_id=alert.rule_id,
        name=alert.name,
        state=alert.state,
        what=step.what,
        severity=step.severity,
        threshold=alert.threshold,
        labels=dict(alert.labels),
        alert=course,
        value=step.value,
        person=step.person,
        comment=step.comment,
        incident_id=alert.incident_id,
    )
    event = events_pb2.Event(type=ALERT_EVENT, service=alert.service[:LONGEST_SERVICE], time=timestamp(step.at))
    event.data.update(_told(msgspec.to_builtins(data)))
    return event


def transition_from(event: events_pb2.Event) -> Transition | None:
    """A transition that was recorded; None for an event that somebody else has sent."""
    try:
        data = msgspec.convert(MessageToDict(event.data), _Data, strict=False)
    except msgspec.ValidationError:
        return None
    course = data.alert
    alert = Alert(
        id=data.alert_id,
        rule_id=data.rule_id,
        name=data.name,
        severity=data.severity,
        state=data.state,
        group=course.group,
        labels=tuple(sorted(data.labels.items())),
        started_at=course.started_at,
        changed_at=course.changed_at,
        value=data.value,
        threshold=data.threshold,
        fired_at=course.fired_at,
        ended_at=course.ended_at,
        acknowledgement=course.acknowledgement,
        resolution=course.resolution,
        incident_id=data.incident_id,
    )
    return Transition(alert, AlertStep(course.at, data.what, data.severity, data.value, data.person, data.comment))


def _told(data: dict[str, Any]) -> dict[str, Any]:
    """Without what there is nothing of."""
    return {name: value for name, value in data.items() if value is not None and value != ""}
