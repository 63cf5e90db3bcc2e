"""Versions of dashboards, from the audit log that the aggregator tells."""

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.aggregator.v1 import audit_service_pb2 as pb, audit_service_pb2_grpc as pb_grpc
from services.core.errors import InvalidInput
from services.core.recorded import DELETE
from services.core.records import AuditRecord
from services.runtime.calls import acting_for
from services.runtime.record_messages import record_from
from services.runtime.statuses import translated_errors
from services.streamer.convert.dashboards.records import dashboard_recorded
from services.streamer.domain.dashboards.book import KIND
from services.streamer.ports.dashboards import Dashboard, Version, Versions

QUESTION_SECONDS = 10.0
# The log is kept for ever; a range has to be told.
BEGINNING = Timestamp(seconds=1_577_836_800)


class AuditedHistory:
    """See History."""

    def __init__(self, aggregator: grpc.aio.Channel) -> None:
        self._log = pb_grpc.AuditServiceStub(aggregator)

    async def page(self, tenant: str, identity: str, size: int, token: str | None = None) -> Versions:
        asked = pb.ListAuditRecordsRequest(
            start_time=BEGINNING, kind=[KIND], id=[identity], page_size=size, page_token=token or ""
        )
        with acting_for(tenant), translated_errors("aggregator"):
            answer = await self._log.ListAuditRecords(asked, timeout=QUESTION_SECONDS)
        records = map(record_from, answer.records)
        # An act, such as one that was refused halfway, leaves no version behind.
        versions = [version_of(record) for record in records if record.revision]
        return Versions(versions, answer.next_page_token or None)


def version_of(record: AuditRecord) -> Version:
    """What a record says was done."""
    return Version(record.revision, record.time_us / 1e6, record.subject, record.action, _held(record))


def _held(record: AuditRecord) -> Dashboard | None:
    if record.action == DELETE:
        return None
    try:
        return dashboard_recorded(record)
    except InvalidInput:
        return None
