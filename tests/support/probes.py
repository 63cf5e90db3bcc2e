"""Every RPC of the contracts as anybody can ask it, with each of its texts being another's, absent, malformed."""

import contextlib
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import grpc
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.text_format import MessageToString

from services.launcher.contracts import PACKAGE
from services.launcher.edge import DESCRIPTORS
from services.runtime.roles import Role, role_of

DEEPEST: Final = 3
# Whose fields are no ids.
PLAIN: Final = ("google.protobuf.", "google.api.")
MALFORMED: Final = ("../../etc/passwd", "' OR 1=1 --", "\x00", "%2e%2e", "ü" * 300, "*", "{}", "a" * 5_000)


@dataclass(frozen=True, slots=True)
class Rpc:
    """A call: its path, who may make it, the messages it takes and gives, and the places of its texts."""

    path: str
    role: Role
    request: type[Message]
    answer: type[Message]
    client_streams: bool
    server_streams: bool
    texts: tuple[tuple[str, ...], ...]

    @property
    def name(self) -> str:
        """The method alone."""
        return self.path.rpartition("/")[2]

    @property
    def service(self) -> str:
        """The service alone."""
        return self.path.rpartition("/")[0].rpartition(".")[2]


def rpcs() -> list[Rpc]:
    """Every RPC of ours, those between our own processes too."""
    files = FileDescriptorSet.FromString(DESCRIPTORS.read_bytes())
    pool = DescriptorPool()
    for file in files.file:
        pool.Add(file)
    found = []
    for file in files.file:
        for service in file.service if file.package.startswith(PACKAGE) else ():
            for method in service.method:
                request = GetMessageClass(pool.FindMessageTypeByName(method.input_type.lstrip(".")))
                found.append(
                    Rpc(
                        f"/{file.package}.{service.name}/{method.name}",
                        role_of(method.options),
                        request,
                        GetMessageClass(pool.FindMessageTypeByName(method.output_type.lstrip("."))),
                        method.client_streaming,
                        method.server_streaming,
                        tuple(_texts(request.DESCRIPTOR)),
                    )
                )
    return found


def _texts(descriptor: Any, depth: int = 0) -> Iterator[tuple[str, ...]]:
    """Names of the fields that lead to each text."""
    for one in descriptor.fields:
        if one.type == FieldDescriptor.TYPE_STRING:
            yield (one.name,)
        elif one.type == FieldDescriptor.TYPE_MESSAGE and depth < DEEPEST and _holds_texts(one.message_type):
            yield from ((one.name, *rest) for rest in _texts(one.message_type, depth + 1))


def _holds_texts(descriptor: Any) -> bool:
    return not descriptor.GetOptions().map_entry and not descriptor.full_name.startswith(PLAIN)


@dataclass(frozen=True, slots=True)
class Known:
    """What a tenant's things are called: by a part of the name of a field; pages by RPC; an `id` given, by service."""

    default: str
    by_name: Mapping[str, str]
    pages: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)

    def text(self, rpc: Rpc, place: Sequence[str]) -> str:
        """What stands in this place of a request."""
        name = place[-1]
        if name in ("page_token", "cursor", "position") and rpc.path in self.pages:
            return self.pages[rpc.path]
        if name == "id" and rpc.service in self.ids:
            return self.ids[rpc.service]
        return next((value for part, value in self.by_name.items() if part in name), self.default)


def pages(channel: grpc.Channel, metadata: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Where a tenant would go on reading, by RPC: the next page of each list, and a position of a live connection."""
    found: dict[str, str] = {}
    for rpc in rpcs():
        fields, told = rpc.request.DESCRIPTOR.fields_by_name, rpc.answer.DESCRIPTOR.fields_by_name
        if "page_token" in fields and "page_size" in fields and "next_page_token" in told:
            asked: Any = rpc.request(page_size=1)
            # Some want more than a size.
            with contextlib.suppress(grpc.RpcError):
                call: Any = channel.unary_unary(rpc.path)
                raw = call(asked.SerializeToString(), metadata=metadata, timeout=20)
                answer: Any = rpc.answer.FromString(raw)
                found[rpc.path] = answer.next_page_token
        elif rpc.path.endswith("LiveService/Follow"):
            follow: Any = channel.unary_stream(rpc.path)
            stream = follow(b"", metadata=metadata, timeout=20)
            position = next(word for raw in stream if (word := _position(MessageToDict(rpc.answer.FromString(raw)))))
            stream.cancel()
            found |= {each.path: position for each in rpcs() if "LiveService" in each.path}
    return {path: token for path, token in found.items() if token}


def _position(told: Any) -> str:
    """The first position in a message."""
    if isinstance(told, dict):
        own = told.get("position")
        return own if isinstance(own, str) and own else next(filter(None, map(_position, told.values())), "")
    return next(filter(None, map(_position, told)), "") if isinstance(told, list) else ""


def request(rpc: Rpc, texts: Mapping[tuple[str, ...], str]) -> bytes:
    """A request that holds these texts."""
    made = rpc.request()
    for place, text in texts.items():
        _set(made, place, text)
    return made.SerializeToString()


def _set(message: Any, place: Sequence[str], text: str) -> None:
    for name in place[:-1]:
        inner = getattr(message, name)
        repeated = message.DESCRIPTOR.fields_by_name[name].is_repeated
        message = inner.add() if repeated else inner
        message.SetInParent()
    name = place[-1]
    if message.DESCRIPTOR.fields_by_name[name].is_repeated:
        getattr(message, name).append(text)
    else:
        setattr(message, name, text)


def malformed(rng: random.Random) -> str:
    """A text that is nobody's id."""
    return rng.choice(MALFORMED)


def likeness(rpc: Rpc, messages: Sequence[bytes], told: bytes, texts: Sequence[str]) -> str:
    """An answer without what was asked, times, numbers and made-up names: two that are alike tell the same."""
    whole = "\n".join(
        [
            *(MessageToString(rpc.answer.FromString(raw), as_utf8=True) for raw in messages),
            told.decode(errors="replace"),
        ]
    )
    for text in sorted({text for text in texts if text}, key=len, reverse=True):
        whole = whole.replace(text, "?")
    # Words that are like the one that was asked, of those that everybody is told.
    whole = re.sub(r"nearest are [^;]*;", "", whole)
    return re.sub(r"[0-9][0-9.:TZe+-]*", "#", re.sub(r"[A-Za-z0-9_-]{24,}", "?", whole))
