"""Bodies of OTLP/HTTP: protobuf or JSON, plain or gzip, to the bytes that OTLP/gRPC has; and answers in the same form.

In OTLP's JSON, ids of traces and spans are hexadecimal where protobuf's JSON has Base64; the rest is the same.
"""

import base64
import zlib
from dataclasses import dataclass
from typing import Any

import msgspec
from google.api.httpbody_pb2 import HttpBody
from google.protobuf import json_format
from google.protobuf.message import Message

from services.core.errors import InvalidInput

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
MAX_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 64
# zlib's number for a gzip header with the largest window.
GZIP_WINDOW = 31
IDS = frozenset({"traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id"})


@dataclass(frozen=True, slots=True)
class Body:
    """A request as OTLP/gRPC has it, and the form its answer has to have."""

    message: bytes
    form: str


def read(content: HttpBody, encoding: str, kind: type[Message]) -> Body:
    """Unpack a body that holds a message of `kind`. Raises InvalidInput for what is none."""
    form = content.content_type.partition(";")[0].strip().lower()
    if form not in (PROTOBUF, JSON):
        raise InvalidInput.of("content-type", f"must be {PROTOBUF} or {JSON}")
    data = _unpacked(content.data, encoding.strip().lower())
    return Body(data if form == PROTOBUF else _from_json(data, kind), form)


def answer(message: Message, form: str) -> HttpBody:
    """An answer in the form of its request."""
    if form == PROTOBUF:
        return HttpBody(content_type=PROTOBUF, data=message.SerializeToString())
    return HttpBody(content_type=JSON, data=json_format.MessageToJson(message, indent=None).encode())


def _unpacked(data: bytes, encoding: str) -> bytes:
    if encoding in ("", "identity"):
        return data
    if encoding != "gzip":
        raise InvalidInput.of("content-encoding", "must be gzip or none")
    stream = zlib.decompressobj(GZIP_WINDOW)
    try:
        unpacked = stream.decompress(data, MAX_BYTES)
    except zlib.error as error:
        raise InvalidInput.of("", "the body is no valid gzip") from error
    if stream.unconsumed_tail:
        raise InvalidInput.of("", f"the body is larger than {MAX_BYTES:,} bytes unpacked")
    if not stream.eof or stream.unused_data:
        raise InvalidInput.of("", "the body is no valid gzip: it ends too early or too late")
    return unpacked


def _from_json(data: bytes, kind: type[Message]) -> bytes:
    message = kind()
    try:
        told = _with_protobuf_ids(msgspec.json.decode(data, type=dict[str, Any]))
        json_format.ParseDict(told, message, ignore_unknown_fields=True, max_recursion_depth=MAX_DEPTH)
    except (json_format.Error, msgspec.DecodeError, RecursionError, ValueError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InvalidInput.of("", f"the body is no valid {kind.DESCRIPTOR.name} as JSON: {reason}") from error
    return message.SerializeToString()


def _with_protobuf_ids(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_protobuf_ids(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _base64_of(inner) if name in IDS and isinstance(inner, str) else _with_protobuf_ids(inner)
        for name, inner in value.items()
    }


def _base64_of(hexadecimal: str) -> str:
    return base64.b64encode(bytes.fromhex(hexadecimal)).decode()
