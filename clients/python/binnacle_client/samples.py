"""Buffered samples: registered series, packed columns over one long call, cumulative acknowledgements.

Each message has a name, under which the server knows it when it is sent again: after a refusal in the server's own
words (overloaded, stopping), and after a break, when nobody knows what was taken.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import grpc

from binnacle.collector.v1.ingest_service_pb2 import WriteSamplesRequest, WriteSamplesResponse
from binnacle_client.calls import Calls, SamplesCall
from binnacle_client.endings import Ending
from binnacle_client.errors import BinnacleError, DeadlineExceeded
from binnacle_client.options import Delivery, Options
from binnacle_client.outbox import Outbox
from binnacle_client.records import new_name, violations, worth_retrying
from binnacle_client.series import Sample, SeriesBook
from binnacle_client.timing import Backoff, Clock
from binnacle_client.values import packed_columns

_UNKNOWN_SERIES = "series_ids"


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples that travel together under a name; they may be sent again until a moment of the clock."""

    name: str
    samples: Sequence[Sample]
    repeat_until: float


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A message that waits for its acknowledgement."""

    sequence: int
    sent_at: float
    batch: Batch


class _Ended(Exception):
    """The call is over; its Ending tells why."""


async def first_failure(*work: Coroutine[Any, Any, None]) -> BaseException:
    """Run all until one fails; the others are cancelled and awaited.

    Not a TaskGroup: before Python 3.13 it loses a cancellation that arrives while a task of it fails.
    """
    tasks = [asyncio.create_task(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        return next(error for task in done if (error := task.exception()) is not None)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


class SampleSender:
    """Sends samples from a buffer in the background."""

    def __init__(self, calls: Calls, series: SeriesBook, options: Options, clock: Clock, delivery: Delivery) -> None:
        self._calls, self._series, self._options, self._clock, self._delivery = calls, series, options, clock, delivery
        self.outbox: Outbox[Sample] = Outbox(options.capacity, options.samples_batch, options.flush_interval, delivery)
        self._again: deque[Batch] = deque()
        self._under_way: deque[UnderWay] = deque()
        self._room = asyncio.Event()
        self._backoff = Backoff(longest=options.longest_backoff)

    async def run(self) -> None:
        """Send what is written, until cancelled; one call after another."""
        while True:
            if not self._again:
                await self.outbox.due()
            error = await self._one_call()
            self._take_back(error)
            await self._clock.sleep(self._backoff.next(getattr(error, "retry_after", 0.0)))

    async def _one_call(self) -> BinnacleError:
        """Serve one call to its end; why it ended."""
        self._series.forget_ids()
        call = self._calls.write_samples()
        ending = Ending(call)
        failure = await first_failure(self._acknowledge(call), self._watch(), self._send(call))
        if not isinstance(failure, BinnacleError | _Ended):
            raise failure
        error = failure if isinstance(failure, BinnacleError) else await ending.error()
        call.cancel()
        return error

    async def _send(self, call: SamplesCall) -> None:
        sequence = 0
        while True:
            batch = await self._next()
            sequence += 1
            self._under_way.append(UnderWay(sequence, self._clock.monotonic(), batch))
            columns = packed_columns(*self._series.columns(batch.samples))
            try:
                await call.write(WriteSamplesRequest(sequence=sequence, samples=columns, batch_id=batch.name))
            except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
                return  # The call has ended; the reader learns of it as well.
            while len(self._under_way) >= self._options.unacknowledged:
                self._room.clear()
                await self._room.wait()

    async def _next(self) -> Batch:
        """The next message's samples, all of registered series."""
        while True:
            if not self._again:
                await self.outbox.due()
                repeat_until = self._clock.monotonic() + self._options.repeat_for
                self._again.append(Batch(new_name(), self.outbox.take(), repeat_until))
            await self._series.register((sample.place for sample in self._again[0].samples), self._calls.register)
            batch = self._again.popleft()
            samples = self._without_refused(batch.samples)
            if samples:
                return replace(batch, samples=samples)

    def _without_refused(self, samples: Sequence[Sample]) -> Sequence[Sample]:
        refusals = [why for sample in samples if (why := self._series.refusal(sample))]
        if not refusals:
            return samples
        self._delivery.answered(0, len(refusals), refusals[:1])
        self.outbox.settle(len(refusals))
        return [sample for sample in samples if not self._series.refusal(sample)]

    async def _acknowledge(self, call: SamplesCall) -> None:
        accepted = rejected = 0
        with suppress(grpc.aio.AioRpcError):
            while isinstance(answer := await call.read(), WriteSamplesResponse):
                found = violations(answer)
                self._delivery.answered(answer.accepted - accepted, answer.rejected - rejected, found)
                accepted, rejected = answer.accepted, answer.rejected
                self._settle(answer)
                if any(_UNKNOWN_SERIES in violation.field for violation in found):
                    self._series.forget_ids()
        raise _Ended

    def _settle(self, answer: WriteSamplesResponse) -> None:
        self._backoff.reset()
        while self._under_way and self._under_way[0].sequence <= answer.acknowledged_sequence:
            self.outbox.settle(len(self._under_way.popleft().batch.samples))
        self._room.set()

    async def _watch(self) -> None:
        """End a call that stopped answering."""
        while True:
            await self._clock.sleep(self._options.timeout / 2)
            if self._under_way and self._clock.monotonic() - self._under_way[0].sent_at > self._options.timeout:
                raise DeadlineExceeded("no acknowledgement of samples", uncertain=True)

    def _take_back(self, error: BinnacleError) -> None:
        """Decide what becomes of all that has no acknowledgement."""
        sent = [message.batch for message in self._under_way]
        self._under_way.clear()
        self._delivery.last_error = error
        if not error.uncertain:
            # What is refused for good would have been so too, had it been sent.
            sent += self._again
            self._again.clear()
        now = self._clock.monotonic()
        for batch in reversed(sent):
            if worth_retrying(error, may_repeat=now < batch.repeat_until):
                self._again.appendleft(batch)
            else:
                self._delivery.failed(len(batch.samples), error)
                self.outbox.settle(len(batch.samples))
