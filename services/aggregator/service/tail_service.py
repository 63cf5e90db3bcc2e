"""Rows in the order they came."""

from collections.abc import AsyncIterator

import grpc

from binnacle.aggregator.v1 import tail_service_pb2 as pb, tail_service_pb2_grpc
from services.aggregator.convert import tails as convert
from services.aggregator.domain.live.tailing import Tailing
from services.runtime.calls import current_call

TailContext = grpc.aio.ServicerContext[pb.TailRequest, pb.TailResponse]
ReadContext = grpc.aio.ServicerContext[pb.ReadTailRequest, pb.ReadTailResponse]


class TailServicer(tail_service_pb2_grpc.TailServiceServicer):
    """Tells rows as they arrive, and those that were missed."""

    def __init__(self, tailing: Tailing) -> None:
        self._tailing = tailing

    async def Tail(self, request: pb.TailRequest, context: TailContext) -> AsyncIterator[pb.TailResponse]:
        tail = convert.tail_from(current_call().tenant, request.topic)
        most = convert.rows_from("max_missed_rows", request.max_missed_rows)
        start = convert.position_from(request.position) if request.HasField("position") else None
        await self._tailing.catch_up()
        with self._tailing.reading(tail) as reader:
            past = None if start is None else await self._tailing.past(tail, start, most)
            yield convert.tail_begin(self._tailing.now() if past is None else past.reached, past)
            if past is not None:
                async for told in past.messages:
                    reader.require_open()
                    yield told.form(convert.tail_rows)
            while True:
                yield (await reader.next()).form(convert.tail_rows)

    async def ReadTail(self, request: pb.ReadTailRequest, context: ReadContext) -> AsyncIterator[pb.ReadTailResponse]:
        matching = request.filter if request.HasField("filter") else None
        tail = convert.tail_from(current_call().tenant, request.topic, matching)
        most = convert.rows_from("max_rows", request.max_rows)
        until = convert.marks_from(request.until) if request.HasField("until") else None
        start = convert.position_from(request.position)
        await self._tailing.catch_up()
        past = await self._tailing.past(tail, start, most, until)
        yield convert.read_begin(past)
        async for told in past.messages:
            yield pb.ReadTailResponse(rows=convert.rows(told))
