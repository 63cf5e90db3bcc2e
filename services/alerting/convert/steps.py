"""What happened to alerts, as messages."""

from binnacle.alerts.v1 import alerts_pb2
from services.alerting.convert.conditions import SEVERITIES
from services.alerting.ports.alerts import AlertStep
from services.runtime.times import timestamp


def step_message(step: AlertStep) -> alerts_pb2.AlertStep:
    """One step in the life of an alert."""
    return alerts_pb2.AlertStep(
        time=timestamp(step.at),
        what=step.what,
        severity=SEVERITIES.number(step.severity),
        value=step.value,
        person=step.person,
        comment=step.comment,
    )
