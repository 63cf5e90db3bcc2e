"""OpenTelemetry's attributes as labels of series, and as one JSON text."""

import base64
import math
import re
from collections.abc import Iterable
from typing import Any

import msgspec
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from services.collector.convert import attributes
from services.collector.domain.redaction import Redactor
from services.core.conventions import SERVICE_LABEL

MAX_LABEL_NAME = 100
MAX_LABEL_VALUE = 500
SERVICE_NAME = "service.name"
SCOPE_LABEL = "otel_scope_name"
_FOREIGN = re.compile(r"[^A-Za-z0-9_.:/-]")

Labels = dict[str, str]


def labels(given: Iterable[KeyValue], secrets: Redactor) -> Labels:
    """Attributes as labels: foreign characters of names become `_`, long values are cut, empty ones left out."""
    found = {}
    for attribute in given:
        text = _label_value(attribute.value, secrets)
        if text and attribute.key:
            found[_label_name(attribute.key)] = text[:MAX_LABEL_VALUE]
    return secrets.labels(found)


def label_set(resource: Labels, scope: str, point: Labels) -> tuple[tuple[str, str], ...]:
    """The labels of a series, sorted: those of the point win over the resource's; `service.name` is `service`."""
    joined = dict(resource)
    if scope:
        joined[SCOPE_LABEL] = scope[:MAX_LABEL_VALUE]
    joined.update(point)
    service = joined.pop(SERVICE_NAME, None)
    if service is not None:
        joined.setdefault(SERVICE_LABEL, service)
    return tuple(sorted(joined.items()))


def service_of(resource: Iterable[KeyValue], secrets: Redactor) -> str:
    """The `service.name` of a resource, or empty."""
    return next((_label_value(each.value, secrets) for each in resource if each.key == SERVICE_NAME), "")


def json_text(secrets: Redactor, *given: Iterable[KeyValue], **extra: str) -> str:
    """Attributes as one JSON object; later ones win. Raises BadAttributes."""
    joined: dict[str, Any] = {name: text for name, text in extra.items() if text}
    for some in given:
        joined.update((attribute.key, plain(attribute.value)) for attribute in some)
    return attributes.json_text(joined, secrets)


def plain(value: AnyValue, depth: int = 0) -> Any:
    """A value as JSON has it; bytes as Base64, numbers that JSON lacks as text. Raises BadAttributes."""
    if depth > attributes.MAX_DEPTH:
        raise attributes.BadAttributes(attributes.TOO_DEEP)
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [plain(each, depth + 1) for each in value.array_value.values]
    if kind == "kvlist_value":
        return {each.key: plain(each.value, depth + 1) for each in value.kvlist_value.values}
    if kind == "bytes_value":
        return base64.b64encode(value.bytes_value).decode()
    told = getattr(value, kind)
    return told if not isinstance(told, float) or math.isfinite(told) else str(told)


def _label_name(name: str) -> str:
    cleaned = _FOREIGN.sub("_", name)[:MAX_LABEL_NAME]
    return cleaned if cleaned[0].isalpha() or cleaned[0] == "_" else f"_{cleaned[: MAX_LABEL_NAME - 1]}"


def _label_value(value: AnyValue, secrets: Redactor) -> str:
    if value.HasField("string_value"):
        return value.string_value
    told = secrets.value(plain(value))
    if told is None:
        return ""
    return told if isinstance(told, str) else msgspec.json.encode(told).decode()
