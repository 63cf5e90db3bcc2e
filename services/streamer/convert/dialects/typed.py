"""Messages with `type` and `data`: one for each thing that is told, made once for all that it goes to."""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import orjson
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from binnacle.aggregator.v1.tail_service_pb2 import TailEvent, TailRow
from services.core.conventions import ALERT_EVENT
from services.core.errors import BinnacleError, Overloaded
from services.streamer.convert.frames import event_of
from services.streamer.convert.json_text import Json, json_bytes
from services.streamer.convert.live_rows import line_of_row
from services.streamer.convert.live_updates import error_message, row_id
from services.streamer.domain.deliveries import Batch, Begun, Content, Delivery, Failed, Pong, Report
from services.streamer.ports import Event, Row

Making = Callable[[Content], tuple[bytes, ...]]


class Messages:
    """A Form of single messages: `makers` by subscription, and one for what belongs to none."""

    def __init__(self, makers: Mapping[str, Making], others: Making) -> None:
        self._makers = makers
        self._others = others

    def messages(self, _sequence: int, deliveries: Sequence[Delivery]) -> Sequence[bytes]:
        """See Form."""
        return [
            message
            for held in deliveries
            for message in held.content.form(self._makers.get(held.subscription, self._others))
        ]

    def last(self, _sequence: int, _error: BinnacleError) -> Sequence[bytes]:
        """See Form; the code a connection closes with says enough."""
        return ()


class Typed:
    """Makes messages of one subscription: reports, log lines, alerts and other events are of type `kind`."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __call__(self, content: Content) -> tuple[bytes, ...]:
        """The messages that tell this."""
        match content:
            case Report():
                return (said(self._kind, report_text(content.body)),)
            case Batch():
                left_out = orjson.dumps({"channel": self._kind, "count": content.left_out})
                told = (said("left_out", left_out),) if content.left_out else ()
                return (*told, *(said(self._kind, orjson.dumps(self._row(content, row))) for row in content.rows))
            case Begun(broken=True):
                return (said("gap", orjson.dumps({"channel": self._kind})),)
            case Failed():
                return (said("error", orjson.dumps(error_object(content.error))),)
            case Pong():
                return (b'{"type":"pong"}',)
            case Event():
                return (said(content.type, orjson.dumps(event_object(content))),)
            case _:
                return ()

    def _row(self, batch: Batch, row: Row) -> Json:
        if batch.standing.logs:
            return {"id": row_id(row), **line_of_row(row)}
        return alert_of_row(row) if row.kind == ALERT_EVENT else {"id": row_id(row), **event_of_row(row)}


def said(kind: str, data: bytes) -> bytes:
    """One message."""
    return b'{"type":%b,"data":%b}' % (orjson.dumps(kind), data)


def report_text(body: object) -> bytes:
    """A report as JSON text."""
    return json_bytes(body) if isinstance(body, Message) else orjson.dumps(body)


def error_object(error: BinnacleError) -> Json:
    """An error: `reason` is a word of the contract, `message` for people."""
    told = error_message(error)
    made: Json = {"reason": told.reason, "message": told.message}
    if isinstance(error, Overloaded):
        made["retry_after_seconds"] = round(error.retry_after, 1)
    return made


def event_object(event: Event) -> Json:
    """An event that comes from elsewhere than the store."""
    body = event_of(event)
    told: Json = {"type": event.type, "service": body.service, "user_id": body.user_id}
    return {**told, "timestamp": body.timestamp.ToJsonString(), "data": MessageToDict(body.data)}


def event_of_row(row: Row) -> Json:
    """An event: `data` as it was sent."""
    event = tail_event(row)
    made: Json = {"type": event.type, "service": event.service, "user_id": event.user_id}
    made["timestamp"] = event.time.ToJsonString()
    if event.data_json:
        made["data"] = orjson.Fragment(event.data_json)
    return made


def alert_of_row(row: Row) -> Json:
    """What happened to an alert, told in the words of all who look at alerts."""
    event = tail_event(row)
    data = orjson.loads(event.data_json or "{}")
    name = data.get("name", data.get("rule_id"))
    return {
        "id": data.get("alert_id"),
        "rule_id": data.get("rule_id"),
        "rule_name": name,
        "condition": name,
        "severity": data.get("severity"),
        "state": data.get("state"),
        "what": data.get("what", data.get("state")),
        "person": data.get("person", ""),
        "comment": data.get("comment", ""),
        "service": event.service,
        "labels": data.get("labels", {}),
        "threshold": data.get("threshold"),
        "current_value": data.get("value"),
        "timestamp": event.time.ToJsonString(),
    }


def tail_event(row: Row) -> TailEvent:
    """The event in a row; to be read, not changed."""
    return cast("TailRow", row.body).event
