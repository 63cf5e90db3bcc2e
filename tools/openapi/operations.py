"""RPCs as operations on REST paths, by the rules the edge transcodes with."""

from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from services.launcher.edge import NAMED_INTAKE
from services.runtime.roles import OPEN, role_of, word_of
from tools.openapi import errors
from tools.openapi.bodies import ANSWERS, BODIES, Content
from tools.openapi.contracts import WHOLE, Call, Contracts, Message, parameters_of, plain
from tools.openapi.examples import BODIES as EXAMPLES, LINKS, PARAMETERS
from tools.openapi.schemas import Schema, Schemas

JSON = "application/json"
NDJSON = "application/x-ndjson"
# What a query cannot say: messages, except those that are one text.
_TEXTS = {".google.protobuf.Timestamp", ".google.protobuf.Duration"}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "pattern": "^[ -~]{1,64}$"},
    "description": "Names the request, so that it can be repeated within 24 hours and is kept once.",
}
_NAMED = frozenset(name.rsplit(".", 1)[-1] for name in NAMED_INTAKE)


def paths(contracts: Contracts, schemas: Schemas) -> dict[str, dict[str, Any]]:
    """The operations by path and verb."""
    found: dict[str, dict[str, Any]] = {}
    identities = {call.label: _identity(call) for call in contracts.calls}
    for call in contracts.calls:
        found.setdefault(plain(call.path), {})[call.verb] = _operation(call, contracts, schemas, identities)
    return found


def summary(comment: str) -> str:
    """The first sentence, as a line without marks."""
    return comment.partition(". ")[0].partition(": `{")[0].replace("`", "").rstrip(".")


def _identity(call: Call) -> str:
    """One for each operation, though several are paths of one RPC."""
    return f"{call.name}_{call.place + 1}" if call.place else call.name


def _operation(call: Call, contracts: Contracts, schemas: Schemas, identities: Mapping[str, str]) -> dict[str, Any]:
    request = contracts.messages[call.proto.input_type]
    role = role_of(call.proto.options)
    operation: dict[str, Any] = {
        "operationId": identities[call.label],
        "tags": [call.service],
        "summary": summary(call.comment),
        "description": call.comment,
        "parameters": [*_parameters(call, request, contracts, schemas)],
        "responses": _responses(call, contracts, schemas, identities, is_open=role == OPEN),
    }
    operation["security"] = [] if role == OPEN else [{}, {"token": [word_of(role)]}]
    if call.body:
        operation["requestBody"] = {"required": True, "content": _body(call, request, schemas)}
    return operation


def _parameters(call: Call, request: Message, contracts: Contracts, schemas: Schemas) -> Iterator[dict[str, Any]]:
    examples = PARAMETERS.get(call.label, {})
    in_path = parameters_of(call.path)
    for within, name in in_path:
        owner = contracts.messages[_field(request, within).type_name] if within else request
        schema, comment = _described(owner, name, schemas)
        place = {"in": "path", "required": True, "schema": {**schema, "minLength": 1}}
        yield {"name": name, **place, "description": comment, **_example(examples, name)}
    for field in request.proto.field:
        if call.body != WHOLE and field.name not in call.held and ("", field.name) not in in_path:
            schema, comment = _described(request, field.name, schemas)
            for parameter in _in_query(field, field.name, comment, schema, contracts, schemas):
                yield {**parameter, **_example(examples, parameter["name"])}
    if call.service in _NAMED:
        yield _IDEMPOTENCY_KEY


def _field(message: Message, name: str) -> FieldDescriptorProto:
    return next(field for field in message.proto.field if field.name == name)


def _described(message: Message, name: str, schemas: Schemas) -> tuple[Schema, str]:
    """The schema of a field without its comment, and that comment."""
    field = _field(message, name)
    schema = schemas.field(field, message, "", printed=False)
    schema.pop("description")
    return schema, message.fields[list(message.proto.field).index(field)]


def _example(examples: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {"example": examples[name]} if name in examples else {}


def _in_query(
    field: FieldDescriptorProto, name: str, comment: str, schema: Schema, contracts: Contracts, schemas: Schemas
) -> Iterator[dict[str, Any]]:
    """A field as a query parameter; the fields of a message by their own, with a dot."""
    if field.type != FieldDescriptorProto.TYPE_MESSAGE or field.type_name in _TEXTS:
        yield {"name": name, "in": "query", "schema": schema, "description": comment}
    elif field.label != FieldDescriptorProto.LABEL_REPEATED and field.type_name in contracts.messages:
        owner = contracts.messages[field.type_name]
        for inner in owner.proto.field:
            inner_schema, words = _described(owner, inner.name, schemas)
            yield from _in_query(inner, f"{name}.{inner.name}", words, inner_schema, contracts, schemas)


def _body(call: Call, request: Message, schemas: Schemas) -> Content:
    example = {"example": EXAMPLES[call.label]} if call.label in EXAMPLES else {}
    if call.name in BODIES:
        return {media: {**told, **(example if media == JSON else {})} for media, told in BODIES[call.name].items()}
    if call.body == WHOLE:
        return {JSON: {"schema": schemas.request(request.name), **example}}
    places = {field.name: place for place, field in enumerate(request.proto.field)}
    field = request.proto.field[places[call.body]]
    schema = schemas.field(field, request, request.fields[places[call.body]], printed=False)
    return {JSON: {"schema": schema, **example}}


def _responses(
    call: Call, contracts: Contracts, schemas: Schemas, identities: Mapping[str, str], *, is_open: bool
) -> dict[str, Any]:
    content = _answer(call, contracts, schemas)
    done: dict[str, Any] = {"description": "Done.", **({"content": content} if content else {})}
    links = {
        f"{identities[link.target]}_{link.parameter}": {
            "operationId": identities[link.target],
            "parameters": {link.parameter: f"$response.body#{link.pointer}"},
        }
        for link in LINKS
        if link.source == call.label
    }
    if links:
        done["links"] = links
    media = tuple(ANSWERS[call.name]) if call.name in ANSWERS and call.response_body and call.body else ()
    return {"200": done, **errors.responses(errors.statuses(call, is_open=is_open), media)}


def _answer(call: Call, contracts: Contracts, schemas: Schemas) -> Content:
    if call.name in ANSWERS:
        return ANSWERS[call.name]
    if call.response_body:
        return {"*/*": {}}
    # Messages of a stream are lines, which a schema of one document cannot tell.
    if call.proto.server_streaming:
        return {NDJSON: {"schema": {"type": "string"}}}
    return {JSON: {"schema": schemas.answer(contracts.messages[call.proto.output_type].name)}}
