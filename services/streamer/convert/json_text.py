"""Messages of the contract as JSON text."""

import orjson
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

Json = dict[str, object]


def json_object(message: Message) -> Json:
    """A message as the edge prints it: names as in the contract, empty values too. For what is made seldom."""
    made: Json = MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    return made


def json_bytes(message: Message) -> bytes:
    """The same as text."""
    return orjson.dumps(json_object(message))
