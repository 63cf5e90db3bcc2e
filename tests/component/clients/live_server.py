"""A LiveService that a test plays by hand, connection by connection."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import grpc

from binnacle.live.v1 import live_pb2 as live
from binnacle.streamer.v1 import live_service_pb2 as pb
from services.core.errors import BinnacleError
from services.runtime.process import Registration

Context = grpc.aio.ServicerContext[Any, Any]
SERVICE = "binnacle.streamer.v1.LiveService"


@dataclass(eq=False)
class Connection:
    """One connection: what its client said, and the way back."""

    token: str
    said: "asyncio.Queue[live.ClientFrame]" = field(default_factory=asyncio.Queue)
    _told: "asyncio.Queue[live.ServerFrame | BinnacleError | None]" = field(default_factory=asyncio.Queue)
    _sequence: int = 0

    async def next(self, kind: str) -> Any:
        """The next of a kind that its client says; what it says before is passed over."""
        while True:
            frame = await self.said.get()
            if frame.WhichOneof("frame") == kind:
                return getattr(frame, kind)

    def tell(self, *updates: live.Update, **rest: Any) -> None:
        """Send a frame."""
        self._sequence += 1
        self._told.put_nowait(live.ServerFrame(sequence=self._sequence, updates=updates, **rest))

    def end(self, error: BinnacleError | None = None) -> None:
        """End the call, with an error or in good order."""
        self._told.put_nowait(error)

    async def frames(self) -> AsyncIterator[pb.ConnectResponse]:
        """What is told, to its end."""
        while (told := await self._told.get()) is not None:
            if isinstance(told, BinnacleError):
                raise told
            yield pb.ConnectResponse(frame=told)


class LivePlay:
    """Hands each connection to the test."""

    def __init__(self) -> None:
        self.connections: asyncio.Queue[Connection] = asyncio.Queue()
        self.open = 0

    async def Connect(
        self, requests: AsyncIterator[pb.ConnectRequest], context: Context
    ) -> AsyncIterator[pb.ConnectResponse]:
        metadata = dict(context.invocation_metadata() or ())
        connection = Connection(str(metadata.get("authorization", "")))
        self.connections.put_nowait(connection)
        self.open += 1
        try:
            async with asyncio.TaskGroup() as tasks:
                reading = tasks.create_task(_read(requests, connection))
                async for answer in connection.frames():
                    yield answer
                reading.cancel()
        finally:
            self.open -= 1

    @property
    def registration(self) -> Registration:
        """The service as it is added to a server: of its methods only this one."""
        return Registration(_add_to_server, self, SERVICE)


def _add_to_server(play: LivePlay, server: grpc.aio.Server) -> None:
    handler = grpc.stream_stream_rpc_method_handler(
        play.Connect,
        request_deserializer=pb.ConnectRequest.FromString,
        response_serializer=pb.ConnectResponse.SerializeToString,
    )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {"Connect": handler}),))


async def _read(requests: AsyncIterator[pb.ConnectRequest], connection: Connection) -> None:
    async for request in requests:
        connection.said.put_nowait(request.frame)
