"""One stream of samples: messages are taken as they come, and answered together once they are durable."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from binnacle.collector.v1 import ingest_service_pb2 as pb
from services.collector.convert import sample_messages
from services.collector.convert.messages import rejections
from services.collector.domain.inspection import FIRST, NONE_REFUSED, Refused
from services.collector.domain.intake import Intake, Outcome
from services.collector.service.batch_ids import checked
from services.collector.service.gate import SAMPLES
from services.core.errors import InvalidInput, Unavailable

# Messages taken but not durable yet; beyond that the stream is not read on.
WINDOW = 32


@dataclass(frozen=True, slots=True)
class _Taken:
    """A message that was judged; `durable` is None when none of its samples were kept."""

    sequence: int
    outcome: Outcome
    durable: asyncio.Future[int] | None

    def is_durable(self) -> bool:
        done = self.durable
        return done is None or (done.done() and not done.cancelled() and done.exception() is None)


@dataclass(slots=True)
class _Totals:
    """What a stream's answers say."""

    sequence: int = 0
    accepted: int = 0
    rejected: int = 0
    fresh: Refused = NONE_REFUSED

    def add(self, taken: _Taken) -> None:
        refused = taken.outcome.refused
        self.sequence = taken.sequence
        self.accepted += taken.outcome.accepted
        self.rejected += refused.count
        self.fresh = Refused(0, (*self.fresh.first, *refused.first)[:FIRST])

    def answer(self) -> pb.WriteSamplesResponse:
        told, self.fresh = rejections(self.fresh), NONE_REFUSED
        return pb.WriteSamplesResponse(
            acknowledged_sequence=self.sequence, accepted=self.accepted, rejected=self.rejected, rejections=told
        )


class SampleStream:
    """The samples of one tenant on one stream."""

    def __init__(self, intake: Intake, tenant: str, stopping: asyncio.Event) -> None:
        self._intake = intake
        self._tenant = tenant
        self._stopping = stopping
        self._queue: asyncio.Queue[_Taken | Exception | None] = asyncio.Queue(WINDOW)

    async def answers(self, requests: AsyncIterator[bytes]) -> AsyncIterator[pb.WriteSamplesResponse]:
        """Acknowledge everything up to a message, as soon as it is durable. What came before a fault is answered."""
        # No TaskGroup: this generator may be closed from another task than the one that runs it.
        reader = asyncio.create_task(self._read(requests))
        guard = asyncio.create_task(self._stop(reader))
        try:
            async for answer in self._acknowledge():
                yield answer
        finally:
            reader.cancel()
            guard.cancel()
            await asyncio.wait([reader, guard])
            self._abandon()

    def _abandon(self) -> None:
        # Nobody will ask what became of these; the journal still writes them.
        while not self._queue.empty():
            item = self._queue.get_nowait()
            if isinstance(item, _Taken) and item.durable is not None:
                item.durable.cancel()

    async def _read(self, requests: AsyncIterator[bytes]) -> None:
        expected = 1
        end: Exception | None = None
        try:
            async for raw in requests:
                await self._queue.put(self._take(raw, expected))
                expected += 1
        except Exception as fault:  # told to the caller by the task that answers
            end = fault
        await self._queue.put(end)

    def _take(self, raw: bytes, expected: int) -> _Taken:
        with self._intake.admission.request(self._tenant, SAMPLES, len(raw)) as ticket:
            message = sample_messages.read(raw)
            if message.sequence != expected:
                raise InvalidInput.of("sequence", f"must be {expected}, the number of this message within the stream")
            outcome, durable = self._intake.samples(self._tenant, message.samples, checked(message.batch_id))
            ticket.until(durable)
        return _Taken(message.sequence, outcome, durable)

    async def _stop(self, reader: asyncio.Task[None]) -> None:
        await self._stopping.wait()
        reader.cancel()
        await asyncio.wait([reader])
        await self._queue.put(Unavailable("the collector is stopping", 0))

    async def _acknowledge(self) -> AsyncIterator[pb.WriteSamplesResponse]:
        totals = _Totals()
        item = await self._queue.get()
        while isinstance(item, _Taken):
            if item.durable is not None:
                await item.durable
            totals.add(item)
            waiting = not self._queue.empty()
            following = self._queue.get_nowait() if waiting else None
            if isinstance(following, _Taken) and following.is_durable():
                item = following
                continue
            yield totals.answer()
            item = following if waiting else await self._queue.get()
        if item is not None:
            raise item
