"""What tenants use."""

import grpc

from binnacle.aggregator.v1 import usage_service_pb2 as pb, usage_service_pb2_grpc
from services.aggregator.convert import usage
from services.aggregator.domain.figures.kept_answers import KeptAnswers
from services.aggregator.domain.reports.usage import UsageReports
from services.aggregator.service.tenant_service import administers_all
from services.core.clock import Clock
from services.core.errors import NotFound
from services.runtime.access import Access
from services.runtime.calls import current_call
from services.runtime.roles import ADMIN


class UsageServicer(usage_service_pb2_grpc.UsageServiceServicer):
    """Answers from the store; others' usage to administrators of the installation alone."""

    def __init__(self, reports: UsageReports, kept: KeptAnswers, clock: Clock, access: Access) -> None:
        self._reports = reports
        self._kept = kept
        self._clock = clock
        self._access = access

    async def GetUsage(
        self,
        request: pb.GetUsageRequest,
        context: grpc.aio.ServicerContext[pb.GetUsageRequest, pb.GetUsageResponse],
    ) -> pb.GetUsageResponse:
        tenant = self._tenant(request.tenant_id)
        first, end = usage.days_from(request, self._clock.now())
        question = ("usage", tenant, first, end)
        found = await self._kept.answer(question, lambda: self._reports.report(tenant, first, end))
        return usage.report(tenant, found)

    def _tenant(self, asked: str) -> str:
        call = current_call()
        if not asked or asked == call.tenant:
            return call.tenant
        if not administers_all() or self._access.lack(call.roles, ADMIN) is not None:
            raise NotFound(f"there is no tenant {asked[:64]!r}")
        return asked
