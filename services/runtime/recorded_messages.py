"""What records hold of things: the JSON of their message."""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from google.protobuf import json_format
from google.protobuf.message import Message

from services.core.errors import InvalidInput
from services.core.records import AuditRecord
from services.runtime.logs import Log

Told = TypeVar("Told", bound=Message)
Thing = TypeVar("Thing")


def payload_of(message: Message) -> Mapping[str, Any]:
    """What is recorded of a thing."""
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def message_recorded(record: AuditRecord, message: Told) -> Told:
    """The message that a record holds, read into an empty one. Raises InvalidInput where it holds none."""
    try:
        return json_format.ParseDict(json.loads(record.payload), message, ignore_unknown_fields=True)
    except (ValueError, json_format.ParseError) as fault:
        raise InvalidInput.of(record.kind, f"the record of {record.id} cannot be read: {fault}") from fault


def readable(read: Callable[[AuditRecord], Thing], log: Log) -> Callable[[AuditRecord], Thing | None]:
    """What reads a record, or says in the log that it cannot be read: the others must not be lost with it."""

    def reading(record: AuditRecord) -> Thing | None:
        try:
            return read(record)
        except InvalidInput as fault:
            log.error(
                "a record cannot be read", kind=record.kind, tenant=record.tenant, id=record.id, reason=str(fault)
            )
            return None

    return reading
