"""The hop from collectors."""

import asyncio
import re
from collections.abc import AsyncIterator

import grpc

from binnacle.aggregator.v1 import append_service_pb2, append_service_pb2_grpc
from services.aggregator.convert.journal import records_from
from services.aggregator.domain.intake.intake import Intake
from services.aggregator.domain.intake.journal_stream import JournalStream
from services.core.errors import InvalidInput

Request = append_service_pb2.AppendRequest
Response = append_service_pb2.AppendResponse
Context = grpc.aio.ServicerContext[Request, Response]

JOURNAL_ID = re.compile(r"[0-9a-f]{16}")


class AppendServicer(append_service_pb2_grpc.AppendServiceServicer):
    """Takes journals."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def Append(self, request_iterator: AsyncIterator[Request], context: Context) -> AsyncIterator[Response]:
        requests = aiter(request_iterator)
        journal_id = await _hello(requests)
        await self._intake.catch_up(journal_id)
        stream = self._intake.open(journal_id)
        reader = asyncio.create_task(_read(requests, stream))
        try:
            async for committed in stream.commits():
                yield Response(committed_offset=committed)
        finally:
            self._intake.close(stream)
            reader.cancel()
            await asyncio.wait([reader])


async def _hello(requests: AsyncIterator[Request]) -> str:
    """The journal a stream opens with. Raises InvalidInput when it opens otherwise."""
    first = await anext(requests, None)
    if first is None or first.WhichOneof("message") != "hello":
        raise InvalidInput.of("hello", "must come first")
    if not JOURNAL_ID.fullmatch(first.hello.journal_id):
        raise InvalidInput.of("hello.journal_id", "must be 16 hexadecimal digits")
    return first.hello.journal_id


async def _read(requests: AsyncIterator[Request], stream: JournalStream) -> None:
    """Hand messages to the stream until they end or one is refused; how it ended is told by the stream."""
    try:
        async for request in requests:
            _take(request, stream)
            await stream.room()
        stream.end()
    except Exception as error:
        stream.end(error)


def _take(request: Request, stream: JournalStream) -> None:
    kind = request.WhichOneof("message")
    if kind == "records":
        bodies = request.records.records
        first = request.records.first_offset
        stream.take(first, len(bodies), records_from(first, bodies, stream.wanted_from))
    elif kind == "seal":
        stream.seal(request.seal.from_offset, request.seal.to_offset)
    else:
        raise InvalidInput.of("message", "must be records or seal")
