"""What the aggregator answers about series, samples and events, and its feeds of them."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence
from typing import TypeVar

import grpc

from binnacle.aggregator.v1 import (
    sample_service_pb2 as samples_pb,
    sample_service_pb2_grpc,
    time_series_service_pb2 as series_pb,
    time_series_service_pb2_grpc,
)
from binnacle.query.v1 import query_pb2
from services.alerting.adapters.event_tails import EventTails
from services.alerting.convert.answers import (
    event_count,
    samples_of,
    samples_read,
    selector_message,
    series_answer,
)
from services.alerting.ports.judging import Floats
from services.alerting.ports.sources import Event, EventCount, Samples, Selector, SeriesAnswer, Sources
from services.core.errors import Unavailable
from services.core.event_conditions import EventCondition
from services.core.questions import Expression
from services.runtime.calls import acting_for
from services.runtime.event_conditions import condition
from services.runtime.questions import expression_message
from services.runtime.statuses import translated_errors
from services.runtime.times import duration, timestamp

SILENCE = 10.0
"""Seconds without a message after which a feed of samples counts as broken; there is one each second."""
READ_SECONDS = 30.0
Message = TypeVar("Message")


class AggregatorSeries:
    """A SeriesSource over QueryTimeSeries."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = time_series_service_pb2_grpc.TimeSeriesServiceStub(channel)

    async def values(self, tenant: str, expressions: Sequence[Expression], ends: Floats) -> SeriesAnswer:
        query = query_pb2.TimeSeriesQuery(expressions=map(expression_message, expressions))
        query.end_time.CopyFrom(timestamp(float(ends[-1])))
        if len(ends) == 1:
            query.instant = True
        else:
            step = float(ends[1] - ends[0])
            query.start_time.CopyFrom(timestamp(float(ends[0]) - step))
            query.step.CopyFrom(duration(step))
        with acting_for(tenant), translated_errors("aggregator"):
            response = await self._stub.QueryTimeSeries(series_pb.QueryTimeSeriesRequest(query=query))
        return series_answer(response.answer, ends)


class AggregatorSamples:
    """A SampleSource over SampleService; what it reads is `as_stored`, or all that had come in."""

    def __init__(self, channel: grpc.aio.Channel, silence: float = SILENCE, *, as_stored: bool = False) -> None:
        self._stub = sample_service_pb2_grpc.SampleServiceStub(channel)
        self._silence = silence
        self._as_stored = as_stored

    async def watch(self, tenant: str, selectors: Sequence[Selector]) -> AsyncGenerator[Samples, None]:
        request = samples_pb.WatchSamplesRequest(selectors=map(selector_message, selectors))
        # The tenant is read when the call is made; held over a yield, it would leak into the reader.
        with acting_for(tenant):
            call = self._stub.WatchSamples(request)
        partial = False
        try:
            messages = aiter(call)
            while True:
                try:
                    async with asyncio.timeout(self._silence):
                        with translated_errors("aggregator"):
                            response = await anext(messages, None)
                except TimeoutError:
                    raise Unavailable(f"the aggregator said nothing for {self._silence:g} s") from None
                if response is None:
                    raise Unavailable("the aggregator ended the feed")
                partial = partial or response.partial
                yield samples_of(response.rows, partial=partial)
        finally:
            call.cancel()

    async def read(
        self, tenant: str, selectors: Sequence[Selector], start: float, end: float, *, newest: bool = False
    ) -> Samples:
        request = samples_pb.ReadSamplesRequest(
            selectors=map(selector_message, selectors), newest=newest, as_stored=self._as_stored
        )
        request.start_time.CopyFrom(timestamp(start))
        request.end_time.CopyFrom(timestamp(end))
        blocks = await _read(tenant, lambda: self._stub.ReadSamples(request, timeout=READ_SECONDS))
        return samples_read([block.rows for block in blocks])


class AggregatorEvents:
    """An EventSource over TailService, of `further` aggregators too, and SampleService; see AggregatorSamples."""

    def __init__(
        self, channel: grpc.aio.Channel, further: Sequence[grpc.aio.Channel] = (), *, as_stored: bool = False
    ) -> None:
        self._tails = EventTails([channel, *further])
        self._counts = sample_service_pb2_grpc.SampleServiceStub(channel)
        self._as_stored = as_stored

    def watch(self, tenant: str) -> AsyncGenerator[Sequence[Event], None]:
        return self._tails.watch(tenant)

    async def counts(
        self,
        tenant: str,
        conditions: Sequence[EventCondition],
        by: Sequence[str],
        start: float,
        end: float,
        stretch: float | None = None,
    ) -> Sequence[EventCount]:
        request = samples_pb.CountMatchingEventsRequest(
            conditions=map(condition, conditions), by=by, as_stored=self._as_stored
        )
        request.start_time.CopyFrom(timestamp(start))
        request.end_time.CopyFrom(timestamp(end))
        if stretch is not None:
            request.stretch.CopyFrom(duration(stretch))
        blocks = await _read(tenant, lambda: self._counts.CountMatchingEvents(request, timeout=READ_SECONDS))
        return [event_count(one) for block in blocks for one in block.counts]


def aggregator_sources(
    channel: grpc.aio.Channel, further: Sequence[grpc.aio.Channel] = (), *, as_stored: bool = False
) -> Sources:
    """Everything from one aggregator; events as they come from `further` ones over the same store too.

    `as_stored` is for who would rather be told at once than of the last half a second.
    """
    samples = AggregatorSamples(channel, as_stored=as_stored)
    return Sources(AggregatorSeries(channel), samples, AggregatorEvents(channel, further, as_stored=as_stored))


async def _read(tenant: str, call: Callable[[], AsyncIterable[Message]]) -> list[Message]:
    with acting_for(tenant), translated_errors("aggregator"):
        return [message async for message in call()]
