"""Connections as messages."""

from collections import Counter

from binnacle.streamer.v1 import connection_service_pb2 as pb
from services.core.clock import Clock
from services.streamer.convert.figures import moment
from services.streamer.domain.presence import Connection, Presence


def connection_message(held: Connection) -> pb.Connection:
    """One connection."""
    return pb.Connection(
        id=held.id,
        kind=held.kind,
        rooms=sorted(held.rooms),
        connected_time=moment(held.since),
        client=held.client,
        messages_sent=held.reached.sent,
    )


def stats_message(presence: Presence, tenant: str, clock: Clock) -> pb.GetConnectionStatsResponse:
    """Counts of a tenant's connections."""
    present, been = presence.of(tenant), presence.attendance(tenant)
    sent = Counter(been.sent)
    for connection in present:
        sent[connection.kind] += connection.reached.sent
    return pb.GetConnectionStatsResponse(
        timestamp=moment(clock.now()),
        active_connections=len(present),
        by_kind=Counter(connection.kind for connection in present),
        by_room=Counter(room for connection in present for room in connection.rooms),
        opened_connections=been.opened,
        most_connections=been.most,
        messages_sent=sent,
        uptime_seconds=clock.monotonic() - presence.began,
    )
