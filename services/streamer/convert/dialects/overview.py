"""The dashboard socket: the same field values as GET /dashboard, in `type` and `data`, and events.

Written by hand because the general protobuf printer takes a hundred times as long, and this runs every second.
"""

import math
from collections.abc import Iterable

import orjson
from google.protobuf.struct_pb2 import Struct, Value

from binnacle.dashboard.v1 import dashboard_pb2 as pb
from services.streamer.convert.dialects.typed import Typed, event_object, event_of_row, said
from services.streamer.convert.frames import recent_events, snapshot_of
from services.streamer.convert.json_text import Json
from services.streamer.domain.deliveries import Batch, Content
from services.streamer.ports import Event, Overview, State, Update

# Beyond it a double holds no fractions, and an integer of the same value may not fit what reads it.
LARGEST_EXACT = 2**53


_others = Typed("event")


def overview_messages(content: Content) -> tuple[bytes, ...]:
    """What the dashboard socket says of the overview and of events."""
    if isinstance(content, State):
        return (said("snapshot", _dashboard(content)),)
    if isinstance(content, Update):
        return (said("dashboard_update", _dashboard(content)),)
    if isinstance(content, Batch):
        return tuple(said("event", orjson.dumps(event_of_row(row))) for row in content.rows)
    if isinstance(content, Event):
        return (said("event", orjson.dumps(event_object(content))),)
    return _others(content)


def _dashboard(frame: State | Update) -> bytes:
    # Only the count of connections differs from one newcomer to the next.
    head, tail = frame.overview.form(_around_connections)
    return b"%b%d%b" % (head, frame.connections, tail)


def _around_connections(overview: Overview) -> tuple[bytes, bytes]:
    snapshot = snapshot_of(overview)
    stats = _stats(snapshot.realtime_stats, recent_events(overview))
    head = orjson.dumps(_without_stats(snapshot))[:-1]
    comma = b"," if len(head) > 1 else b""
    return head + comma + b'"realtime_stats":{"active_connections":', b"," + orjson.dumps(stats)[1:] + b"}"


def _without_stats(snapshot: pb.DashboardSnapshot) -> Json:
    made: Json = {"services": {name: _service(service) for name, service in snapshot.services.items()}}
    if snapshot.HasField("overview"):
        made["overview"] = _overview(snapshot.overview)
    if snapshot.HasField("updated_at"):
        made["updated_at"] = snapshot.updated_at.ToJsonString()
    return made


def _overview(overview: pb.Overview) -> Json:
    return {
        "total_requests": _number(overview.total_requests),
        "active_users": overview.active_users,
        "average_latency_ms": _number(overview.average_latency_ms),
        "error_rate": _number(overview.error_rate),
        "requests_per_second": _number(overview.requests_per_second),
    }


def _service(service: pb.ServiceState) -> Json:
    made: Json = {
        "name": service.name,
        "status": service.status,
        "uptime_hours": _number(service.uptime_hours),
        "request_count": _number(service.request_count),
        "error_count": _number(service.error_count),
        "avg_latency_ms": _number(service.avg_latency_ms),
    }
    if service.HasField("last_heartbeat"):
        made["last_heartbeat"] = service.last_heartbeat.ToJsonString()
    return made


def _stats(stats: pb.RealtimeStats, recent: Iterable[pb.TrackedEvent]) -> Json:
    return {
        "requests_last_1min": _number(stats.requests_last_1min),
        "errors_last_1min": _number(stats.errors_last_1min),
        "top_endpoints": [
            {"endpoint": e.endpoint, "count": _number(e.count), "avg_time_ms": _number(e.avg_time_ms)}
            for e in stats.top_endpoints
        ],
        "recent_events": [_event(event) for event in recent],
    }


def _event(event: pb.TrackedEvent) -> Json:
    made: Json = {"type": event.type, "service": event.service, "user_id": event.user_id}
    if event.HasField("timestamp"):
        made["timestamp"] = event.timestamp.ToJsonString()
    if event.HasField("data"):
        made["data"] = _struct(event.data)
    return made


def _struct(struct: Struct) -> Json:
    return {key: _value(value) for key, value in struct.fields.items()}


def _value(value: Value) -> object:
    match value.WhichOneof("kind"):
        case "number_value":
            return _number(value.number_value)
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case "struct_value":
            return _struct(value.struct_value)
        case "list_value":
            return [_value(held) for held in value.list_value.values]
        case _:
            return None


def _number(value: float) -> int | float | str:
    # As protobuf's JSON form has it: 15 rather than 15.0, and words for what JSON has no number for.
    if math.isfinite(value):
        return int(value) if value.is_integer() and abs(value) < LARGEST_EXACT else value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
