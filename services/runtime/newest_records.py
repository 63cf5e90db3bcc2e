"""What is configured, from its copy in Redis, or where that is not whole from the aggregator."""

from collections.abc import Collection, Sequence

import grpc

from binnacle.aggregator.v1 import access_service_pb2 as pb, access_service_pb2_grpc as pb_grpc
from binnacle.audit.v1 import audit_pb2
from services.core.aside import aside
from services.core.errors import Unavailable
from services.core.records import AuditRecord
from services.core.tenants import DEFAULT_TENANT
from services.runtime.calls import acting_for
from services.runtime.hot_records import HotRecords
from services.runtime.record_messages import record_from
from services.runtime.statuses import translated_errors


class NewestRecords:
    """The newest records of some kinds; see NewestRecords in core."""

    def __init__(self, hot: HotRecords | None, channel: grpc.aio.Channel, kinds: Collection[str]) -> None:
        self._hot = hot
        self._stub = pb_grpc.AccessServiceStub(channel)
        self._kinds = kinds

    async def newest(self) -> Sequence[AuditRecord]:
        try:
            if self._hot is not None and await self._hot.is_whole():
                return await self._hot.newest()
        except Unavailable:
            pass
        return [record for kind in self._kinds for record in await self._of(kind)]

    async def _of(self, kind: str) -> Sequence[AuditRecord]:
        found: list[AuditRecord] = []
        request = pb.ListNewestRecordsRequest(kind=kind)
        while True:
            with acting_for(DEFAULT_TENANT), translated_errors("aggregator"):
                answer = await self._stub.ListNewestRecords(request)
            if not answer.records:
                return found
            found += await aside(_records, answer.records)
            request.after_tenant, request.after_id = found[-1].tenant, found[-1].id


def _records(messages: Sequence[audit_pb2.AuditRecord]) -> list[AuditRecord]:
    return [record_from(message) for message in messages]
