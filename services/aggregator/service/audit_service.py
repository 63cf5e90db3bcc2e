"""Who did what."""

from typing import Any

from binnacle.aggregator.v1 import audit_service_pb2 as pb, audit_service_pb2_grpc
from services.aggregator.convert import audit, pages
from services.aggregator.ports.audit import AuditLog
from services.aggregator.service.tenant_service import administers_all
from services.core.clock import Clock
from services.core.errors import Forbidden
from services.runtime.calls import current_call
from services.runtime.record_messages import record_message


class AuditServicer(audit_service_pb2_grpc.AuditServiceServicer):
    """Lists records from the store."""

    def __init__(self, log: AuditLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock

    async def ListAuditRecords(self, request: pb.ListAuditRecordsRequest, context: Any) -> pb.ListAuditRecordsResponse:
        own = current_call().tenant
        if request.tenant not in ("", own) and not administers_all():
            raise Forbidden("the audit log of another tenant is for administrators of the installation alone")
        size = pages.limit_from("page_size", request.page_size or pages.DEFAULT_LIMIT)
        search, cursor = audit.search_from(own, request, self._clock.now())
        found = await self._log.page(request.tenant or own, search, size + 1, cursor)
        page = found[:size]
        return pb.ListAuditRecordsResponse(
            records=map(record_message, page),
            next_page_token=audit.page_token(own, request, search, page[-1]) if len(found) > size else "",
        )
