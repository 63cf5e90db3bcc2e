"""Adds the servicers to a server so that every message is parsed inside the call.

The generated functions let gRPC parse; a broken message is then answered INTERNAL, and samples would be parsed value
by value. Parsing in the handler answers INVALID_ARGUMENT, and lets samples stay bytes until they are columns.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import grpc
from google.protobuf.message import DecodeError, Message

from binnacle.collector.v1 import ingest_service_pb2 as ingest_pb, json_intake_service_pb2 as json_pb
from services.collector.service.ingest import IngestServicer
from services.collector.service.json_intake import JsonIntakeServicer
from services.core.errors import InvalidInput

INGEST = "binnacle.collector.v1.IngestService"
JSON_INTAKE = "binnacle.collector.v1.JsonIntakeService"

Request = TypeVar("Request", bound=Message)


def add_ingest(servicer: IngestServicer, server: grpc.aio.Server) -> None:
    """Serve IngestService."""
    handlers = {
        "RegisterSeries": _unary(servicer.RegisterSeries, ingest_pb.RegisterSeriesRequest),
        "WriteSamples": grpc.stream_stream_rpc_method_handler(servicer.WriteSamples, None, _serialize),
        "WriteSeries": _unary(servicer.WriteSeries, ingest_pb.WriteSeriesRequest),
        "WriteEvents": _unary(servicer.WriteEvents, ingest_pb.WriteEventsRequest),
        "WriteLogs": _unary(servicer.WriteLogs, ingest_pb.WriteLogsRequest),
        "WriteHeartbeats": _unary(servicer.WriteHeartbeats, ingest_pb.WriteHeartbeatsRequest),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(INGEST, handlers),))


def add_json_intake(servicer: JsonIntakeServicer, server: grpc.aio.Server) -> None:
    """Serve JsonIntakeService."""
    handlers = {
        "PostEvents": _unary(servicer.PostEvents, json_pb.PostEventsRequest),
        "PostMetrics": _unary(servicer.PostMetrics, json_pb.PostMetricsRequest),
        "PostHeartbeat": _unary(servicer.PostHeartbeat, json_pb.PostHeartbeatRequest),
        "PostLogs": _unary(servicer.PostLogs, json_pb.PostLogsRequest),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(JSON_INTAKE, handlers),))


def _unary(behaviour: Callable[[Request, Any], Awaitable[Message]], kind: type[Request]) -> Any:
    async def handle(raw: bytes, context: grpc.aio.ServicerContext[bytes, Message]) -> Message:
        try:
            request = kind.FromString(raw)
        except DecodeError as error:
            raise InvalidInput.of("", f"the message is no valid {kind.DESCRIPTOR.name}") from error
        return await behaviour(request, context)

    return grpc.unary_unary_rpc_method_handler(handle, None, _serialize)


def _serialize(message: Message) -> bytes:
    return message.SerializeToString()
