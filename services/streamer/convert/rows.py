"""Rows from the tails of aggregators, and positions to and from them."""

from collections.abc import Mapping
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import tail_service_pb2 as pb
from binnacle.logs.v1.logs_pb2 import LogLevel
from services.streamer.ports import Begin, Found, Position, Row, Rows, Span, Topic

TOPICS: Final[Mapping[Topic, "pb.TailTopic.ValueType"]] = {
    Topic.EVENTS: pb.TAIL_TOPIC_EVENTS,
    Topic.ALL_EVENTS: pb.TAIL_TOPIC_ALL_EVENTS,
    Topic.LOGS: pb.TAIL_TOPIC_LOGS,
}


def position_message(position: Position) -> pb.TailPosition:
    """A position as it is told to an aggregator."""
    message = pb.TailPosition(
        marks=[
            pb.TailMark(journal_id=journal, offset=offset, row=row) for journal, (offset, row) in position.marks.items()
        ]
    )
    message.as_of.FromMicroseconds(int(position.as_of * 1e6))
    return message


def position_from(message: pb.TailPosition) -> Position:
    """A position as an aggregator tells it."""
    return Position({mark.journal_id: (mark.offset, mark.row) for mark in message.marks}, _seconds(message.as_of))


def begin_from(message: pb.TailBegin) -> Begin:
    """How a tail begins."""
    return Begin(position_from(message.live_from), message.resumed)


def found_from(message: pb.ReadTailBegin) -> Found:
    """How an answer about the past begins."""
    return Found(message.complete, position_from(message.reached))


def rows_from(message: pb.TailRows) -> Rows:
    """Rows of some spans. Keeps the message."""
    spans = [
        Span(span.journal_id, (span.from_offset, span.from_row), (span.to_offset, span.to_row))
        for span in message.ranges
    ]
    return Rows(spans, [_row(row) for row in message.rows], _seconds(message.as_of), message.ByteSize())


def _row(row: pb.TailRow) -> Row:
    place, accepted = (row.offset, row.row), _seconds(row.accepted_time)
    if row.WhichOneof("fields") == "line":
        line = row.line
        level = LogLevel.Name(line.level)
        return Row(
            row.journal_id, place, accepted, level, line.service, line.attributes_json, row, message=line.message
        )
    event = row.event
    return Row(
        row.journal_id,
        place,
        accepted,
        event.type,
        event.service,
        event.data_json,
        row,
        user_id=event.user_id,
        session_id=event.session_id,
    )


def _seconds(time: Timestamp) -> float:
    return time.seconds + time.nanos / 1e9
