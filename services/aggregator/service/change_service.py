"""What was changed when."""

import grpc

from binnacle.aggregator.v1 import change_service_pb2 as pb, change_service_pb2_grpc
from services.aggregator.convert import changes, pages
from services.aggregator.ports.changes import ChangeFilter, ChangeStore
from services.core.clock import Clock
from services.runtime import page_tokens
from services.runtime.calls import current_call


class ChangeServicer(change_service_pb2_grpc.ChangeServiceServicer):
    """Lists changes from the store."""

    def __init__(self, store: ChangeStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def ListChanges(
        self,
        request: pb.ListChangesRequest,
        context: grpc.aio.ServicerContext[pb.ListChangesRequest, pb.ListChangesResponse],
    ) -> pb.ListChangesResponse:
        tenant = current_call().tenant
        size = pages.limit_from("page_size", request.page_size or pages.DEFAULT_LIMIT)
        matching = changes.filter_from(request, self._clock.now())
        before = None
        state = page_tokens.state_of(tenant, request)
        if state is not None:
            from_us, to_us, time_us, journal_id, offset, row = state
            matching = ChangeFilter(from_us, to_us, matching.kinds, matching.service)
            before = (time_us, journal_id, offset, row)
        found = await self._store.changes(tenant, matching, size + 1, before)
        page = found[:size]
        following = [matching.from_us, matching.to_us, page[-1].time_us, *page[-1].place] if page else []
        return pb.ListChangesResponse(
            changes=[changes.change(event) for event in page],
            next_page_token=page_tokens.token_of(tenant, request, following) if len(found) > size else "",
        )
