"""ConnectionService: who is connected live, and a message to all of them."""

from collections import Counter
from typing import Any

import grpc

from binnacle.dashboard.v1 import dashboard_pb2
from binnacle.streamer.v1 import connection_service_pb2 as pb, connection_service_pb2_grpc
from services.core.clock import Clock
from services.core.errors import InvalidInput
from services.runtime.calls import current_call
from services.runtime.process import Registration
from services.streamer.convert.connections import connection_message, stats_message
from services.streamer.convert.figures import moment
from services.streamer.convert.sockets import SOCKETS
from services.streamer.domain.presence import Presence
from services.streamer.ports import Event, Events

SERVICE = "binnacle.streamer.v1.ConnectionService"
TEST_EVENT = "test_broadcast"
TEST_SERVICE = "streamer"
LONGEST_MESSAGE = 1000
READY_MADE = "This is a test: whoever reads it is connected."

Context = grpc.aio.ServicerContext[Any, Any]


class ConnectionServicer(connection_service_pb2_grpc.ConnectionServiceServicer):
    """Answers for the connections that this streamer serves."""

    def __init__(self, presence: Presence, clock: Clock) -> None:
        self._presence = presence
        self._clock = clock

    async def ListConnections(self, request: pb.ListConnectionsRequest, context: Context) -> pb.ListConnectionsResponse:
        present = self._presence.of(current_call().tenant)
        return pb.ListConnectionsResponse(connections=map(connection_message, present), count=len(present))

    async def SendTestBroadcast(
        self, request: pb.SendTestBroadcastRequest, context: Context
    ) -> pb.SendTestBroadcastResponse:
        if len(request.message) > LONGEST_MESSAGE:
            raise InvalidInput.of("message", f"must have at most {LONGEST_MESSAGE:,} characters")
        tenant, text, now = current_call().tenant, request.message or READY_MADE, moment(self._clock.now())
        event = dashboard_pb2.TrackedEvent(type=TEST_EVENT, service=TEST_SERVICE, timestamp=now)
        event.data.update({"message": text})
        present = self._presence.of(tenant)
        reached = self._presence.broadcast(tenant, Events((Event(TEST_EVENT, event),)))
        return pb.SendTestBroadcastResponse(
            reached=len(reached),
            reached_by_kind=Counter(connection.kind for connection in reached),
            unreached=len(present) - len(reached),
            message=text,
            timestamp=now,
        )

    async def GetConnectionStats(
        self, request: pb.GetConnectionStatsRequest, context: Context
    ) -> pb.GetConnectionStatsResponse:
        return stats_message(self._presence, current_call().tenant, self._clock)

    async def GetSocketInfo(self, request: pb.GetSocketInfoRequest, context: Context) -> pb.GetSocketInfoResponse:
        return pb.GetSocketInfoResponse(sockets=SOCKETS)


def registration(servicer: ConnectionServicer) -> Registration:
    """The service as it is added to a server."""
    return Registration(connection_service_pb2_grpc.add_ConnectionServiceServicer_to_server, servicer, SERVICE)
