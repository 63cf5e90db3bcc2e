"""What people say of alerts and incidents, as they call."""

from google.protobuf.duration_pb2 import Duration

from binnacle.alerting.v1 import alert_service_pb2 as alerts_pb, incident_service_pb2 as incidents_pb
from services.core.errors import InvalidInput
from services.runtime.calls import current_call
from services.runtime.times import seconds_of

MOST_PERSON, MOST_COMMENT = 200, 2_000
RETURNS_AFTER = 900.0
MINUTE, DAY = 60.0, 86_400.0
ANYBODY = "anonymous"
"""Who says something where neither the call nor its credential names anybody."""


Acknowledging = alerts_pb.AcknowledgeAlertRequest | incidents_pb.AcknowledgeIncidentRequest
Resolving = alerts_pb.ResolveAlertRequest | incidents_pb.ResolveIncidentRequest


def acknowledging(request: Acknowledging) -> tuple[str, str, float | None]:
    """Who is on it, what they say, and for how long; None: until the end. Raises InvalidInput, naming the field."""
    ttl = _seconds("ttl", request.ttl, 30 * DAY) if request.HasField("ttl") else None
    return *_said(request), ttl


def resolving(request: Resolving) -> tuple[str, str, float]:
    """Who says that it is over, what else, and after how long it comes back. Raises InvalidInput, naming the field."""
    given = request.HasField("returns_after")
    return *_said(request), _seconds("returns_after", request.returns_after, 7 * DAY) if given else RETURNS_AFTER


def _said(request: Acknowledging | Resolving) -> tuple[str, str]:
    if len(request.person) > MOST_PERSON:
        raise InvalidInput.of("person", f"must have at most {MOST_PERSON} characters")
    if len(request.comment) > MOST_COMMENT:
        raise InvalidInput.of("comment", f"must have at most {MOST_COMMENT:,} characters")
    return request.person or current_call().subject[:MOST_PERSON] or ANYBODY, request.comment


def _seconds(field: str, given: Duration, most: float) -> float:
    seconds = seconds_of(given)
    if not MINUTE <= seconds <= most:
        raise InvalidInput.of(field, f"must be 60 to {most:.0f} seconds")
    return seconds
