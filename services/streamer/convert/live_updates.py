"""What is handed to connections as messages of the contract."""

import json
from collections.abc import Mapping
from typing import Final, cast

from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message

from binnacle.aggregator.v1 import tail_service_pb2
from binnacle.events.v1.events_pb2 import Event
from binnacle.live.v1 import live_pb2 as pb
from binnacle.logs.v1.logs_pb2 import LogRecord
from services.core.errors import BinnacleError, InvalidInput, Overloaded, Unavailable
from services.runtime.statuses import told
from services.streamer.convert.frames import event_of, state_message, update_message
from services.streamer.convert.positions import token_from
from services.streamer.domain.deliveries import Batch, Begun, Content, Failed, Report
from services.streamer.ports import Event as Told, Row, State, Update

REPORTS: Final[Mapping[str, str]] = {
    "binnacle.query.v1.TimeSeriesAnswer": "answer",
    "binnacle.live.v1.Figures": "figures",
    "binnacle.live.v1.Stats": "stats",
    "binnacle.live.v1.Health": "health",
    "binnacle.aggregator.v1.GetPipelineResponse": "pipeline",
}


def update_from(content: Content, *, demo: bool) -> pb.Update:
    """An update of no subscription in particular; `demo` says whether demonstration input runs."""
    match content:
        case Begun():
            made = pb.Update(subscribed=pb.Subscribed(resumed=content.resumed))
        case Batch():
            made = _batch(content)
        case State():
            made = pb.Update(state=state_message(content, demo))
        case Update():
            made = pb.Update(change=update_message(content))
        case Report():
            body = cast("Message", content.body)
            made = pb.Update()
            getattr(made, REPORTS[body.DESCRIPTOR.full_name]).CopyFrom(body)
        case Failed():
            made = pb.Update(error=error_message(content.error))
        case Told():
            made = pb.Update(events=pb.Events(events=[_told(content)]))
        case _:
            raise TypeError(f"no update is made of {content!r}")
    if isinstance(content, Begun | Batch) and content.standing is not None:
        made.position = token_from(content.standing)
    return made


def end_message(error: BinnacleError) -> pb.End:
    """Why a connection ends, and whether to come back."""
    end = pb.End(error=error_message(error))
    if isinstance(error, Overloaded | Unavailable):
        end.resume = True
        end.retry_after.FromNanoseconds(int(error.retry_after * 1e9))
    return end


def error_message(error: BinnacleError) -> pb.Error:
    """An error in band."""
    _code, reason = told(error)
    made = pb.Error(reason=reason, message=str(error))
    if isinstance(error, InvalidInput):
        made.violations.extend(pb.FieldViolation(field=v.field, description=v.description) for v in error.violations)
    return made


def row_id(row: Row) -> str:
    """The same whenever and by whomever a row is told."""
    return f"{row.journal}:{row.mark[0]}:{row.mark[1]}"


def _batch(batch: Batch) -> pb.Update:
    if batch.standing.logs:
        lines = pb.LogLines(lines=map(_line, batch.rows), left_out=batch.left_out)
        return pb.Update(log_lines=lines) if batch.rows or batch.left_out else pb.Update()
    return pb.Update(events=pb.Events(events=map(_event, batch.rows))) if batch.rows else pb.Update()


def _told(event: Told) -> pb.LiveEvent:
    told_event = event_of(event)
    made = Event(type=event.type, service=told_event.service, time=told_event.timestamp, data=told_event.data)
    return pb.LiveEvent(event=made, accepted_time=told_event.timestamp)


def _event(row: Row) -> pb.LiveEvent:
    told_row = cast("tail_service_pb2.TailRow", row.body)
    event = told_row.event
    made = Event(
        type=event.type,
        service=event.service,
        user_id=event.user_id,
        session_id=event.session_id,
        time=event.time,
    )
    if event.data_json:
        ParseDict(json.loads(event.data_json), made.data)
    return pb.LiveEvent(event=made, accepted_time=told_row.accepted_time, id=row_id(row))


def _line(row: Row) -> pb.LiveLogLine:
    told_row = cast("tail_service_pb2.TailRow", row.body)
    line = told_row.line
    record = LogRecord(
        time=line.time, level=line.level, service=line.service, message=line.message, trace_id=line.trace_id
    )
    if line.attributes_json:
        ParseDict(json.loads(line.attributes_json), record.attributes)
    return pb.LiveLogLine(record=record, accepted_time=told_row.accepted_time, id=row_id(row))
