"""Every question the aggregator can be asked, made from the contracts: what is added to them is asked by itself."""

import importlib
import math
import pkgutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from binnacle.aggregator import v1
from services.runtime.statuses import DETAILS_KEY, error_from

# What peers of ours alone ask: a stream of its own, and what is told of all tenants at once.
LEFT_OUT = frozenset({"binnacle.aggregator.v1.AppendService", "binnacle.aggregator.v1.AccessService"})
ASKING = ("Get", "List", "Query", "Explain", "Export", "Download", "Watch", "Tail", "Find", "Search")
# Streams without an end; one that has nothing to say is left after so long.
LIVE = ("Watch", "Tail")
_LIVE_SECONDS = 3.0
_WHOLE_SECONDS = 20.0
_DEPTH = 4
_TIMESTAMP = "google.protobuf.Timestamp"
_DURATION = "google.protobuf.Duration"
# Two implementations of descriptors have no type in common.
Field = Any


@dataclass(frozen=True, slots=True)
class Question:
    """A call: its path, the messages it takes and gives, whether answers stream."""

    path: str
    request: type[Message]
    response: type[Message]
    streams: bool

    @property
    def name(self) -> str:
        """The call's own name."""
        return self.path.rpartition("/")[2]

    @property
    def changes(self) -> bool:
        """Whether it may change something, by the word it begins with."""
        return not self.name.startswith(ASKING)


