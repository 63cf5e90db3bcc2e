"""Attempts to tell somebody <-> events of type `notification`, and as messages.

Beside what people read there, an event holds under `threads` what only this module does.
"""

from typing import Any

import msgspec
from google.protobuf.json_format import MessageToDict
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.alerting.v1 import notifier_service_pb2 as service_pb
from binnacle.events.v1 import events_pb2
from binnacle.notifications.v1 import notifications_pb2 as pb
from services.alerting.convert.conditions import SEVERITIES
from services.alerting.ports.alerts import Severity
from services.alerting.ports.notifications import Delivery, Outcome, Reason, Told, WantedDeliveries
from services.core.conventions import NOTIFICATION_EVENT
from services.core.errors import InvalidInput
from services.runtime.times import duration, optional_timestamp, seconds_of, timestamp
from services.runtime.words import Words

OUTCOMES: Words[Outcome] = Words(pb.Delivery.Outcome, Outcome)
REASONS: Words[Reason] = Words(pb.Delivery.Reason, Reason)
LONGEST_DETAIL, LONGEST_TITLE = 500, 250
DAY, LATEST = 86_400.0, 4_102_444_800


class _Data(msgspec.Struct, frozen=True, omit_defaults=True):
    """Attributes of an event."""

    at: float
    key: str
    receiver_id: str
    kind: str
    reason: Reason
    title: str
    severity: Severity
    outcome: Outcome
    attempt: int
    incidents: int
    threads: tuple[tuple[str, int, Told | None], ...] = ()
    detail: str = ""
    status: int = 0
    may_be_repeat: bool = False
    next_at: float | None = None
    took: float = 0.0


def delivery_event(delivery: Delivery) -> events_pb2.Event:
    """An attempt as an event to record."""
    data = _Data(
        at=delivery.at,
        key=delivery.key,
        receiver_id=delivery.receiver_id,
        kind=delivery.kind,
        reason=delivery.reason,
        title=delivery.title[:LONGEST_TITLE],
        severity=delivery.severity,
        outcome=delivery.outcome,
        attempt=delivery.attempt,
        incidents=len(delivery.threads),
        threads=delivery.threads,
        detail=delivery.detail[:LONGEST_DETAIL],
        status=delivery.status,
        may_be_repeat=delivery.may_be_repeat,
        next_at=delivery.next_at,
        took=delivery.took,
    )
    event = events_pb2.Event(type=NOTIFICATION_EVENT, time=timestamp(delivery.at))
    event.data.update(_told(msgspec.to_builtins(data)))
    return event


def _told(held: Any) -> Any:
    """Without what there is nothing of: an attribute has no null."""
    if isinstance(held, dict):
        return {name: _told(value) for name, value in held.items() if value is not None}
    if isinstance(held, list | tuple):
        return [_told(value) if value is not None else {} for value in held]
    return held


def delivery_from(event: events_pb2.Event) -> Delivery | None:
    """An attempt that was recorded; None for an event that somebody else has sent."""
    held = MessageToDict(event.data)
    held["threads"] = [[name, count, told or None] for name, count, told in _triples(held.get("threads"))]
    try:
        data = msgspec.convert(held, _Data, strict=False)
    except msgspec.ValidationError:
        return None
    told = {name: getattr(data, name) for name in _Data.__struct_fields__ if name != "incidents"}
    return Delivery(**told)


def _triples(held: Any) -> list[Any]:
    listed = held if isinstance(held, list) else []
    return [one for one in listed if isinstance(one, list) and len(one) == 3]


def delivery_message(delivery: Delivery) -> pb.Delivery:
    """An attempt as callers see it."""
    return pb.Delivery(
        time=timestamp(delivery.at),
        key=delivery.key,
        receiver_id=delivery.receiver_id,
        kind=delivery.kind,
        reason=REASONS.number(delivery.reason),
        incident_ids=[name for name, _count, _told in delivery.threads],
        incidents=len(delivery.threads),
        title=delivery.title,
        severity=SEVERITIES.number(delivery.severity),
        outcome=OUTCOMES.number(delivery.outcome),
        attempt=delivery.attempt,
        detail=delivery.detail,
        status=delivery.status,
        may_be_repeat=delivery.may_be_repeat,
        next_time=optional_timestamp(delivery.next_at),
        took=duration(delivery.took),
    )


def time_from(field: str, given: Timestamp) -> float:
    """A time that is asked for. Raises InvalidInput for one that no clock shows."""
    seconds = seconds_of(given)
    if not 0 < seconds < LATEST:
        raise InvalidInput.of(field, "must be a time between 1970 and 2100")
    return seconds


def wanted_from(request: service_pb.ListDeliveriesRequest, now: float) -> WantedDeliveries:
    """Which attempts are asked for. Raises InvalidInput."""
    end = time_from("end_time", request.end_time) if request.HasField("end_time") else now
    start = time_from("start_time", request.start_time) if request.HasField("start_time") else end - DAY
    if not 0 <= start < end:
        raise InvalidInput.of("start_time", "must be before the end")
    return WantedDeliveries(
        start=start,
        end=end,
        receiver_id=request.receiver_id,
        incident_id=request.incident_id,
        outcome=OUTCOMES.word("outcome", request.outcome) if request.outcome else None,
    )
