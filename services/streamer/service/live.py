"""LiveService: what happens as it happens, over gRPC."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc

from binnacle.streamer.v1 import live_service_pb2 as pb
from services.core.errors import InvalidInput
from services.runtime.calls import current_call
from services.runtime.process import Registration
from services.streamer.convert.live_frames import Codec
from services.streamer.convert.live_requests import followed_from, wanted_from
from services.streamer.convert.live_talk import Sending, obey
from services.streamer.domain.hub import Hub
from services.streamer.domain.session import MOST_SUBSCRIPTIONS, Session, Wanted
from services.streamer.service.stream_line import StreamLine, connected

SERVICE = "binnacle.streamer.v1.LiveService"
# The frame is the only field of every answer.
_FRAME = b"\x0a"

Context = grpc.aio.ServicerContext[Any, Any]


class LiveServicer:
    """Streams from the hub; each message already as bytes, shared as far as it is the same for several."""

    def __init__(self, hub: Hub, codec: Codec, sending: Sending) -> None:
        self._hub = hub
        self._codec = codec
        self._sending = sending

    async def Subscribe(self, request: pb.SubscribeRequest, context: Context) -> AsyncIterator[bytes]:
        wanted = _several(request, current_call().tenant)
        async for message in self._serve(context, wanted):
            yield message

    async def Follow(self, request: pb.FollowRequest, context: Context) -> AsyncIterator[bytes]:
        wanted = followed_from(request, current_call().tenant)
        async for message in self._serve(context, [wanted]):
            yield message

    async def Connect(self, requests: AsyncIterator[pb.ConnectRequest], context: Context) -> AsyncIterator[bytes]:
        with connected(self._hub, context) as session:
            reading = asyncio.create_task(_read(requests, session))
            try:
                async for message in self._frames(session):
                    yield message
            finally:
                reading.cancel()

    async def _serve(self, context: Context, wanted: list[Wanted]) -> AsyncIterator[bytes]:
        with connected(self._hub, context) as session:
            for each in wanted:
                session.subscribe(each)
            async for message in self._frames(session):
                yield message

    async def _frames(self, session: Session) -> AsyncIterator[bytes]:
        line = StreamLine(session, self._codec, self._sending)
        session.through(line)
        async for frame in line.frames():
            yield _wrapped(frame)


async def _read(requests: AsyncIterator[pb.ConnectRequest], session: Session) -> None:
    async for request in requests:
        obey(session, request.frame)


def _several(request: pb.SubscribeRequest, tenant: str) -> list[Wanted]:
    if not 1 <= len(request.subscriptions) <= MOST_SUBSCRIPTIONS:
        raise InvalidInput.of("subscriptions", f"1 to {MOST_SUBSCRIPTIONS}")
    alone = len(request.subscriptions) == 1
    wanted = [wanted_from(subscription, tenant, alone=alone) for subscription in request.subscriptions]
    if len({each.id for each in wanted}) < len(wanted):
        raise InvalidInput.of("subscriptions", "ids that differ")
    return wanted


def _wrapped(frame: bytes) -> bytes:
    length, made = len(frame), bytearray(_FRAME)
    while length > 0x7F:
        made.append(length & 0x7F | 0x80)
        length >>= 7
    made.append(length)
    return bytes(made) + frame


def registration(servicer: LiveServicer) -> Registration:
    """The service as it is added to a server."""
    return Registration(_add_to_server, servicer, SERVICE)


def _add_to_server(servicer: LiveServicer, server: grpc.aio.Server) -> None:
    # In place of the generated function, which would serialise each message once per reader.
    def stream(method: Callable[..., Any], request: Any) -> Any:
        return grpc.unary_stream_rpc_method_handler(
            method, request_deserializer=request.FromString, response_serializer=bytes
        )

    handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
        "Subscribe": stream(servicer.Subscribe, pb.SubscribeRequest),
        "Follow": stream(servicer.Follow, pb.FollowRequest),
        "Connect": grpc.stream_stream_rpc_method_handler(
            servicer.Connect, request_deserializer=pb.ConnectRequest.FromString, response_serializer=bytes
        ),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    server.add_registered_method_handlers(SERVICE, handlers)
