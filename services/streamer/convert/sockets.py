"""What sockets there are, as they describe themselves."""

from typing import Final

from binnacle.streamer.v1.connection_service_pb2 import CloseCode, SocketInfo, SocketMessage

STOPPING, TOO_SLOW, UNAUTHENTICATED, FORBIDDEN, TOO_LONG = 1012, 1013, 4401, 4403, 1009

CLOSE_CODES: Final = (
    CloseCode(code=STOPPING, description="the streamer stops: connect again"),
    CloseCode(code=TOO_SLOW, description="messages were not read in time: connect again"),
    CloseCode(code=UNAUTHENTICATED, description="no valid token came within 10 seconds, or it has expired"),
    CloseCode(code=FORBIDDEN, description="the token is none of a viewer"),
    CloseCode(code=TOO_LONG, description="a message was over 256 KiB"),
)


def _messages(**told: str) -> list[SocketMessage]:
    return [SocketMessage(type=kind, description=description) for kind, description in told.items()]


def _socket(path: str, description: str, sends: dict[str, str], understands: dict[str, str]) -> SocketInfo:
    return SocketInfo(
        path=path,
        description=description,
        sends=_messages(**sends),
        understands=_messages(**understands),
        close_codes=CLOSE_CODES,
    )


_ASIDE: Final = {
    "test_broadcast": "a test message by an administrator",
    "gap": "`data.channel`: something in its middle could not be told",
    "error": "`data.message`: why something is not told, or what was wrong with what was said",
}
_ENVELOPES: Final = {
    "Metrics": "figures as GET /api/v1/dashboard/overview has them, the main ones at the top of `payload`; every 2 s",
    "Event": "`payload` is an event of one of the eight types: `event_type`, `data`, `timestamp`; at once",
    "Alert": "the same, of an alert that fires; in the room `alerts`",
    "Heartbeat": "answer to a Heartbeat",
    "Broadcast": "a test message by an administrator",
    "Gap": "something in the middle could not be told",
    "Error": "`payload.message`: what was wrong with a message, which changed nothing",
}
_ENVELOPE_TALK: Final = {
    "Auth": "`payload.token`; needed where no token came with the request",
    "Subscription": "`payload.rooms`, `payload.event_types`, `payload.tenant_id`: in place of what was told before",
    "Heartbeat": "is answered",
}
_LIVE: Final = _socket(
    "/ws/v1/live",
    "Everything, in frames of binnacle.live.v1: subscriptions that change, positions to come back with.",
    {"updates": "what is new", "pong": "answer to a ping", "end": "why this is the last frame"},
    {
        "authenticate": "the token; needed where none came with the request",
        "subscribe": "asks for a room, events, log lines, or the answer to a question",
        "unsubscribe": "ends a subscription",
        "acknowledge": "how far the client has read",
        "ping": "is answered",
    },
)
_CHANNELS: Final = _socket(
    "/ws/live",
    "A wallboard for those who only listen; channels for those who ask for them.",
    {
        "live_metrics": "unasked: `data` as GET /metrics/live answers, at once and every 2 s",
        "ai_insights": "unasked: `data` is a list; empty as long as nothing is concluded",
        "system_health": "unasked: state of every process, at once and when it changes",
        "log": "channel `logs`: `data` is a log line; at most 200 a second",
        "left_out": "`data.count`: how many lines were left out before the next",
        "alert": "channel `alerts`: `data` is an alert, and what happened to it",
        "remediation": "channel `remediations`: `data` is an event of that type",
        "stats": "channel `stats`: counts, every 5 s",
        "health": "channel `health`: state of every process, when it changes",
        "pipeline": "channel `pipeline`: how telemetry flows to the store, every 5 s",
        "pong": "answer to a ping",
        **_ASIDE,
    },
    {
        "subscribe": "`channels`: some of logs, alerts, remediations, stats, health, pipeline, all",
        "unsubscribe": "`channels`, likewise",
        "ping": "is answered",
    },
)
_DASHBOARD: Final = _socket(
    "/ws/dashboard",
    "The overview for those who only listen; rooms, as in /ws/conversations, for those who say something.",
    {
        "snapshot": "`data` as GET /dashboard answers; first, and after a break",
        "dashboard_update": "the same, each second",
        "event": "`data` is one event, at once; requests are left out",
        **_ENVELOPES,
    },
    _ENVELOPE_TALK,
)
_ROOMS: Final = {
    "/ws/conversations": "Messages, conversations, tickets.",
    "/ws/campaigns": "Campaigns.",
    "/ws/erp": "Calls of ERPs.",
    "/ws/ai": "Use of models.",
    "/ws/alerts": "Alerts.",
    "/ws/tenant/{id}": "Everything of a tenant, who has to be the caller's own.",
}
_MONITORING: Final = _socket(
    "/monitoring/ws",
    "Services, integrations, sessions and alerts.",
    {
        "metrics": "`data` as GET /monitoring/api/metrics answers; at once and every 5 s",
        "health": "`data` as GET /monitoring/api/health answers; at once and every 5 s",
        "sessions": "`data` as GET /monitoring/api/sessions answers; at once and every 5 s",
        "alert": "`data` is an alert, and what happened to it; at once",
        **_ASIDE,
    },
    {},
)
_STATS: Final = _socket(
    "/ws/stats",
    "Counts of connections.",
    {"stats": "`data` as GET /ws/stats answers; at once and every 5 s", **_ASIDE},
    {},
)
_INFO: Final = _socket("/ws/info", "This description.", {"info": "`data` as GET /ws/info answers", **_ASIDE}, {})

SOCKETS: Final = (
    _LIVE,
    _CHANNELS,
    _DASHBOARD,
    *(_socket(path, told, _ENVELOPES, _ENVELOPE_TALK) for path, told in _ROOMS.items()),
    _MONITORING,
    _STATS,
    _INFO,
)
