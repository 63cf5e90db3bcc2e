"""Adds the intake to a server so that samples and events stay bytes until they are columns."""

from typing import Any

import grpc
from google.protobuf.message import Message

from binnacle.collector.v1 import ingest_service_pb2_grpc as pb_grpc
from services.collector.service.ingest import IngestServicer

INGEST = "binnacle.collector.v1.IngestService"


def add_ingest(servicer: IngestServicer, server: Any) -> None:
    """Serve IngestService; what takes columns is given the bytes of each message, unparsed."""
    pb_grpc.add_IngestServiceServicer_to_server(servicer, server)
    unparsed: dict[str, Any] = {
        "WriteSamples": grpc.stream_stream_rpc_method_handler(servicer.WriteSamples, None, _serialize),
        "WriteEvents": grpc.unary_unary_rpc_method_handler(servicer.WriteEvents, None, _serialize),
        "WriteSampleColumns": grpc.unary_unary_rpc_method_handler(servicer.WriteSampleColumns, None, _serialize),
    }
    # Of two handlers registered for a method the later one holds.
    server.add_registered_method_handlers(INGEST, unparsed)


def _serialize(message: Message) -> bytes:
    return message.SerializeToString()
