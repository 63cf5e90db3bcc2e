"""A small TailService that a test drives: it keeps the rows of one journal, tells them live, and what was missed."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import grpc

from binnacle.aggregator.v1 import tail_service_pb2 as pb, tail_service_pb2_grpc
from binnacle.logs.v1.logs_pb2 import LOG_LEVEL_INFO
from services.core.errors import Unavailable
from services.runtime.process import Registration

Context = grpc.aio.ServicerContext[Any, Any]
SERVICE = "binnacle.aggregator.v1.TailService"
JOURNAL = "00000000000000aa"
NOW = 1_800_000_000


def event(kind: str, offset: int, service: str = "shop", **data: object) -> pb.TailRow:
    """An event, the only row of its record."""
    row = pb.TailRow(journal_id=JOURNAL, offset=offset, row=0)
    row.accepted_time.FromSeconds(NOW + offset)
    row.event.MergeFrom(pb.TailEvent(type=kind, service=service, data_json=json.dumps(data)))
    row.event.time.FromSeconds(NOW + offset)
    return row


def line(message: str, offset: int) -> pb.TailRow:
    """A log line, the only row of its record."""
    row = pb.TailRow(journal_id=JOURNAL, offset=offset, row=0)
    row.accepted_time.FromSeconds(NOW + offset)
    row.line.MergeFrom(pb.TailLine(level=LOG_LEVEL_INFO, service="shop", message=message, attributes_json="{}"))
    row.line.time.FromSeconds(NOW + offset)
    return row


@dataclass(eq=False)
class DrivenTails(tail_service_pb2_grpc.TailServiceServicer):
    """`rows` are kept in order of offset; `forgotten` makes every question about the past incomplete."""

    rows: list[pb.TailRow] = field(default_factory=list)
    forgotten: bool = False
    reads: int = 0
    _end: int = 0
    _open: set[asyncio.Queue[pb.TailRows | None]] = field(default_factory=set)

    @property
    def tailing(self) -> int:
        """Tails open now."""
        return len(self._open)

    def tell(self, *rows: pb.TailRow) -> None:
        """Keep rows, and tell them live in one message."""
        begin, self._end = self._end, rows[-1].offset + 1
        self.rows += rows
        for queue in self._open:
            queue.put_nowait(_rows(rows, begin, self._end))

    def lose(self) -> None:
        """End every tail with an error."""
        for queue in self._open:
            queue.put_nowait(None)

    async def Tail(self, request: pb.TailRequest, context: Context) -> AsyncIterator[pb.TailResponse]:
        queue: asyncio.Queue[pb.TailRows | None] = asyncio.Queue()
        self._open.add(queue)
        try:
            resumed = request.HasField("position") and not self.forgotten
            begin = pb.TailBegin(live_from=self._position(), resumed=resumed)
            yield pb.TailResponse(begin=begin)
            if resumed:
                yield pb.TailResponse(rows=self._since(request.topic, _mark(request.position)))
            while rows := await queue.get():
                yield pb.TailResponse(rows=_of_topic(rows, request.topic))
            raise Unavailable("lost on purpose")
        finally:
            self._open.discard(queue)

    async def ReadTail(self, request: pb.ReadTailRequest, context: Context) -> AsyncIterator[pb.ReadTailResponse]:
        self.reads += 1
        begin = pb.ReadTailBegin(complete=not self.forgotten, reached=self._position())
        yield pb.ReadTailResponse(begin=begin)
        if begin.complete:
            yield pb.ReadTailResponse(rows=self._since(request.topic, _mark(request.position)))

    def _position(self) -> pb.TailPosition:
        position = pb.TailPosition(marks=[pb.TailMark(journal_id=JOURNAL, offset=self._end)])
        position.as_of.FromSeconds(NOW)
        return position

    def _since(self, topic: int, mark: int) -> pb.TailRows:
        return _of_topic(_rows([row for row in self.rows if row.offset >= mark], mark, self._end), topic)


def _rows(rows: Any, begin: int, end: int) -> pb.TailRows:
    told = pb.TailRows(rows=rows, ranges=[pb.TailRange(journal_id=JOURNAL, from_offset=begin, to_offset=end)])
    told.as_of.FromSeconds(NOW)
    return told


def _of_topic(rows: pb.TailRows, topic: int) -> pb.TailRows:
    wanted = "line" if topic == pb.TAIL_TOPIC_LOGS else "event"
    kept = pb.TailRows(ranges=rows.ranges, as_of=rows.as_of)
    kept.rows.extend(row for row in rows.rows if row.WhichOneof("fields") == wanted)
    return kept


def _mark(position: pb.TailPosition) -> int:
    return next((mark.offset for mark in position.marks if mark.journal_id == JOURNAL), 0)


def registration(servicer: DrivenTails) -> Registration:
    """The service as it is added to a server."""
    return Registration(tail_service_pb2_grpc.add_TailServiceServicer_to_server, servicer, SERVICE)
