"""RPCs as operations on REST paths, by the rules the edge transcodes with."""

import re
from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from tools.openapi.bodies import ANSWERS, BODIES
from tools.openapi.contracts import Call, Contracts, Message
from tools.openapi.schemas import ERROR, Schema, Schemas

IN_PATH = re.compile(r"{(\w+)(?:=[^}]*)?}")
HTTP_BODY = ".google.api.HttpBody"
JSON = "application/json"
NDJSON = "application/x-ndjson"
# What a query cannot say: messages, except those that are one text.
_TEXTS = {".google.protobuf.Timestamp", ".google.protobuf.Duration"}
# The whole body is a field, or the request itself.
WHOLE = "*"


def paths(contracts: Contracts, schemas: Schemas) -> dict[str, dict[str, Any]]:
    """The operations by path and verb."""
    found: dict[str, dict[str, Any]] = {}
    for call in contracts.calls:
        path = IN_PATH.sub(r"{\1}", call.path)
        found.setdefault(path, {})[call.verb] = _operation(call, contracts, schemas)
    return found


def _operation(call: Call, contracts: Contracts, schemas: Schemas) -> dict[str, Any]:
    request = contracts.messages[call.proto.input_type]
    operation: dict[str, Any] = {
        "operationId": call.name if not call.path.endswith("/") else f"{call.name}_",
        "tags": [call.service],
        "summary": call.comment.partition(".")[0],
        "description": call.comment,
        "parameters": [*_parameters(call, request, contracts, schemas)],
        "responses": _responses(call, contracts, schemas),
    }
    if call.body:
        operation["requestBody"] = _body(call, request, schemas)
    return operation


def _parameters(call: Call, request: Message, contracts: Contracts, schemas: Schemas) -> Iterator[dict[str, Any]]:
    in_path = IN_PATH.findall(call.path)
    for field, comment in zip(request.proto.field, request.fields, strict=True):
        schema = schemas.field(field, request, "", printed=False)
        schema.pop("description")
        if field.name in in_path:
            yield {
                "name": field.name,
                "in": "path",
                "required": True,
                "schema": {**schema, "minLength": 1},
                "description": comment,
            }
        elif call.body != WHOLE and field.name != call.body:
            yield from _in_query(field, field.name, comment, schema, contracts, schemas)


def _in_query(
    field: FieldDescriptorProto, name: str, comment: str, schema: Schema, contracts: Contracts, schemas: Schemas
) -> Iterator[dict[str, Any]]:
    """A field as a query parameter; the fields of a message by their own, with a dot."""
    if field.type != FieldDescriptorProto.TYPE_MESSAGE or field.type_name in _TEXTS:
        yield {"name": name, "in": "query", "schema": schema, "description": comment}
    elif field.label != FieldDescriptorProto.LABEL_REPEATED and field.type_name in contracts.messages:
        owner = contracts.messages[field.type_name]
        for inner, words in zip(owner.proto.field, owner.fields, strict=True):
            inner_schema = schemas.field(inner, owner, "", printed=False)
            inner_schema.pop("description")
            yield from _in_query(inner, f"{name}.{inner.name}", words, inner_schema, contracts, schemas)


def _body(call: Call, request: Message, schemas: Schemas) -> dict[str, Any]:
    if call.name in BODIES:
        return {"required": True, "content": BODIES[call.name]}
    if call.body == WHOLE:
        return {"required": True, "content": {JSON: {"schema": schemas.request(request.name)}}}
    places = {field.name: place for place, field in enumerate(request.proto.field)}
    field = request.proto.field[places[call.body]]
    schema = schemas.field(field, request, request.fields[places[call.body]], printed=False)
    return {"required": True, "content": {JSON: {"schema": schema}}}


def _responses(call: Call, contracts: Contracts, schemas: Schemas) -> dict[str, Any]:
    error = {
        "description": "What went wrong.",
        "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{ERROR}"}}},
    }
    return {"200": {"description": "Done.", "content": _answer(call, contracts, schemas)}, "default": error}


def _answer(call: Call, contracts: Contracts, schemas: Schemas) -> dict[str, Any]:
    response = call.proto.output_type
    if call.name in ANSWERS:
        return ANSWERS[call.name]
    if response == HTTP_BODY or call.response_body:
        return {"*/*": {}}
    # Messages of a stream are lines, which a schema of one document cannot tell.
    schema = {"type": "string"} if call.proto.server_streaming else schemas.answer(contracts.messages[response].name)
    return {NDJSON if call.proto.server_streaming else JSON: {"schema": schema}}
