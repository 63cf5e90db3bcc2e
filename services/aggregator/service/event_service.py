"""Questions about events."""

import grpc

from binnacle.aggregator.v1 import event_service_pb2 as pb, event_service_pb2_grpc
from services.aggregator.convert import pages
from services.aggregator.convert.histograms import histogram
from services.aggregator.convert.searches import event_search
from services.aggregator.convert.time_ranges import range_from
from services.aggregator.convert.two_way_pages import asked_page, page_of
from services.aggregator.domain.ranges.steps import steps_of
from services.aggregator.ports.events import Events, EventSplit
from services.aggregator.ports.searches import Position, TimeRange
from services.aggregator.ports.store import StoredEvent
from services.core.clock import Clock
from services.core.errors import InvalidInput
from services.runtime.calls import current_call

_SPLITS: dict[int, EventSplit] = {
    pb.GetEventHistogramRequest.SPLIT_UNSPECIFIED: "",
    pb.GetEventHistogramRequest.SPLIT_TYPE: "type",
    pb.GetEventHistogramRequest.SPLIT_SERVICE: "service",
}


class EventServicer(event_service_pb2_grpc.EventServiceServicer):
    """Finds and counts events."""

    def __init__(self, events: Events, clock: Clock) -> None:
        self._events = events
        self._clock = clock

    async def SearchEvents(
        self,
        request: pb.SearchEventsRequest,
        context: grpc.aio.ServicerContext[pb.SearchEventsRequest, pb.SearchEventsResponse],
    ) -> pb.SearchEventsResponse:
        tenant = current_call().tenant
        size = pages.limit_from("page_size", request.page_size or pages.DEFAULT_LIMIT)
        asked = asked_page(tenant, request, self._clock.now())
        search = event_search(request.filter, asked.range)
        found = await self._events.page(tenant, search, size + 1, asked.cursor)
        page = page_of(tenant, request, asked, found, size, _position)
        return pb.SearchEventsResponse(
            events=[pages.event(event) for event in page.rows],
            next_page_token=page.next_token,
            previous_page_token=page.previous_token,
            total=await self._events.count(tenant, search) if request.with_total else None,
        )

    async def GetEventHistogram(
        self,
        request: pb.GetEventHistogramRequest,
        context: grpc.aio.ServicerContext[pb.GetEventHistogramRequest, pb.GetEventHistogramResponse],
    ) -> pb.GetEventHistogramResponse:
        tenant = current_call().tenant
        range_ = TimeRange(*range_from(request.filter, self._clock.now(), prefix="filter."))
        split = _SPLITS.get(request.split)
        if split is None:
            raise InvalidInput.of("split", "must be one of Split")
        steps = steps_of(range_, request.step_seconds)
        found = await self._events.over_time(tenant, event_search(request.filter, range_), steps, split)
        return pb.GetEventHistogramResponse(histogram=histogram(steps, found))


def _position(event: StoredEvent) -> Position:
    return (event.time_us, *event.place)
