"""Events as the aggregators over one store take them in: by whichever of them, each told once."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

import grpc

from binnacle.aggregator.v1 import tail_service_pb2 as pb, tail_service_pb2_grpc
from services.alerting.convert.answers import event_of
from services.alerting.ports.sources import Event
from services.core.errors import BinnacleError, Unavailable
from services.runtime.calls import acting_for
from services.runtime.statuses import translated_errors

QUIET = 0.5
"""Seconds after which nothing is told where nothing comes."""
AGAIN_SECONDS = 1.0
Place = tuple[int, int]


class EventTails:
    """One aggregator or several. Who reads goes on with the others while one is away, and reads what it took in."""

    def __init__(self, channels: Sequence[grpc.aio.Channel]) -> None:
        self._stubs = [tail_service_pb2_grpc.TailServiceStub(channel) for channel in channels]

    async def watch(self, tenant: str) -> AsyncGenerator[Sequence[Event], None]:
        """See EventSource. Ends once no aggregator is there any more."""
        tails, marks = [_Tail(stub, tenant) for stub in self._stubs], _Marks()
        try:
            while True:
                waiting = {tail.waiting(): tail for tail in tails}
                done, _ = await asyncio.wait(waiting, timeout=QUIET, return_when=asyncio.FIRST_COMPLETED)
                rows = [row for task in done for row in marks.new(waiting[task].taken())]
                failures = [tail.failure for tail in tails if tail.failure is not None]
                if len(failures) == len(tails):
                    raise failures[0]
                yield [event_of(row) for row in rows]
        finally:
            for tail in tails:
                tail.close()


class _Marks:
    """Up to where the rows of each journal were told, by whichever aggregator: it may move from one to another."""

    def __init__(self) -> None:
        self._marks: dict[str, Place] = {}

    def new(self, told: pb.TailRows) -> list[pb.TailRow]:
        """The rows that were not told before."""
        found = [row for row in told.rows if (row.offset, row.row) >= self._marks.get(row.journal_id, (0, 0))]
        for span in told.ranges:
            end = (span.to_offset, span.to_row)
            self._marks[span.journal_id] = max(self._marks.get(span.journal_id, end), end)
        return found


class _Tail:
    """The tail of one aggregator, begun again where it breaks."""

    def __init__(self, stub: "tail_service_pb2_grpc.TailServiceAsyncStub", tenant: str) -> None:
        self._stub = stub
        self._tenant = tenant
        self._call: grpc.aio.UnaryStreamCall[pb.TailRequest, pb.TailResponse] | None = None
        self._messages: AsyncIterator[pb.TailResponse] | None = None
        self._waiting: asyncio.Task[pb.TailRows] | None = None
        self.failure: BinnacleError | None = None
        """Why it is broken; None while it is not, as far as is known."""

    def waiting(self) -> asyncio.Task[pb.TailRows]:
        """What brings the next rows."""
        if self._waiting is None:
            self._waiting = asyncio.create_task(self._next())
        return self._waiting

    def taken(self) -> pb.TailRows:
        """The rows that came; none where it broke instead."""
        done, self._waiting = self.waiting(), None
        try:
            rows = done.result()
        except BinnacleError as failure:
            self.failure = failure
            self._leave()
            return pb.TailRows()
        self.failure = None
        return rows

    def close(self) -> None:
        """Leave it for good."""
        if self._waiting is not None:
            self._waiting.cancel()
        self._leave()

    def _leave(self) -> None:
        if self._call is not None:
            self._call.cancel()
        self._call = self._messages = None

    async def _next(self) -> pb.TailRows:
        if self._messages is None:
            if self.failure is not None:
                await asyncio.sleep(AGAIN_SECONDS)
            with acting_for(self._tenant):
                self._call = self._stub.Tail(pb.TailRequest(topic=pb.TAIL_TOPIC_ALL_EVENTS))
            self._messages = aiter(self._call)
        with translated_errors("aggregator"):
            response = await anext(self._messages, None)
        if response is None:
            raise Unavailable("the aggregator ended the tail")
        return response.rows
