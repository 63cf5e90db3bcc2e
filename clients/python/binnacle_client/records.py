"""Buffered events, log lines and heartbeats: batches of one sort, sent one request at a time."""

import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, Protocol, TypeVar

import grpc
from google.protobuf.message import Message

from binnacle_client.errors import BinnacleError, DeadlineExceeded, Overloaded, Unavailable, Violation, error_from
from binnacle_client.options import Delivery, Options, WriteResult
from binnacle_client.outbox import Outbox
from binnacle_client.timing import Backoff, Clock

M = TypeVar("M", bound=Message)


class _Rejection(Protocol):
    @property
    def field(self) -> str: ...
    @property
    def description(self) -> str: ...


class Answer(Protocol):
    """What all write answers have in common."""

    @property
    def accepted(self) -> int: ...
    @property
    def rejected(self) -> int: ...
    @property
    def rejections(self) -> Iterable[_Rejection]: ...


Call = Callable[[Sequence[M], str], Awaitable[Answer]]
"""Sends records under a name, which may be empty."""


def new_name() -> str:
    """A name for a batch, which nobody else will ever use."""
    return secrets.token_hex(16)


def violations(answer: Answer) -> list[Violation]:
    """The rejections of an answer."""
    return [Violation(rejection.field, rejection.description) for rejection in answer.rejections]


def worth_retrying(error: BinnacleError, *, may_repeat: bool) -> bool:
    """Whether the server may take it later: it surely took nothing, or would know a repetition for one."""
    if error.uncertain:
        return may_repeat and isinstance(error, Unavailable | DeadlineExceeded)
    return isinstance(error, Overloaded | Unavailable)


class RecordSender(Generic[M]):
    """Sends records of one sort: at once (`send`), or from a buffer in the background (`write`, `run`)."""

    def __init__(self, call: Call[M], options: Options, clock: Clock, delivery: Delivery) -> None:
        self._call, self._options, self._clock, self._delivery = call, options, clock, delivery
        self.outbox: Outbox[M] = Outbox(options.capacity, options.batch_size, options.flush_interval, delivery)

    async def send(self, records: Sequence[M], batch_id: str = "") -> WriteResult:
        """One request, now. Raises the typed error of a failure."""
        try:
            answer = await self._call(records, batch_id)
        except grpc.aio.AioRpcError as error:
            raise error_from(error) from error
        return WriteResult(answer.accepted, answer.rejected, violations(answer))

    async def run(self) -> None:
        """Send what is written, until cancelled."""
        while True:
            await self.outbox.due()
            batch = self._take()
            await self._deliver(batch)
            self.outbox.settle(len(batch))

    def _take(self) -> list[M]:
        room = self._options.batch_bytes

        def fits(record: M) -> bool:
            nonlocal room
            room -= record.ByteSize()
            return room >= 0

        return self.outbox.take(fits)

    async def _deliver(self, batch: Sequence[M]) -> None:
        backoff = Backoff(longest=self._options.longest_backoff)
        name, repeat_until = new_name(), self._clock.monotonic() + self._options.repeat_for
        while True:
            try:
                result = await self.send(batch, name)
            except BinnacleError as error:
                if not worth_retrying(error, may_repeat=self._clock.monotonic() < repeat_until):
                    self._delivery.failed(len(batch), error)
                    return
                self._delivery.last_error = error
                await self._clock.sleep(backoff.next(getattr(error, "retry_after", 0.0)))
            else:
                self._delivery.answered(result.accepted, result.rejected, result.rejections)
                return
