"""What sockets there are, as they describe themselves."""

from binnacle.streamer.v1 import connection_service_pb2 as pb

SLOW, STOPPING, TOO_LONG = 1013, 1012, 1009

DASHBOARD_SOCKET = pb.SocketInfo(
    path="/ws/dashboard",
    description="The overview live: all of it first, then anew each second, and events as they happen.",
    sends=[
        pb.SocketMessage(type="snapshot", description="`data` as GET /dashboard answers; first, and after a break"),
        pb.SocketMessage(type="dashboard_update", description="the same, each second"),
        pb.SocketMessage(type="event", description="`data` is one event, at once; requests are left out"),
    ],
    close_codes=[
        pb.CloseCode(code=STOPPING, description="the streamer stops: connect again"),
        pb.CloseCode(code=SLOW, description="messages were not read in time: connect again"),
        pb.CloseCode(code=TOO_LONG, description="a message was over 64 KiB"),
    ],
)
SOCKETS = (DASHBOARD_SOCKET,)
