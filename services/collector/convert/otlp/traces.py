"""A traces request as spans."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import msgspec
import numpy as np
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from services.collector.convert import attributes
from services.collector.convert.otlp.attributes import SCOPE_LABEL, json_text, plain, service_of
from services.collector.domain.redaction import Redactor
from services.collector.domain.rules import MAX_SERVICE
from services.collector.domain.telemetry import SpansDraft
from services.core.columns import SpanColumns
from services.core.errors import InvalidInput

LAST_NS = 2**63 - 1
# Numbers outside of a byte are no kind and no status either.
NO_KIND = 255
NONE = "[]"
MAX_STATUS_MESSAGE = 1_000

Fault = tuple[int, str, str]


def read(message: bytes, secrets: Redactor) -> SpansDraft:
    """The spans of a serialised request. Raises InvalidInput when it is none."""
    try:
        request = ExportTraceServiceRequest.FromString(message)
    except DecodeError as error:
        raise InvalidInput.of("", "the message is no valid ExportTraceServiceRequest") from error
    faults: list[Fault] = []
    rows = list(_rows(request))
    spans = [span for span, _resource, _scope in rows]
    columns = SpanColumns(
        np.array([min(span.start_time_unix_nano, LAST_NS) for span in spans], np.int64),
        np.array([_duration(span) for span in spans], np.int64),
        [span.trace_id.hex() for span in spans],
        [span.span_id.hex() for span in spans],
        [span.parent_span_id.hex() for span in spans],
        [span.name for span in spans],
        np.array([_small(span.kind) for span in spans], np.uint8),
        [service_of(resource, secrets)[:MAX_SERVICE] for _span, resource, _scope in rows],
        np.array([_small(span.status.code) for span in spans], np.uint8),
        [span.status.message[:MAX_STATUS_MESSAGE] for span in spans],
        _column(rows, partial(_attributes, secrets), "attributes", attributes.EMPTY, faults),
        _column(rows, partial(_events, secrets), "events", NONE, faults),
        _column(rows, partial(_links, secrets), "links", NONE, faults),
    )
    return SpansDraft(columns, faults)


def _rows(request: ExportTraceServiceRequest) -> Iterator[tuple[Span, list[KeyValue], str]]:
    for by_resource in request.resource_spans:
        resource = list(by_resource.resource.attributes)
        for by_scope in by_resource.scope_spans:
            for span in by_scope.spans:
                yield span, resource, by_scope.scope.name


def _duration(span: Span) -> int:
    return max(-1, min(span.end_time_unix_nano, LAST_NS) - min(span.start_time_unix_nano, LAST_NS))


def _small(number: int) -> int:
    return number if 0 <= number < NO_KIND else NO_KIND


def _column(
    rows: Iterable[Any], make: Callable[..., str], field: str, otherwise: str, faults: list[Fault]
) -> list[str]:
    column = []
    for number, row in enumerate(rows):
        try:
            column.append(make(*row))
        except attributes.BadAttributes as bad:
            faults.append((number, field, str(bad)))
            column.append(otherwise)
    return column


def _attributes(secrets: Redactor, span: Span, resource: list[KeyValue], scope: str) -> str:
    return json_text(secrets, resource, span.attributes, **{SCOPE_LABEL: scope, "trace_state": span.trace_state})


def _events(secrets: Redactor, span: Span, _resource: list[KeyValue], _scope: str) -> str:
    return _list(
        {"time_unix_ns": event.time_unix_nano, "name": event.name, "attributes": _plain(event.attributes, secrets)}
        for event in span.events
    )


def _links(secrets: Redactor, span: Span, _resource: list[KeyValue], _scope: str) -> str:
    return _list(
        {"trace_id": link.trace_id.hex(), "span_id": link.span_id.hex(), "attributes": _plain(link.attributes, secrets)}
        for link in span.links
    )


def _plain(given: Iterable[KeyValue], secrets: Redactor) -> dict[str, Any]:
    return secrets.attributes({attribute.key: plain(attribute.value) for attribute in given})


def _list(found: Iterable[dict[str, Any]]) -> str:
    text = msgspec.json.encode(list(found)).decode()
    if len(text) > attributes.MAX_BYTES:
        raise attributes.BadAttributes(f"must be at most {attributes.MAX_BYTES:,} bytes as JSON")
    return text
