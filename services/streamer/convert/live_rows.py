"""Rows as JSON, by hand: the general printer takes a hundred times as long, and this is the busy path."""

from typing import cast

import orjson

from binnacle.aggregator.v1 import tail_service_pb2 as pb
from binnacle.logs.v1.logs_pb2 import LogLevel
from services.streamer.convert.json_text import Json
from services.streamer.convert.live_updates import row_id
from services.streamer.domain.deliveries import Batch
from services.streamer.ports import Row


def rows_json(batch: Batch) -> bytes:
    """The field of an Update that holds the rows of a batch, without braces around it."""
    if batch.standing.logs:
        lines = orjson.dumps([_line(row) for row in batch.rows])
        return b'"log_lines":{"lines":%b,"left_out":%d}' % (lines, batch.left_out)
    return b'"events":{"events":%b}' % orjson.dumps([_event(row) for row in batch.rows])


def _event(row: Row) -> Json:
    told = cast("pb.TailRow", row.body)
    event = told.event
    made: Json = {
        "type": event.type,
        "service": event.service,
        "user_id": event.user_id,
        "session_id": event.session_id,
        "time": event.time.ToJsonString(),
    }
    if event.data_json:
        made["data"] = orjson.Fragment(event.data_json)
    return {"event": made, "accepted_time": told.accepted_time.ToJsonString(), "id": row_id(row)}


def line_of_row(row: Row) -> Json:
    """A log line."""
    line = cast("pb.TailRow", row.body).line
    made: Json = {
        "time": line.time.ToJsonString(),
        "level": LogLevel.Name(line.level),
        "service": line.service,
        "message": line.message,
        "trace_id": line.trace_id,
    }
    if line.attributes_json:
        made["attributes"] = orjson.Fragment(line.attributes_json)
    return made


def _line(row: Row) -> Json:
    accepted = cast("pb.TailRow", row.body).accepted_time
    return {"record": line_of_row(row), "accepted_time": accepted.ToJsonString(), "id": row_id(row)}
