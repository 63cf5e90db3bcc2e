"""Whatever bytes come, the answer is one of the documented ones."""

import contextlib
import random
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from binnacle.collector.v1 import ingest_service_pb2 as pb, json_intake_service_pb2 as json_pb
from tests.component.collector.collectors import Collector, collector, registered
from tests.support.callers import OF_THE_CLIENT

pytestmark = pytest.mark.network

UNARY: dict[str, type[Message]] = {
    "IngestService/RegisterSeries": pb.RegisterSeriesRequest,
    "IngestService/WriteSampleColumns": pb.WriteSampleColumnsRequest,
    "IngestService/WriteSeries": pb.WriteSeriesRequest,
    "IngestService/WriteEvents": pb.WriteEventsRequest,
    "IngestService/WriteLogs": pb.WriteLogsRequest,
    "IngestService/WriteHeartbeats": pb.WriteHeartbeatsRequest,
    "JsonIntakeService/PostEvents": json_pb.PostEventsRequest,
    "JsonIntakeService/PostMetrics": json_pb.PostMetricsRequest,
    "JsonIntakeService/PostHeartbeat": json_pb.PostHeartbeatRequest,
    "JsonIntakeService/PostLogs": json_pb.PostLogsRequest,
}
ALLOWED = {grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT}
FULL_ROUNDS = 2_000
BODIES = ["", "{", '{"type":"a"}', '[{"name":"b","value":1}]']
TEXTS = [*BODIES, "a", "cpu", "x" * 300, "\x00", "é", "application/x-ndjson"]
NUMBERS = [0, 1, -1, 2**31 - 1, -(2**31), 5, 3]
LARGE = [0, 1, 2**63 - 1, 1_800_000_000]
FLOATS = [0.0, -1.0, 1e308, float("nan"), float("inf"), 12.5]


def anything(kind: type[Message], rng: random.Random, depth: int = 0) -> Message:
    """A message with random fields of random values."""
    message = kind()
    for field in kind.DESCRIPTOR.fields:
        if rng.random() < 0.3:
            continue
        for _count in range(rng.randint(1, 3) if field.is_repeated else 1):
            _set(message, field, rng, depth)
    return message


def _set(message: Message, field: Any, rng: random.Random, depth: int) -> None:
    if field.message_type and field.message_type.GetOptions().map_entry:
        if field.message_type.fields_by_name["value"].message_type is None:
            getattr(message, field.name)[rng.choice(TEXTS)] = rng.choice(TEXTS)
        return
    if field.message_type:
        if depth < 6:
            inner = anything(GetMessageClass(field.message_type), rng, depth + 1)
            target = getattr(message, field.name)
            (target.add() if field.is_repeated else target).CopyFrom(inner)
        return
    value = _value(field, rng)
    if field.is_repeated:
        getattr(message, field.name).append(value)
    else:
        setattr(message, field.name, value)


def _value(field: Any, rng: random.Random) -> object:
    if field.type == FieldDescriptor.TYPE_STRING:
        return rng.choice(TEXTS)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return rng.choice(TEXTS).encode()
    if field.type in (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT):
        return rng.choice(FLOATS)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return rng.random() < 0.5
    if field.type == FieldDescriptor.TYPE_UINT32:
        return rng.choice([abs(number) for number in NUMBERS])
    small = field.type in (FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_ENUM)
    return rng.choice(NUMBERS if small else LARGE)


async def unary_code(running: Collector, method: str, raw: bytes) -> grpc.StatusCode:
    call: Any = running.channel.unary_unary(f"/binnacle.collector.v1.{method}")
    code: grpc.StatusCode = await call(raw).code()
    return code


async def stream_code(running: Collector, raws: list[bytes]) -> grpc.StatusCode:
    open_stream: Any = running.channel.stream_stream("/binnacle.collector.v1.IngestService/WriteSamples")
    stream = open_stream(iter(raws))
    with contextlib.suppress(grpc.aio.AioRpcError):
        # The status comes after the answers, once they are read.
        async for _answer in stream:
            pass
    if await stream.details() == OF_THE_CLIENT:
        return await stream_code(running, raws)
    code: grpc.StatusCode = await stream.code()
    return code


async def test_no_message_is_a_fault_of_ours(tmp_path: Path, scale: float) -> None:
    rng = random.Random(4)
    async with collector(tmp_path) as running:
        await registered(running, 3)
        for _round in range(int(FULL_ROUNDS * scale)):
            for method, kind in UNARY.items():
                sound = anything(kind, rng).SerializeToString()
                spoilt = bytearray(sound)
                for _spoil in range(rng.randint(0, 3) if spoilt else 0):
                    spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
                for raw in (sound, bytes(spoilt), rng.randbytes(rng.randrange(40))):
                    assert await unary_code(running, method, raw) in ALLOWED, (method, raw)
            samples = anything(pb.WriteSamplesRequest, rng).SerializeToString()
            assert await stream_code(running, [samples, rng.randbytes(20)]) in ALLOWED, samples
        assert len(await registered(running, 3)) == 3
