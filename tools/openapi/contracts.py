"""What the protos say, by full name: messages, enums, RPCs and their comments."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from google.api import annotations_pb2, http_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FileDescriptorProto,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)

from tools.reference import ENUMS, FIELDS, MESSAGES, METHODS, SERVICES, Comments

NESTED_MESSAGES, NESTED_ENUMS = 3, 4
_IN_PATH = re.compile(r"{(?:(\w+)\.)?(\w+)(?:=[^}]*)?}")
# The whole body is the request itself.
WHOLE = "*"


@dataclass(frozen=True, slots=True)
class Message:
    """A message with its comment and those of its fields, in their order."""

    name: str
    proto: DescriptorProto
    comment: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Enum:
    """An enum with its comment."""

    name: str
    proto: EnumDescriptorProto
    comment: str


@dataclass(frozen=True, slots=True)
class Call:
    """One REST path of an RPC, `place`-th of them; `about` is the comment of its service, `held` names all bodies."""

    service: str
    about: str
    proto: MethodDescriptorProto
    comment: str
    place: int
    verb: str
    path: str
    body: str
    response_body: str
    held: frozenset[str]

    @property
    def name(self) -> str:
        """Service and method, one word."""
        return f"{self.service}_{self.proto.name}"

    @property
    def label(self) -> str:
        """Verb and path as a reader knows them."""
        return f"{self.verb.upper()} {plain(self.path)}"


def plain(path: str) -> str:
    """A path with the names of its parameters alone."""
    return _IN_PATH.sub(r"{\2}", path)


def parameters_of(path: str) -> list[tuple[str, str]]:
    """The names of what a path holds, each after that of the field it lies in, which may be empty."""
    return _IN_PATH.findall(path)


class Contracts:
    """Finds what the files hold."""

    def __init__(self, files: Sequence[FileDescriptorProto]) -> None:
        self.messages: dict[str, Message] = {}
        self.enums: dict[str, Enum] = {}
        self.calls: list[Call] = []
        self._services: dict[str, str] = {}
        for file in files:
            comments = Comments(file)
            for number, message in enumerate(file.message_type):
                self._add_message(f".{file.package}.{message.name}", message, comments, (MESSAGES, number))
            for number, enum in enumerate(file.enum_type):
                self._add_enum(f".{file.package}.{enum.name}", enum, comments, (ENUMS, number))
            for number, service in enumerate(file.service):
                self._add_calls(service, comments, number)

    def services(self) -> dict[str, str]:
        """The services that have REST paths, and what they are for, in the order of their files."""
        used = {call.service for call in self.calls}
        return {name: comment for name, comment in self._services.items() if name in used}

    def _add_message(self, name: str, proto: DescriptorProto, comments: Comments, path: tuple[int, ...]) -> None:
        fields = tuple(comments.of(*path, FIELDS, number) for number in range(len(proto.field)))
        self.messages[name] = Message(name, proto, comments.of(*path), fields)
        for number, nested in enumerate(proto.nested_type):
            self._add_message(f"{name}.{nested.name}", nested, comments, (*path, NESTED_MESSAGES, number))
        for number, enum in enumerate(proto.enum_type):
            self._add_enum(f"{name}.{enum.name}", enum, comments, (*path, NESTED_ENUMS, number))

    def _add_enum(self, name: str, proto: EnumDescriptorProto, comments: Comments, path: tuple[int, ...]) -> None:
        self.enums[name] = Enum(name, proto, comments.of(*path))

    def _add_calls(self, service: ServiceDescriptorProto, comments: Comments, number: int) -> None:
        about = self._services[service.name] = comments.of(SERVICES, number)
        for index, method in enumerate(service.method):
            comment = comments.of(SERVICES, number, METHODS, index)
            rules = [rule for rule in _rules(method) if rule.WhichOneof("pattern")]
            held = frozenset(rule.body for rule in rules) - {"", WHOLE}
            for place, rule in enumerate(rules):
                verb = str(rule.WhichOneof("pattern"))
                path = getattr(rule, verb)
                self.calls.append(
                    Call(service.name, about, method, comment, place, verb, path, rule.body, rule.response_body, held)
                )


def _rules(method: MethodDescriptorProto) -> Iterator[http_pb2.HttpRule]:
    rule: http_pb2.HttpRule = method.options.Extensions[annotations_pb2.http]
    yield rule
    yield from rule.additional_bindings
