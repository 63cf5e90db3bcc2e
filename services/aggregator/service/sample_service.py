"""Raw samples and counts of events, for alerting."""

from collections.abc import AsyncIterator

import grpc

from binnacle.aggregator.v1 import sample_service_pb2 as pb, sample_service_pb2_grpc
from services.aggregator.convert import raw_samples as convert
from services.aggregator.domain.live.tails import Tails
from services.aggregator.domain.series.raw_samples import RawSamples
from services.aggregator.ports.event_counts import EventCountStore
from services.aggregator.ports.store import Store
from services.runtime.calls import current_call

QUIET_SECONDS = 1.0

WatchContext = grpc.aio.ServicerContext[pb.WatchSamplesRequest, pb.WatchSamplesResponse]
ReadContext = grpc.aio.ServicerContext[pb.ReadSamplesRequest, pb.ReadSamplesResponse]
CountContext = grpc.aio.ServicerContext[pb.CountMatchingEventsRequest, pb.CountMatchingEventsResponse]


class SampleServicer(sample_service_pb2_grpc.SampleServiceServicer):
    """Tells samples as they are fed, and those that are stored."""

    def __init__(self, samples: RawSamples, tails: Tails, events: EventCountStore, store: Store) -> None:
        self._samples = samples
        self._tails = tails
        self._events = events
        self._store = store

    async def WatchSamples(
        self, request: pb.WatchSamplesRequest, context: WatchContext
    ) -> AsyncIterator[pb.WatchSamplesResponse]:
        tenant = current_call().tenant
        selectors = convert.selectors_from(request.selectors)
        self._tails.require_ready()
        with self._tails.samples.reading(tenant, lambda series: self._samples.wanted(selectors, series)) as reader:
            # What was fed before, and not stored yet, may have named series that are not named again.
            await self._tails.settled()
            reader.know(await self._samples.stored(tenant, selectors))
            yield pb.WatchSamplesResponse(partial=self._store.shared)
            while True:
                fed = await reader.next(QUIET_SECONDS)
                yield pb.WatchSamplesResponse(rows=convert.sample_rows(fed.series, fed.samples))

    async def ReadSamples(
        self, request: pb.ReadSamplesRequest, context: ReadContext
    ) -> AsyncIterator[pb.ReadSamplesResponse]:
        selectors, (start, end) = convert.selectors_from(request.selectors), convert.range_from(request)
        found = await self._samples.read(
            current_call().tenant, selectors, start, end, newest=request.newest, as_stored=request.as_stored
        )
        for block in convert.sample_blocks(*found):
            yield block

    async def CountMatchingEvents(
        self, request: pb.CountMatchingEventsRequest, context: CountContext
    ) -> AsyncIterator[pb.CountMatchingEventsResponse]:
        question = convert.count_question_from(request)
        if not request.as_stored:
            await self._tails.settled()
        for block in convert.count_blocks(await self._events.counts(current_call().tenant, question)):
            yield block
