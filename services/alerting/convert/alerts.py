"""Alerts as messages."""

from collections.abc import Callable

from binnacle.alerting.v1 import alert_service_pb2 as pb
from binnacle.alerts.v1 import alerts_pb2
from binnacle.figures.v1 import figures_pb2
from services.alerting.convert.conditions import SEVERITIES
from services.alerting.domain.listing import Wanted
from services.alerting.domain.view import Counts
from services.alerting.ports.alerts import Acknowledgement, Alert, AlertState, Resolution
from services.core.errors import InvalidInput
from services.runtime.label_matchers import matchers_from_texts
from services.runtime.times import optional_timestamp, timestamp
from services.runtime.words import Words

STATES: Words[AlertState] = Words(alerts_pb2.AlertState, AlertState)
MOST_TEXT = 200
_OUT = frozenset({AlertState.FIRING, AlertState.KEEP_FIRING, AlertState.NO_DATA, AlertState.ERROR})
"""States in which people are told of an alert."""


def alert_message(alert: Alert) -> alerts_pb2.Alert:
    """An alert as callers see it."""
    return alerts_pb2.Alert(
        id=alert.id,
        rule_id=alert.rule_id,
        name=alert.name,
        severity=SEVERITIES.number(alert.severity),
        state=STATES.number(alert.state),
        service=alert.service,
        labels=dict(alert.labels),
        started_at=timestamp(alert.started_at),
        fired_at=optional_timestamp(alert.fired_at),
        resolved_at=optional_timestamp(alert.ended_at),
        changed_at=timestamp(alert.changed_at),
        current_value=alert.value,
        threshold=alert.threshold,
        annotations=dict(alert.annotations),
        runbook_url=alert.runbook_url,
        owner=alert.owner,
        acknowledgement=acknowledgement_message(alert.acknowledgement),
        resolution=_resolution(alert.resolution),
        silenced_by=alert.held_back.silenced_by,
        inhibited_by=alert.held_back.inhibited_by,
        incident_id=alert.incident_id,
    )


def wanted_from(asked: pb.ListAlertsRequest) -> Wanted:
    """Which alerts to list. Raises InvalidInput, naming the field."""
    if len(asked.text) > MOST_TEXT:
        raise InvalidInput.of("text", f"must have at most {MOST_TEXT} characters")
    return Wanted(
        state=STATES.word("state", asked.state) if asked.state else None,
        severity=SEVERITIES.word("severity", asked.severity) if asked.severity else None,
        rule_id=asked.rule_id,
        service=asked.service,
        matchers=matchers_from_texts(asked.match),
        text=asked.text,
        audible=asked.audible,
        active=asked.active,
        incident_id=asked.incident_id,
    )


def counts_message(counts: Counts, at: float) -> figures_pb2.AlertCounts:
    """How many alerts there are."""

    def count(matches: Callable[[AlertState, str], bool]) -> int:
        return sum(number for (state, severity), number in counts.items() if matches(state, severity))

    return figures_pb2.AlertCounts(
        as_of=timestamp(at),
        firing=count(lambda state, _: state in _OUT),
        critical=count(lambda state, severity: state in _OUT and severity == "critical"),
        pending=count(lambda state, _: state is AlertState.PENDING),
        resolved=count(lambda state, _: state is AlertState.RESOLVED),
    )


def acknowledgement_message(said: Acknowledgement | None) -> alerts_pb2.Acknowledgement | None:
    """Who has said that somebody is on it; None where nobody has."""
    if said is None:
        return None
    return alerts_pb2.Acknowledgement(
        person=said.person,
        comment=said.comment,
        time=timestamp(said.at),
        expires_time=optional_timestamp(said.expires_at),
    )


def _resolution(said: Resolution | None) -> alerts_pb2.Resolution | None:
    if said is None:
        return None
    return alerts_pb2.Resolution(
        person=said.person, comment=said.comment, time=timestamp(said.at), returns_time=timestamp(said.returns_at)
    )
