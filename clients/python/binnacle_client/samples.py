"""Buffered samples: registered series, packed columns over one long call, cumulative acknowledgements.

A call that ends takes nothing that it did not acknowledge first; so what a server refused in its own words (overloaded,
stopping) is sent again, and what was under way when a connection broke is accounted as uncertain instead.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import grpc

from binnacle.collector.v1.ingest_service_pb2 import WriteSamplesRequest, WriteSamplesResponse
from binnacle_client.calls import Calls, SamplesCall
from binnacle_client.endings import Ending
from binnacle_client.errors import BinnacleError, DeadlineExceeded
from binnacle_client.options import Delivery, Options
from binnacle_client.outbox import Outbox
from binnacle_client.records import violations, worth_retrying
from binnacle_client.series import Sample, SeriesBook
from binnacle_client.timing import Backoff, Clock
from binnacle_client.values import packed_columns

_UNKNOWN_SERIES = "series_ids"


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A message that waits for its acknowledgement."""

    sequence: int
    sent_at: float
    samples: Sequence[Sample]


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
        self._again: deque[Sequence[Sample]] = deque()
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
            samples = await self._next()
            sequence += 1
            self._under_way.append(UnderWay(sequence, self._clock.monotonic(), samples))
            columns = packed_columns(*self._series.columns(samples))
            try:
                await call.write(WriteSamplesRequest(sequence=sequence, samples=columns))
            except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
                return  # The call has ended; the reader learns of it as well.
            while len(self._under_way) >= self._options.unacknowledged:
                self._room.clear()
                await self._room.wait()

    async def _next(self) -> Sequence[Sample]:
        """The next message's samples, all of registered series."""
        while True:
            if not self._again:
                await self.outbox.due()
                self._again.append(self.outbox.take())
            await self._series.register((sample.place for sample in self._again[0]), self._calls.register)
            samples = self._without_refused(self._again.popleft())
            if samples:
                return samples

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
            self.outbox.settle(len(self._under_way.popleft().samples))
        self._room.set()

    async def _watch(self) -> None:
        """End a call that stopped answering."""
        while True:
            await self._clock.sleep(self._options.timeout / 2)
            if self._under_way and self._clock.monotonic() - self._under_way[0].sent_at > self._options.timeout:
                raise DeadlineExceeded("no acknowledgement of samples", uncertain=True)

    def _take_back(self, error: BinnacleError) -> None:
        """Decide what becomes of all that has no acknowledgement."""
        unanswered = [message.samples for message in self._under_way]
        self._under_way.clear()
        self._delivery.last_error = error
        if worth_retrying(error):
            self._again.extendleft(reversed(unanswered))
            return
        if not error.uncertain:
            # Refused for good, and so would be what has not been sent yet.
            unanswered += self._again
            self._again.clear()
        for samples in unanswered:
            self._delivery.failed(len(samples), error)
            self.outbox.settle(len(samples))
