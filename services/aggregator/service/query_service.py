"""Questions about what has happened."""

import grpc

from binnacle.aggregator.v1 import query_service_pb2 as pb, query_service_pb2_grpc
from services.aggregator.convert import pages
from services.aggregator.convert.dashboard import service_metrics, tracked_event
from services.aggregator.domain.live.live import Live
from services.aggregator.ports.store import EventFilter, Store
from services.core.errors import InvalidInput, NotFound
from services.runtime.calls import current_call

MAX_SERVICE = 100


class QueryServicer(query_service_pb2_grpc.QueryServiceServicer):
    """Answers questions; events from the store, figures from the live state."""

    def __init__(self, store: Store, live: Live) -> None:
        self._store = store
        self._live = live

    async def ListEvents(
        self,
        request: pb.ListEventsRequest,
        context: grpc.aio.ServicerContext[pb.ListEventsRequest, pb.ListEventsResponse],
    ) -> pb.ListEventsResponse:
        tenant = current_call().tenant
        size = pages.limit_from("page_size", request.page_size or pages.DEFAULT_LIMIT)
        matching = EventFilter(request.type, request.service)
        before = pages.position_from(tenant, request)
        found = await self._store.events(tenant, matching, size + 1, before)
        page = found[:size]
        more = len(found) > size
        return pb.ListEventsResponse(
            events=[pages.event(event) for event in page],
            next_page_token=pages.page_token(tenant, request, page[-1]) if more else "",
        )

    async def ListTrackedEvents(
        self,
        request: pb.ListTrackedEventsRequest,
        context: grpc.aio.ServicerContext[pb.ListTrackedEventsRequest, pb.ListTrackedEventsResponse],
    ) -> pb.ListTrackedEventsResponse:
        tenant = current_call().tenant
        limit = pages.limit_from("limit", request.limit if request.HasField("limit") else pages.DEFAULT_LIMIT)
        matching = EventFilter(request.type, request.service)
        found = await self._store.events(tenant, matching, limit)
        count = len(found)
        if count == limit:
            # Of a segment that is being written some may be listed before any are counted.
            count = max(count, await self._store.count_events(tenant, matching))
        return pb.ListTrackedEventsResponse(events=[tracked_event(event) for event in found], count=count, limit=limit)

    async def GetServiceMetrics(
        self,
        request: pb.GetServiceMetricsRequest,
        context: grpc.aio.ServicerContext[pb.GetServiceMetricsRequest, pb.GetServiceMetricsResponse],
    ) -> pb.GetServiceMetricsResponse:
        if not 1 <= len(request.service) <= MAX_SERVICE:
            raise InvalidInput.of("service", f"must have 1 to {MAX_SERVICE} characters")
        tenant = current_call().tenant
        await self._live.up_to_date(tenant)
        metrics = self._live.service_metrics(tenant, request.service)
        if metrics is None:
            raise NotFound(f"neither a heartbeat nor traffic of {request.service} was seen today")
        return service_metrics(metrics)