def questions() -> list[Question]:
    """All of them."""
    found = []
    for module in pkgutil.iter_modules(v1.__path__):
        if not module.name.endswith("_service_pb2"):
            continue
        services = importlib.import_module(f"{v1.__name__}.{module.name}").DESCRIPTOR.services_by_name
        for service in services.values():
            if service.full_name in LEFT_OUT:
                continue
            found += [
                Question(
                    f"/{service.full_name}/{method.name}",
                    GetMessageClass(method.input_type),
                    GetMessageClass(method.output_type),
                    method.server_streaming,
                )
                for method in service.methods
            ]
    return found


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call came to: its messages, or the status it ended with and the fields that were named."""

    messages: Sequence[Message]
    code: grpc.StatusCode = grpc.StatusCode.OK
    details: str = ""
    fields: Sequence[str] = ()


async def ask(channel: grpc.aio.Channel, question: Question, request: Message, metadata: Any) -> Answer:
    """Ask; of a stream that watches only the first message is waited for."""
    messages: list[Message] = []
    kinds = {
        "request_serializer": lambda message: message.SerializeToString(),
        "response_deserializer": question.response.FromString,
    }
    try:
        if not question.streams:
            call: Any = channel.unary_unary(question.path, **kinds)
            messages.append(await call(request, metadata=metadata, timeout=_WHOLE_SECONDS))
            return Answer(messages)
        within = _LIVE_SECONDS if question.name.startswith(LIVE) else _WHOLE_SECONDS
        stream: Any = channel.unary_stream(question.path, **kinds)(request, metadata=metadata, timeout=within)
        async for message in stream:
            messages.append(message)
            if question.name.startswith(LIVE):
                stream.cancel()
                break
    except grpc.aio.AioRpcError as error:
        if question.name.startswith(LIVE) and error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
            return Answer(messages)
        told = error_from(error, "the aggregator")
        fields = [violation.field for violation in getattr(told, "violations", ())]
        if error.code() is grpc.StatusCode.INVALID_ARGUMENT and not _has_details(error):
            fields = []
        return Answer(messages, error.code(), error.details() or "", fields)
    return Answer(messages)


def _has_details(error: grpc.aio.AioRpcError) -> bool:
    return any(key == DETAILS_KEY for key, _value in error.trailing_metadata() or ())


def told(messages: Iterable[Message]) -> bytes:
    """All that is in messages; the pieces of a file put together."""
    parts = [message.SerializeToString() for message in messages]
    files = [getattr(message, "data", b"") for message in messages]
    files += [message.content.data for message in messages if hasattr(message, "content")]
    return b"".join((*parts, *(file for file in files if isinstance(file, bytes))))


def requests(question: Question, words: Mapping[str, Any]) -> Iterator[Message]:
    """Requests that name things: `words` by the name of the field, `""` for any other text.

    First an empty one, then each field alone, then several together, each way that a choice can be made.
    """
    yield question.request()
    for field in question.request.DESCRIPTOR.fields:
        for turn in range(_turns(field)):
            message = question.request()
            _fill(message, field, words, turn, 0)
            yield message
    for turn in range(3):
        yield _full(question.request, words, turn, 0)


def _turns(field: Field) -> int:
    if field.enum_type is not None:
        return len(field.enum_type.values)
    if field.message_type is not None and field.message_type.full_name not in (_TIMESTAMP, _DURATION):
        return 4
    return 1


def _full(kind: type[Message], words: Mapping[str, Any], turn: int, depth: int) -> Message:
    message = kind()
    chosen = {}
    for choice in kind.DESCRIPTOR.oneofs:
        chosen[choice.name] = choice.fields[turn % len(choice.fields)].name
    for field in kind.DESCRIPTOR.fields:
        oneof: Field = field.containing_oneof
        if oneof is None or chosen[oneof.name] == field.name:
            _fill(message, field, words, turn, depth)
    return message


def _fill(message: Message, field: Field, words: Mapping[str, Any], turn: int, depth: int) -> None:
    if field.message_type is not None:
        if depth > _DEPTH or field.message_type.GetOptions().map_entry:
            return
        target = getattr(message, field.name)
        inner = target.add() if field.is_repeated else target
        inner.SetInParent()
        if field.message_type.full_name in (_TIMESTAMP, _DURATION):
            inner.seconds = words.get(field.name, 60)
        else:
            inner.CopyFrom(_full(GetMessageClass(field.message_type), words, turn, depth + 1))
        return
    value = _value(field, words, turn)
    if field.is_repeated:
        getattr(message, field.name).append(value)
    else:
        setattr(message, field.name, value)


def _value(field: Field, words: Mapping[str, Any], turn: int) -> Any:
    if field.type == FieldDescriptor.TYPE_STRING:
        return words.get(field.name, words[""])
    if field.type == FieldDescriptor.TYPE_BYTES:
        return b""
    if field.type == FieldDescriptor.TYPE_BOOL:
        return turn % 2 == 0
    if field.enum_type is not None:
        return field.enum_type.values[turn % len(field.enum_type.values)].number
    return words.get(field.name, 5)


_TEXTS = (
    "nobody-has-this",
    "(",
    "(a{1000}){1000}",
    "(a|a?)+" * 100,
    ".*" * 400 + "x",
    "x\0y",
    "é" * 5_000,
    "%_\\'\"` --",
)
_SECONDS = (0, 1, -1, -(10**11), 253_402_300_799)
_SPANS = (0, -60, 1, 10**9, 315_576_000_000)
_WHOLE = (0, 1, 1_001, 2**31 - 1)
_FLOATS = (0.0, -1.0, 1e308, math.inf, -math.inf, math.nan)
MANY = 300


def bad_requests(question: Question, words: Mapping[str, Any]) -> Iterator[Message]:
    """Requests, each with one thing in it that is odd: an empty, reversed or enormous range, a size, text, number."""
    bases = [question.request(), _full(question.request, words, 1, 0)]
    for base in bases:
        yield from _odd_ranges(base)
        yield from _odd(base, 0)


def _copy(message: Message) -> Message:
    made = type(message)()
    made.CopyFrom(message)
    return made


def _odd_ranges(base: Message) -> Iterator[Message]:
    fields = base.DESCRIPTOR.fields_by_name
    if "start_time" not in fields or "end_time" not in fields:
        return
    now = 1_800_000_000
    for start, end in ((now, now), (now, now - 60), (0, 253_402_300_799), (1, 4_000_000_000)):
        made: Any = _copy(base)
        made.start_time.seconds, made.end_time.seconds = start, end
        yield made


def _odd(base: Message, depth: int) -> Iterator[Message]:
    for field in base.DESCRIPTOR.fields:
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            continue
        if field.message_type is not None and field.message_type.full_name not in (_TIMESTAMP, _DURATION):
            yield from _odd_within(base, field, depth)
            continue
        for value in _odd_values(field):
            made = _copy(base)
            _put(made, field, value)
            yield made


def _odd_within(base: Message, field: Field, depth: int) -> Iterator[Message]:
    if depth > _DEPTH:
        return
    inner_kind: type[Message] = GetMessageClass(field.message_type)
    given = getattr(base, field.name)
    inner = (given[0] if given else inner_kind()) if field.is_repeated else given
    for odd in (*_odd_ranges(inner), *_odd(inner, depth + 1)):
        made = _copy(base)
        target = getattr(made, field.name)
        if field.is_repeated:
            del target[:]
            target.add().CopyFrom(odd)
        else:
            target.CopyFrom(odd)
        yield made
    if field.is_repeated:
        made = _copy(base)
        for _time in range(MANY):
            getattr(made, field.name).add().CopyFrom(inner)
        yield made


def _put(message: Message, field: Field, value: Any) -> None:
    target = getattr(message, field.name)
    if field.message_type is not None:
        moment = target.add() if field.is_repeated else target
        moment.SetInParent()
        moment.seconds = value
    elif field.is_repeated:
        target.extend(value if isinstance(value, list) else [value])
    else:
        setattr(message, field.name, value)


def _odd_values(field: Field) -> Sequence[Any]:
    if field.message_type is not None:
        return _SECONDS if field.message_type.full_name == _TIMESTAMP else _SPANS
    if field.type == FieldDescriptor.TYPE_STRING:
        return (*_TEXTS, ["x"] * MANY) if field.is_repeated else _TEXTS
    if field.enum_type is not None:
        return (99,)
    if field.type in (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT):
        return _FLOATS
    if field.type in (FieldDescriptor.TYPE_UINT32, FieldDescriptor.TYPE_UINT64):
        return (*_WHOLE, 2**32 - 1)
    if field.type in (FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_INT64):
        return (*_WHOLE, -1, -(2**31))
    return ()
