"""Tails as messages."""

from binnacle.aggregator.v1 import tail_service_pb2 as pb
from binnacle.logs.v1 import logs_pb2
from services.aggregator.convert.dashboard import timestamp
from services.aggregator.domain.live.tail_rows import Told
from services.aggregator.domain.live.tailing import Past, Position
from services.aggregator.ports.store import StoredEvent
from services.aggregator.ports.tails import Mark, Tail, TailFilter, TailRow, Topic
from services.core.errors import InvalidInput
from services.runtime.times import seconds_of

DEFAULT_ROWS = 10_000
MAX_ROWS = 100_000
MAX_LISTED = 100


def tail_from(tenant: str, topic: pb.TailTopic.ValueType, matching: pb.TailFilter | None = None) -> Tail:
    """Which rows are asked for. Raises InvalidInput."""
    if topic not in {known.value for known in Topic}:
        raise InvalidInput.of("topic", "must be one of TailTopic, other than unspecified")
    if matching is None:
        return Tail(tenant, Topic(topic))
    for name in ("types", "services", "user_ids", "levels"):
        if len(getattr(matching, name)) > MAX_LISTED:
            raise InvalidInput.of(f"filter.{name}", f"must have at most {MAX_LISTED} entries")
    found = TailFilter(
        tuple(matching.types), tuple(matching.services), tuple(matching.user_ids), tuple(matching.levels)
    )
    return Tail(tenant, Topic(topic), found)


def rows_from(field: str, asked: int) -> int:
    """How many rows are told at most. Raises InvalidInput."""
    if asked > MAX_ROWS:
        raise InvalidInput.of(field, f"must be from 0 to {MAX_ROWS:,}")
    return asked or DEFAULT_ROWS


def position_from(message: pb.TailPosition) -> Position:
    """How far a reader was told. Raises InvalidInput for one without a time."""
    if not message.HasField("as_of"):
        raise InvalidInput.of("position.as_of", "must be told")
    return Position(marks_from(message), seconds_of(message.as_of))


def marks_from(message: pb.TailPosition) -> dict[str, Mark]:
    """The marks of a position."""
    return {mark.journal_id: (mark.offset, mark.row) for mark in message.marks}


def position(reached: Position) -> pb.TailPosition:
    """A position as a message."""
    return pb.TailPosition(
        marks=[
            pb.TailMark(journal_id=name, offset=offset, row=row)
            for name, (offset, row) in sorted(reached.marks.items())
        ],
        as_of=timestamp(int(reached.as_of * 1e6)),
    )


def tail_begin(live_from: Position, past: Past | None) -> pb.TailResponse:
    """The first message of a tail; `past` None for a reader that begins now."""
    begin = pb.TailBegin(live_from=position(live_from))
    if past is not None:
        begin.resumed, begin.missed_rows = past.complete, past.count
    return pb.TailResponse(begin=begin)


def read_begin(past: Past) -> pb.ReadTailResponse:
    """The first message of an answer."""
    begin = pb.ReadTailBegin(complete=past.complete, reached=position(past.reached), rows=past.count)
    return pb.ReadTailResponse(begin=begin)


def tail_rows(told: Told) -> pb.TailResponse:
    """A message of rows."""
    return pb.TailResponse(rows=rows(told))


def rows(told: Told) -> pb.TailRows:
    """Rows and what they fill."""
    return pb.TailRows(
        ranges=[
            pb.TailRange(
                journal_id=stretch.journal_id,
                from_offset=stretch.start[0],
                from_row=stretch.start[1],
                to_offset=stretch.end[0],
                to_row=stretch.end[1],
            )
            for stretch in told.stretches
        ],
        rows=[_row(each) for each in told.rows],
        as_of=timestamp(int(told.as_of * 1e6)),
    )


def _row(row: TailRow) -> pb.TailRow:
    journal_id, offset, number = row.place
    message = pb.TailRow(journal_id=journal_id, offset=offset, row=number, accepted_time=timestamp(row.accepted_us))
    if isinstance(row, StoredEvent):
        event = message.event
        event.type, event.service, event.user_id = row.type, row.service, row.user_id
        event.session_id, event.data_json = row.session_id, row.data_json
        event.time.CopyFrom(timestamp(row.time_us))
    else:
        line = message.line
        line.level = logs_pb2.LogLevel.ValueType(row.level)
        line.service, line.message, line.attributes_json = row.service, row.message, row.attributes_json
        line.trace_id, line.span_id = row.trace_id, row.span_id
        line.time.CopyFrom(timestamp(row.time_us))
    return message
