"""Carries the journal to the aggregator: for ever, in order, each record until it is committed."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import grpc

from binnacle.aggregator.v1 import append_service_pb2 as pb, append_service_pb2_grpc as pb_grpc
from services.collector.convert.records import weight
from services.collector.domain.backoff import Backoff
from services.collector.domain.forwarding import Forwarding, Pace, Seal, Send
from services.collector.ports import Journal
from services.core.clock import Clock
from services.core.errors import BinnacleError, Unavailable
from services.runtime.calls import CALLER_KEY, REQUEST_ID_KEY, new_request_id
from services.runtime.logs import Log
from services.runtime.statuses import translated_errors

PEER = "aggregator"
ENDED = "the aggregator ended the stream"
HELLO_SECONDS = 30.0
START_SECONDS = 10.0
"""All parts of a suite start together: that the aggregator is not there yet is told from then on."""
# How often a process that stops looks whether its journal is empty.
HANDED_OVER_SECONDS = 0.05

Duplex = Any
"""A stream of AppendRequest out and AppendResponse in."""

PACE = Pace()


@dataclass(frozen=True, slots=True)
class _Stream:
    """One open stream and what is known of it."""

    call: Duplex
    state: Forwarding


class Forwarder:
    """Forwards `journal` over `stub`; opens the stream again after every break.

    The channel of `stub` must be a plain one: gRPC's duplex calls through interceptors leave tasks behind when they
    are cancelled. So `secret`, by which the aggregator knows this process, is told here.
    """

    def __init__(
        self,
        journal: Journal,
        stub: "pb_grpc.AppendServiceAsyncStub",
        clock: Clock,
        log: Log,
        stopping: asyncio.Event,
        pace: Pace = PACE,
        *,
        secret: str,
    ) -> None:
        self._journal = journal
        self._stub = stub
        self._clock = clock
        self._log = log
        self._stopping = stopping
        self._pace = pace
        self._metadata = ((CALLER_KEY, secret),) if secret else ()
        self._backoff = Backoff(random.Random())
        self._changed = asyncio.Event()
        self._complaint = ""
        self._forwarded = False
        self._began = clock.monotonic()
        self._ended = False
        journal.on_change(self._changed.set)

    async def run(self) -> None:
        """Forward until cancelled; every failure is waited out, unless the process is stopping.

        In Python 3.11 a task group whose child fails just as the group is cancelled swallows the cancellation, so it
        alone cannot be trusted to end this.
        """
        while not self._stopping.is_set():
            try:
                await self._forward()
            except BinnacleError as error:
                self._complain(str(error))
            await self._clock.sleep(self._backoff.next())
        self._ended = True

    async def handed_over(self) -> None:
        """Return when all that the journal holds is committed; also when that broke off while the process stops."""
        while self._journal.first_offset < self._journal.next_offset and not self._ended:
            await self._clock.sleep(HANDED_OVER_SECONDS)

    async def _forward(self) -> NoReturn:
        call = self._stub.Append(metadata=((REQUEST_ID_KEY, new_request_id()), *self._metadata))
        try:
            stream = await self._open(call)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._receive(stream), name="committed")
                tasks.create_task(self._send(stream), name="records")
            raise Unavailable(ENDED)
        except BaseExceptionGroup as group:
            raise _first(group) from group
        finally:
            call.cancel()

    async def _open(self, call: Duplex) -> _Stream:
        """Say which journal follows and hear what is committed of it."""
        try:
            async with asyncio.timeout(HELLO_SECONDS), _failures(call):
                await call.write(pb.AppendRequest(hello=pb.AppendHello(journal_id=self._journal.journal_id)))
                answer = await call.read()
        except TimeoutError as late:
            raise Unavailable(f"the aggregator did not answer within {HELLO_SECONDS:.0f} s") from late
        if answer is grpc.aio.EOF:
            raise Unavailable(ENDED)
        committed = answer.committed_offset
        if not self._journal.first_offset <= committed <= self._journal.next_offset:
            await self._start_over(committed)
        self._journal.trim(committed)
        self._forwarded = True
        self._complain("")
        return _Stream(call, Forwarding(self._pace, committed, await self._journal.segments()))

    async def _start_over(self, committed: int) -> NoReturn:
        """The aggregator's place is not in this journal: one of the two lost its data or was set back to a copy.

        Everything held is sent under a new identity, so that nothing acknowledged is passed over.
        """
        self._log.error(
            "the store and the journal do not belong together; the journal starts over under a new identity",
            journal=self._journal.journal_id,
            committed=committed,
            held_from=self._journal.first_offset,
            held_to=self._journal.next_offset,
        )
        await self._journal.rotate()
        raise Unavailable("the journal has a new identity", 0)

    async def _receive(self, stream: _Stream) -> None:
        async with _failures(stream.call):
            while (answer := await stream.call.read()) is not grpc.aio.EOF:
                stream.state.commit(answer.committed_offset)
                self._journal.trim(stream.state.committed)
                self._backoff.reset()
                self._changed.set()
        raise Unavailable(ENDED)

    async def _send(self, stream: _Stream) -> None:
        while True:
            self._changed.clear()
            step = stream.state.next(self._clock.monotonic(), self._journal.next_offset)
            if isinstance(step, Send):
                await self._send_records(stream, step)
            elif isinstance(step, Seal):
                await self._seal(stream, step)
            else:
                await self._wait(step.seconds)

    async def _send_records(self, stream: _Stream, step: Send) -> None:
        records = await self._journal.read(step.from_offset, step.max_records, step.max_bytes)
        if not records:
            raise Unavailable(f"the journal has no record {step.from_offset}")
        async with _failures(stream.call):
            await stream.call.write(pb.AppendRequest(records=_records(step.from_offset, records)))
        size = sum(map(weight, records))
        stream.state.sent(len(records), size, self._clock.monotonic(), self._journal.next_offset)

    async def _seal(self, stream: _Stream, step: Seal) -> None:
        if not step.stored:
            await self._journal.seal(step.segment)
        stream.state.sealed(step.segment)
        bounds = pb.AppendSeal(from_offset=step.segment.from_offset, to_offset=step.segment.to_offset)
        async with _failures(stream.call):
            await stream.call.write(pb.AppendRequest(seal=bounds))

    async def _wait(self, seconds: float | None) -> None:
        if seconds is None:
            await self._changed.wait()
            return
        changed = asyncio.ensure_future(self._changed.wait())
        timer = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait([changed, timer], return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
            timer.cancel()

    def _complain(self, complaint: str) -> None:
        """Log what is wrong once, however often it is tried."""
        if not self._forwarded and self._clock.monotonic() - self._began < START_SECONDS:
            return
        if complaint and complaint != self._complaint:
            self._log.warning("not forwarding", reason=complaint)
        elif self._complaint and not complaint:
            self._log.info("forwarding again")
        self._complaint = complaint


@asynccontextmanager
async def _failures(call: Duplex) -> AsyncIterator[None]:
    """Everything by which gRPC says that a stream is over, as an error of ours."""
    try:
        with translated_errors(PEER):
            yield
    except asyncio.InvalidStateError as ended:
        raise Unavailable(f"{ENDED}: {await call.details()}") from ended


def _records(first: int, records: Sequence[bytes]) -> pb.AppendRecords:
    return pb.AppendRecords(first_offset=first, records=records)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The failure that ended both halves of a stream."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
