"""Values of alerting <-> messages."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable

from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import overview_service_pb2
from binnacle.alerts.v1 import alerts_pb2
from binnacle.events.v1 import events_pb2
from services.alerting.domain.listing import Place
from services.alerting.ports import Alert, AlertState, Observation, ServiceWindow, Severity
from services.core.conventions import ALERT_EVENT, SERVICE_LABEL
from services.core.errors import InvalidInput

STATES = {
    AlertState.PENDING: alerts_pb2.ALERT_STATE_PENDING,
    AlertState.FIRING: alerts_pb2.ALERT_STATE_FIRING,
    AlertState.RESOLVED: alerts_pb2.ALERT_STATE_RESOLVED,
    AlertState.INACTIVE: alerts_pb2.ALERT_STATE_INACTIVE,
}
SEVERITIES = {
    Severity.WARNING: alerts_pb2.SEVERITY_WARNING,
    Severity.CRITICAL: alerts_pb2.SEVERITY_CRITICAL,
}


def observation(response: overview_service_pb2.WatchOverviewResponse) -> Observation | None:
    """What rules are judged by; None when the message brings events alone."""
    which = response.frame.WhichOneof("frame")
    if which == "state":
        snapshot = response.frame.state.snapshot
    elif which == "update":
        snapshot = response.frame.update.snapshot
    else:
        return None
    return Observation(_seconds(snapshot.updated_at), tuple(map(_window, response.windows)))


def alert_message(alert: Alert) -> alerts_pb2.Alert:
    """An alert as callers see it."""
    return alerts_pb2.Alert(
        id=alert.id,
        rule_id=alert.rule_id,
        name=alert.name,
        severity=SEVERITIES[alert.severity],
        state=STATES[alert.state],
        service=alert.service,
        labels={SERVICE_LABEL: alert.service},
        started_at=_timestamp(alert.started_at),
        fired_at=_optional_timestamp(alert.fired_at),
        resolved_at=_optional_timestamp(alert.ended_at),
        current_value=alert.value,
        threshold=alert.threshold,
    )


def transition_event(alert: Alert) -> events_pb2.Event:
    """A transition as an event to record."""
    event = events_pb2.Event(type=ALERT_EVENT, service=alert.service, time=_timestamp(alert.changed_at))
    event.data.update(
        {
            "rule_id": alert.rule_id,
            "alert_id": alert.id,
            "name": alert.name,
            "severity": alert.severity.value,
            "state": alert.state.value,
            "value": alert.value,
            "threshold": alert.threshold,
        }
    )
    return event


def transition_events(alerts: Iterable[Alert]) -> list[events_pb2.Event]:
    """Transitions as events, in the same order."""
    return [transition_event(alert) for alert in alerts]


def state_filter(state: alerts_pb2.AlertState.ValueType) -> AlertState | None:
    """The state to match; None for any. Errors: InvalidInput for a number without meaning."""
    if state == alerts_pb2.ALERT_STATE_UNSPECIFIED:
        return None
    for known, number in STATES.items():
        if number == state:
            return known
    raise InvalidInput.of("state", "must be one of the states of binnacle.alerts.v1.AlertState")


def page_token(place: Place | None, state: AlertState | None) -> str:
    """An opaque token of where the next page goes on; empty after the last."""
    if place is None:
        return ""
    inside = json.dumps([state, place.started_at, place.alert_id])
    return urlsafe_b64encode(inside.encode()).decode().rstrip("=")


def place_from(token: str, state: AlertState | None) -> Place | None:
    """Where a page goes on; None for the first. Errors: InvalidInput for a token of another list."""
    if not token:
        return None
    try:
        of_state, started_at, alert_id = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        place = Place(float(started_at), str(alert_id))
    except (binascii.Error, ValueError, TypeError) as fault:
        raise InvalidInput.of("page_token", "is not a token of this list") from fault
    if of_state != state:
        raise InvalidInput.of("page_token", "belongs to a list with another state")
    return place


def _window(window: overview_service_pb2.ServiceWindow) -> ServiceWindow:
    beat = _seconds(window.last_heartbeat) if window.HasField("last_heartbeat") else None
    return ServiceWindow(window.service, window.requests, window.errors, beat)


def _seconds(time: Timestamp) -> float:
    return time.seconds + time.nanos / 1e9


def _timestamp(seconds: float) -> Timestamp:
    time = Timestamp()
    time.FromMicroseconds(round(seconds * 1e6))
    return time


def _optional_timestamp(seconds: float | None) -> Timestamp | None:
    return None if seconds is None else _timestamp(seconds)
