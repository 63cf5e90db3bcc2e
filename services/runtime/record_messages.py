"""Records as messages."""

from binnacle.audit.v1 import audit_pb2
from services.core.records import AuditRecord

MICRO = 1_000_000


def record_from(message: audit_pb2.AuditRecord) -> AuditRecord:
    """A record as it was written."""
    return AuditRecord(
        time_us=message.time.seconds * MICRO + message.time.nanos // 1_000,
        tenant=message.tenant,
        kind=message.kind,
        id=message.id,
        revision=message.revision,
        action=message.action,
        subject=message.subject,
        roles=tuple(message.roles),
        key=message.key,
        method=message.method,
        request_id=message.request_id,
        payload=message.payload_json or "{}",
    )


def record_message(record: AuditRecord) -> audit_pb2.AuditRecord:
    """The same as a message."""
    message = audit_pb2.AuditRecord(
        tenant=record.tenant,
        kind=record.kind,
        id=record.id,
        revision=record.revision,
        action=record.action,
        subject=record.subject,
        roles=record.roles,
        key=record.key,
        method=record.method,
        request_id=record.request_id,
        payload_json=record.payload,
    )
    message.time.FromMicroseconds(record.time_us)
    return message
