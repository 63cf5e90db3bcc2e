"""Messages as JSON Schema, by the rules of proto JSON as the edge prints and reads it.

The edge prints every field that has no presence, and takes any part of them: a message has one schema for answers, in
which such fields are required and others unknown, and another for requests.
"""

from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto

from tools.openapi.contracts import Contracts, Enum, Message

Schema = dict[str, Any]
_TYPE = FieldDescriptorProto
_WHOLE = {"type": "integer", "format": "int32"}
_UNSIGNED = {"type": "integer", "format": "int64", "minimum": 0, "maximum": 2**32 - 1}
_LONG = {"type": "string", "pattern": "^-?[0-9]+$", "format": "int64"}
_FRACTION = {"oneOf": [{"type": "number"}, {"type": "string", "enum": ["NaN", "Infinity", "-Infinity"]}]}
_SCALARS: dict[int, Schema] = {
    _TYPE.TYPE_DOUBLE: _FRACTION,
    _TYPE.TYPE_FLOAT: _FRACTION,
    _TYPE.TYPE_BOOL: {"type": "boolean"},
    _TYPE.TYPE_STRING: {"type": "string"},
    _TYPE.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
    _TYPE.TYPE_INT32: _WHOLE,
    _TYPE.TYPE_SINT32: _WHOLE,
    _TYPE.TYPE_SFIXED32: _WHOLE,
    _TYPE.TYPE_UINT32: _UNSIGNED,
    _TYPE.TYPE_FIXED32: _UNSIGNED,
    _TYPE.TYPE_INT64: _LONG,
    _TYPE.TYPE_SINT64: _LONG,
    _TYPE.TYPE_SFIXED64: _LONG,
    _TYPE.TYPE_UINT64: _LONG,
    _TYPE.TYPE_FIXED64: _LONG,
}
_KNOWN: dict[str, Schema] = {
    ".google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    ".google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?s$"},
    ".google.protobuf.Struct": {"type": "object"},
    ".google.protobuf.Value": {},
    ".google.protobuf.ListValue": {"type": "array"},
    ".google.protobuf.Any": {"type": "object", "required": ["@type"], "properties": {"@type": {"type": "string"}}},
    ".google.protobuf.DoubleValue": _FRACTION,
    ".google.api.HttpBody": {},
}


class Schemas:
    """Makes the schemas that are asked for, and those they name."""

    def __init__(self, contracts: Contracts) -> None:
        self._contracts = contracts
        self.made: dict[str, Schema] = {}

    def answer(self, type_name: str) -> Schema:
        """What the edge prints of a message."""
        return self._reference(type_name, printed=True)

    def request(self, type_name: str) -> Schema:
        """What the edge reads as a message."""
        return self._reference(type_name, printed=False)

    def field(self, field: FieldDescriptorProto, owner: Message, comment: str, *, printed: bool) -> Schema:
        """One field with its comment."""
        entry = _map_entry(field, owner.proto)
        if entry is not None:
            value = self._single(entry.field[1], printed=printed)
            schema: Schema = {"type": "object", "additionalProperties": value}
        elif field.label == _TYPE.LABEL_REPEATED:
            schema = {"type": "array", "items": self._single(field, printed=printed)}
        else:
            schema = self._single(field, printed=printed)
        return {**schema, "description": comment}

    def _single(self, field: FieldDescriptorProto, *, printed: bool) -> Schema:
        if field.type == _TYPE.TYPE_MESSAGE:
            return self._reference(field.type_name, printed=printed)
        if field.type == _TYPE.TYPE_ENUM:
            return self._enum(self._contracts.enums[field.type_name])
        return _SCALARS[field.type]

    def _reference(self, type_name: str, *, printed: bool) -> Schema:
        if type_name in _KNOWN:
            return _KNOWN[type_name]
        name = _short(type_name) + ("" if printed else "_input")
        if name not in self.made:
            # Named before it is filled, for messages that hold themselves.
            self.made[name] = {}
            self.made[name] = self._message(self._contracts.messages[type_name], printed=printed)
        return {"$ref": f"#/components/schemas/{name}"}

    def _message(self, message: Message, *, printed: bool) -> Schema:
        properties = {
            field.name: self.field(field, message, comment, printed=printed)
            for field, comment in zip(message.proto.field, message.fields, strict=True)
        }
        schema: Schema = {"type": "object", "description": message.comment, "properties": properties}
        if printed:
            schema["required"] = [field.name for field in message.proto.field if _always_printed(field)]
            schema["additionalProperties"] = False
        return schema

    def _enum(self, enum: Enum) -> Schema:
        name = _short(enum.name)
        words = [value.name for value in enum.proto.value]
        self.made[name] = {"type": "string", "enum": words, "description": enum.comment}
        return {"$ref": f"#/components/schemas/{name}"}


def _always_printed(field: FieldDescriptorProto) -> bool:
    with_presence = field.type == _TYPE.TYPE_MESSAGE or field.HasField("oneof_index")
    return field.label == _TYPE.LABEL_REPEATED or not with_presence


def _map_entry(field: FieldDescriptorProto, owner: DescriptorProto) -> DescriptorProto | None:
    name = field.type_name.rsplit(".", 1)[-1]
    return next((nested for nested in owner.nested_type if nested.name == name and nested.options.map_entry), None)


def _short(type_name: str) -> str:
    """`.binnacle.events.v1.Event` as `events.Event`: no two packages have one name."""
    return type_name.removeprefix(".binnacle.").replace(".v1.", ".")
