"""A logs request as log lines."""

from collections.abc import Iterator

import msgspec
import numpy as np
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from services.collector.convert import attributes
from services.collector.convert.otlp.attributes import SCOPE_LABEL, json_text, plain, service_of
from services.collector.domain.columns import LogColumns
from services.collector.domain.intake import Draft, Fault
from services.collector.domain.places import ListPlaces, Places
from services.collector.domain.redaction import Redactor
from services.collector.domain.rules import MAX_MESSAGE, MAX_SERVICE
from services.core.errors import InvalidInput

INFO = 2
CRITICAL = 5
MAX_US = 2**62
# OpenTelemetry counts 1 to 24 in steps of four: trace, debug, info, warn, error, fatal.
LEVELS = (1, 1, 2, 3, 4, 5)
EMPTY_MESSAGE = "(no body)"

Resource = list[KeyValue]


def read(message: bytes, now: float, secrets: Redactor) -> Draft[LogColumns, Places]:
    """The lines of a serialised request; `now` in Unix seconds is the time of those that carry none.

    Raises InvalidInput when it is no request.
    """
    try:
        request = ExportLogsServiceRequest.FromString(message)
    except DecodeError as error:
        raise InvalidInput.of("", "the message is no valid ExportLogsServiceRequest") from error
    faults: list[Fault] = []
    rows = list(_rows(request))
    texts: list[str] = []
    attributes_json: list[str] = []
    for number, row in enumerate(rows):
        for column, make in ((texts, _message), (attributes_json, _attributes)):
            try:
                column.append(make(secrets, *row))
            except attributes.BadAttributes as bad:
                faults.append((number, "attributes", str(bad)))
                column.append(attributes.EMPTY)
    lines = [line for line, _resource, _scope in rows]
    columns = LogColumns(
        np.array([_time_us(line, now) for line in lines], np.int64),
        np.array([level(line.severity_number) for line in lines], np.uint8),
        [service_of(resource, secrets)[:MAX_SERVICE] for _line, resource, _scope in rows],
        texts,
        [_hex(line.trace_id) for line in lines],
        attributes_json,
        [line.span_id.hex() if any(line.span_id) else "" for line in lines],
    )
    return Draft(columns, ListPlaces("log_records"), faults)


def level(severity: int) -> int:
    """The level of a severity number; `info` when it is not told."""
    if severity <= 0:
        return INFO
    return LEVELS[(severity - 1) // 4] if severity <= 4 * len(LEVELS) else CRITICAL


def _rows(request: ExportLogsServiceRequest) -> Iterator[tuple[LogRecord, Resource, str]]:
    for by_resource in request.resource_logs:
        resource = list(by_resource.resource.attributes)
        for by_scope in by_resource.scope_logs:
            for line in by_scope.log_records:
                yield line, resource, by_scope.scope.name


def _time_us(line: LogRecord, now: float) -> int:
    told = line.time_unix_nano or line.observed_time_unix_nano
    return min(told // 1_000, MAX_US) if told else int(now * 1e6)


def _message(secrets: Redactor, line: LogRecord, _resource: Resource, _scope: str) -> str:
    text = _text(line.body, secrets) or line.event_name or EMPTY_MESSAGE
    return text[:MAX_MESSAGE]


def _text(body: AnyValue, secrets: Redactor) -> str:
    told = secrets.value(plain(body))
    if told is None or isinstance(told, str):
        return told or ""
    return msgspec.json.encode(told).decode()


def _attributes(secrets: Redactor, line: LogRecord, resource: Resource, scope: str) -> str:
    said = {SCOPE_LABEL: scope, "event.name": line.event_name, "severity_text": line.severity_text}
    return json_text(secrets, resource, line.attributes, **said)


def _hex(identity: bytes) -> str:
    # Of zeros only: no trace.
    return identity.hex() if any(identity) else ""
