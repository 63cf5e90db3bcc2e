"""Records of what was done, on their way into the audit log."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from binnacle.audit.v1 import audit_pb2
from binnacle.collector.v1 import record_service_pb2 as pb, record_service_pb2_grpc as pb_grpc
from services.collector.domain.intake import Intake
from services.collector.service.batch_ids import checked
from services.core.aside import aside
from services.core.errors import InvalidInput
from services.runtime.calls import current_call

RECORDS = "binnacle.collector.v1.RecordService"
MOST = 10_000
LONGEST_WORD = 200
LATEST = 4_102_444_800
LONGEST_PAYLOAD = 256 * 1024
_NEEDED = ("kind", "action")
_WORDS = (*_NEEDED, "id", "subject", "key", "method", "request_id")


class RecordServicer(pb_grpc.RecordServiceServicer):
    """Takes in records for one Intake."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def WriteRecords(self, request: pb.WriteRecordsRequest, context: Any) -> pb.WriteRecordsResponse:
        tenant, name = current_call().tenant, checked(request.batch_id)
        if not 1 <= len(request.records) <= MOST:
            raise InvalidInput.of("records", f"must be 1 to {MOST:,}")
        records = await aside(partial(_checked, tenant), request.records)
        await self._intake.audit(tenant, records, name)
        return pb.WriteRecordsResponse()


def _checked(tenant: str, records: Sequence[audit_pb2.AuditRecord]) -> list[bytes]:
    for number, record in enumerate(records):
        _check(f"records[{number}]", record, tenant)
    return [record.SerializeToString() for record in records]


def _check(place: str, record: audit_pb2.AuditRecord, tenant: str) -> None:
    if record.tenant != tenant:
        raise InvalidInput.of(f"{place}.tenant", "must be the tenant of the call")
    if not 0 < record.time.seconds < LATEST:
        raise InvalidInput.of(f"{place}.time", "must be a time from 1970 to 2099")
    for name in _WORDS:
        word = getattr(record, name)
        if len(word) > LONGEST_WORD or (not word and name in _NEEDED):
            raise InvalidInput.of(f"{place}.{name}", f"must have 1 to {LONGEST_WORD} characters")
    if len(record.payload_json) > LONGEST_PAYLOAD or not _is_object(record.payload_json):
        raise InvalidInput.of(f"{place}.payload_json", "must be a JSON object of 256 KiB at most")


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text or "{}"), dict)
    except ValueError:
        return False
