"""Requests that nobody would send on purpose, made from the contracts: every public call, every path of REST."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet, MethodDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from services.launcher.contracts import public_services
from tests.component.collector.test_noise import TEXTS, anything

DESCRIPTORS = Path(__file__).parents[2] / "gen" / "binnacle.binpb"
CONTENT_TYPES = (
    "application/json",
    "application/x-ndjson",
    "application/x-protobuf",
    "text/plain",
    "",
    "application/json; charset=latin-1",
)
ENCODINGS = ("", "", "", "gzip", "snappy", "zstd", "br")
WORDS = ("type", "service", "name", "value", "timestamp", "data", "status", "labels", "message", "level", "metrics")


@dataclass(frozen=True, slots=True)
class Method:
    """A public call: its path, the process that serves it, the messages it takes, whether it streams."""

    path: str
    process: str
    request: type[Message]
    streams: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """A path of REST, its verb, whether its answer is a stream."""

    verb: str
    path: str
    streams: bool


def methods() -> list[Method]:
    """Every public call."""
    files = _files()
    pool = DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return [
        Method(
            f"/{service.name}/{method.name}",
            service.process,
            GetMessageClass(pool.FindMessageTypeByName(method.input_type.lstrip("."))),
            method.client_streaming or method.server_streaming,
        )
        for service in public_services(DESCRIPTORS.read_bytes())
        for method in _methods_of(files, service.name)
    ]


def rules() -> list[Rule]:
    """Every path of REST."""
    files = _files()
    found = []
    for service in public_services(DESCRIPTORS.read_bytes()):
        for method in _methods_of(files, service.name):
            http = method.options.Extensions[annotations_pb2.http]
            for rule in (http, *http.additional_bindings):
                verb = rule.WhichOneof("pattern")
                if verb:
                    found.append(Rule(verb.upper(), getattr(rule, verb), method.server_streaming))
    return found


def _files() -> FileDescriptorSet:
    return FileDescriptorSet.FromString(DESCRIPTORS.read_bytes())


def _methods_of(files: FileDescriptorSet, name: str) -> Iterator[MethodDescriptorProto]:
    for file in files.file:
        for service in file.service:
            if f"{file.package}.{service.name}" == name:
                yield from service.method


def message(method: Method, rng: random.Random) -> bytes:
    """A message of a call: sound, spoilt, or nothing but bytes."""
    kind = rng.random()
    if kind < 0.2:
        return rng.randbytes(rng.randrange(200))
    raw = bytearray(anything(method.request, rng).SerializeToString())
    if kind < 0.6 and raw:
        for _spoil in range(rng.randint(1, 4)):
            raw[rng.randrange(len(raw))] = rng.randrange(256)
    return bytes(raw)


def path(rule: Rule, rng: random.Random) -> str:
    """A path of a rule, with any words for its variables, and any parameters."""
    parts = rule.path.split("/")
    made = "/".join(quote(rng.choice(TEXTS) or "x", safe="") if part.startswith("{") else part for part in parts)
    names = (*WORDS, "limit", "page_size", "page_token", "since", "before", rng.choice(TEXTS))
    query = "&".join(f"{quote(rng.choice(names))}={quote(_text(rng))}" for _pair in range(rng.randrange(4)))
    return f"{made}?{query}" if query else made


def body(rng: random.Random) -> bytes:
    """A body: JSON of any form, JSON cut short or spoilt, or nothing but bytes."""
    kind = rng.random()
    if kind < 0.2:
        return rng.randbytes(rng.randrange(300))
    made = json.dumps(_anything_json(rng, 0)).encode()
    if kind < 0.4:
        return made[: rng.randrange(len(made))]
    if kind < 0.5:
        return b"\n".join(json.dumps(_anything_json(rng, 1)).encode() for _line in range(rng.randrange(5)))
    return made


def headers(rng: random.Random) -> dict[str, str]:
    """What a body is said to be."""
    told = {"content-type": rng.choice(CONTENT_TYPES), "content-encoding": rng.choice(ENCODINGS)}
    if rng.random() < 0.1:
        told["idempotency-key"] = rng.choice(("a", "x" * 300, "a b", "{}"))
    return {name: value for name, value in told.items() if value}


def _text(rng: random.Random) -> str:
    return rng.choice((*TEXTS, "-1", "0", "1e400", "99999999999999999999", "2026-13-45T00:00:00Z", "NaN"))


def _anything_json(rng: random.Random, depth: int) -> Any:
    scalars: Sequence[Any] = (None, True, 0, -1, 2**70, 1e308, 12.5, float("nan"), _text(rng), "request", "INFO")
    kind = rng.random()
    if depth > 4 or kind < 0.3:
        return rng.choice(scalars)
    if kind < 0.5:
        return [_anything_json(rng, depth + 1) for _item in range(rng.randrange(4))]
    return {rng.choice((*WORDS, _text(rng))): _anything_json(rng, depth + 1) for _pair in range(rng.randrange(6))}
