"""What was refused at intake."""

import grpc

from binnacle.aggregator.v1 import intake_warning_service_pb2 as pb, intake_warning_service_pb2_grpc
from services.aggregator.convert import pages, warnings
from services.aggregator.ports.store import Store
from services.core.clock import Clock
from services.runtime.calls import current_call


class IntakeWarningServicer(intake_warning_service_pb2_grpc.IntakeWarningServiceServicer):
    """Lists refusals from the store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def ListIntakeWarnings(
        self,
        request: pb.ListIntakeWarningsRequest,
        context: grpc.aio.ServicerContext[pb.ListIntakeWarningsRequest, pb.ListIntakeWarningsResponse],
    ) -> pb.ListIntakeWarningsResponse:
        tenant = current_call().tenant
        size = pages.limit_from("page_size", request.page_size or pages.DEFAULT_LIMIT)
        matching, before = warnings.page_from(tenant, request, self._clock.now())
        found = await self._store.intake_warnings(tenant, matching, size + 1, before)
        page = found[:size]
        more = len(found) > size
        return pb.ListIntakeWarningsResponse(
            warnings=[warnings.warning(one) for one in page],
            next_page_token=warnings.page_token(tenant, request, matching, page[-1]) if more else "",
        )
