"""The asynchronous client."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

import grpc

from binnacle_client.calls import Calls, SamplesCall, open_channel
from binnacle_client.errors import DeadlineExceeded
from binnacle_client.live import Live
from binnacle_client.options import Delivery, Options
from binnacle_client.records import RecordSender
from binnacle_client.samples import SampleSender
from binnacle_client.series import SeriesBook
from binnacle_client.timing import Clock, SystemClock
from binnacle_client.writers import Events, Heartbeats, Logs, Metrics

T = TypeVar("T")

HEARTBEATS_AT_ONCE = 1_000

_log = logging.getLogger("binnacle_client")

Post = Callable[..., object]
"""Calls a function with its arguments where the client lives: at once, or in the thread of its event loop."""


def call_now(function: Callable[[T], None], item: T) -> None:
    """The Post of a client that is used in its own event loop."""
    function(item)


class Client:
    """A connection to Binnacle's edge, with buffers that background tasks empty.

    Use it as an asynchronous context manager: entering starts the senders, leaving flushes for up to `timeout` seconds
    and stops them. Writing never waits and never fails because Binnacle is away; `delivery()` tells what became of it,
    and the logger `binnacle_client` warns of what was lost when the client is left.
    """

    def __init__(
        self,
        target: str = "127.0.0.1:8080",
        token: str | None = None,
        *,
        options: Options | None = None,
        credentials: grpc.ChannelCredentials | None = None,
        clock: Clock | None = None,
        post: Post = call_now,
    ) -> None:
        options, clock = options or Options(), clock or SystemClock()
        self._target, self._options, self._delivery = target, options, Delivery()
        self._channel = open_channel(target, credentials)
        self._calls = calls = Calls(self._channel, token, options.timeout)
        series = SeriesBook(options.max_series)
        events = RecordSender(calls.write_events, options, clock, self._delivery)
        logs = RecordSender(calls.write_logs, options, clock, self._delivery)
        fewer = replace(options, batch_size=min(options.batch_size, HEARTBEATS_AT_ONCE))
        heartbeats = RecordSender(calls.write_heartbeats, fewer, clock, self._delivery)
        samples = SampleSender(calls, series, options, clock, self._delivery)
        self._senders = (events, logs, heartbeats, samples)
        self.events = Events(events, partial(post, events.outbox.put), clock)
        self.logs = Logs(logs, partial(post, logs.outbox.put), clock)
        self.heartbeats = Heartbeats(heartbeats, partial(post, heartbeats.outbox.put), clock)
        self.metrics = Metrics(partial(post, samples.outbox.put), series, calls, clock, self._delivery)
        self.live = Live(self._channel, token, clock)
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._channel)
        group = await self._stack.enter_async_context(asyncio.TaskGroup())
        self._tasks = [group.create_task(sender.run()) for sender in self._senders]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        try:
            if error is None or isinstance(error, Exception):
                with suppress(DeadlineExceeded):
                    await self.flush()
        finally:
            self._warn_of_what_is_lost()
            for task in self._tasks:
                task.cancel()
            if isinstance(error, Exception):
                # An error of the block goes to its writer as it is, not in the group of errors of our tasks.
                kind = error = trace = None
            ended = await self._stack.__aexit__(kind, error, trace)
        return ended

    async def flush(self, within: float | None = None) -> Delivery:
        """Send all that was written before now and wait for the answers; then the account.

        Raises DeadlineExceeded when that takes longer than `within` seconds (by default the timeout of the options).
        """
        try:
            async with asyncio.timeout(self._options.timeout if within is None else within):
                await asyncio.gather(*(sender.outbox.drained() for sender in self._senders))
        except TimeoutError as error:
            raise DeadlineExceeded("not all could be sent in time; it goes on being tried") from error
        return self.delivery()

    def delivery(self) -> Delivery:
        """What became of all that was written so far."""
        return replace(self._delivery, rejections=self._delivery.rejections.copy())

    def _warn_of_what_is_lost(self) -> None:
        lost, target = self._delivery, self._target
        if waiting := sum(sender.outbox.unsettled for sender in self._senders):
            _log.warning(
                "%d records were not delivered: nothing takes them at %s. Does Binnacle run there?", waiting, target
            )
        if lost.rejected:
            why = "; ".join(f"{one.field}: {one.description}" for one in lost.rejections) or lost.last_error
            _log.warning("%d records were refused by Binnacle at %s: %s", lost.rejected, target, why)
        if lost.dropped or lost.uncertain:
            _log.warning(
                "%d records were dropped, since too many waited; of %d it is not known", lost.dropped, lost.uncertain
            )

    def stream_samples(self) -> SamplesCall:
        """A bare call for those who pack columns of registered series themselves: nothing is retried or accounted."""
        return self._calls.write_samples()
