"""The sockets of a messaging platform: envelopes of `message_type`, `payload` and `timestamp`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, cast

import orjson
from google.protobuf.message import Message

from services.core.clock import Clock
from services.core.conventions import (
    AI_EVENT,
    ALERT_EVENT,
    CAMPAIGN_UPDATE_EVENT,
    CONVERSATION_STARTED_EVENT,
    MESSAGE_RECEIVED_EVENT,
    MESSAGE_SENT_EVENT,
    TICKET_CREATED_EVENT,
)
from services.streamer.convert.dialects.typed import alert_of_row, error_object, event_object, tail_event
from services.streamer.convert.json_text import Json, json_object
from services.streamer.convert.live_updates import row_id
from services.streamer.domain.deliveries import Batch, Begun, Content, Failed, Pong, Report
from services.streamer.ports import Event, Row

SYSTEM_ALERT: Final = "SystemAlert"
ERP_CALL: Final = "ERPCall"
CONVERSATIONS: Final = (
    MESSAGE_SENT_EVENT,
    MESSAGE_RECEIVED_EVENT,
    CONVERSATION_STARTED_EVENT,
    TICKET_CREATED_EVENT,
)
EVENT_TYPES: Final = (*CONVERSATIONS, CAMPAIGN_UPDATE_EVENT, AI_EVENT, ERP_CALL, SYSTEM_ALERT)
# What has to happen to an alert for it to be told as an alert, and to be told at all.
_FIRES: Final = ("firing", "no_data", "error")
_TOLD: Final = (*_FIRES, "resolved", "resolved_by_hand")
_HOLD_THEIR_TIME: Final = (MESSAGE_SENT_EVENT, MESSAGE_RECEIVED_EVENT)


class Envelopes:
    """Makes envelopes of what is told. What has a time of its own carries that, everything else the clock's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def events(self, content: Content) -> tuple[bytes, ...]:
        """Events of the eight types; an alert of the suite that fires or is resolved is a SystemAlert."""
        if not isinstance(content, Batch):
            return self.others(content)
        tenant = content.standing.tenant
        return tuple(_event("Event", row, tenant) for row in content.rows if _what(row) in (None, *_TOLD))

    def alerts(self, content: Content) -> tuple[bytes, ...]:
        """Alerts that fire, the suite's own and those that were sent as events."""
        if not isinstance(content, Batch):
            return self.others(content)
        tenant = content.standing.tenant
        return tuple(_event("Alert", row, tenant) for row in content.rows if _what(row) in (None, *_FIRES))

    def metrics(self, content: Content) -> tuple[bytes, ...]:
        """The overview's figures, the main ones at the top."""
        if not isinstance(content, Report):
            return self.others(content)
        told = json_object(cast("Message", content.body))
        main = cast("Json", told.pop("metrics"))
        return (_envelope("Metrics", {**main, **told}, str(told["timestamp"])),)

    def others(self, content: Content) -> tuple[bytes, ...]:
        """What is told whatever was subscribed to."""
        match content:
            case Failed():
                return (_envelope("Error", error_object(content.error), _time(self._clock.now())),)
            case Begun(broken=True):
                return (_envelope("Gap", {}, _time(self._clock.now())),)
            case Pong():
                return (_envelope("Heartbeat", {}, _time(content.at)),)
            case Event():
                told = event_object(content)
                return (_envelope("Broadcast", {"event_type": told.pop("type"), **told}, str(told["timestamp"])),)
            case _:
                return ()


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _event(kind: str, row: Row, tenant: str) -> bytes:
    event = tail_event(row)
    time = event.time.ToJsonString()
    is_alert = row.kind in (ALERT_EVENT, SYSTEM_ALERT)
    payload = {
        "event_type": SYSTEM_ALERT if is_alert else row.kind,
        "data": _alert(row) if is_alert else _data(row, time),
        "timestamp": time,
        "tenant_id": tenant,
        "service": event.service,
        "user_id": event.user_id,
        "id": row_id(row),
    }
    return _envelope(kind, payload, time)


def _data(row: Row, time: str) -> object:
    data = orjson.loads(row.attributes or "{}")
    return {"timestamp": time, **data} if row.kind in _HOLD_THEIR_TIME else data


def _alert(row: Row) -> Json:
    if row.kind == ALERT_EVENT:
        return alert_of_row(row)
    data: Json = orjson.loads(row.attributes or "{}")
    name = data.get("condition") or data.get("rule_id") or SYSTEM_ALERT
    return {"rule_name": name, "condition": name, **data}


def _what(row: Row) -> object:
    """What happened to an alert of the suite; None of any other event."""
    return alert_of_row(row)["what"] if row.kind == ALERT_EVENT else None


def _envelope(kind: str, payload: Mapping[str, object], timestamp: str) -> bytes:
    return orjson.dumps({"message_type": kind, "payload": payload, "timestamp": timestamp})
