"""Frames to and from protobuf."""

from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import cast

from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.dashboard.v1 import dashboard_pb2 as pb
from services.streamer.domain.folding import RECENT_EVENTS
from services.streamer.ports import Event, Events, Frame, Overview, State, Update


def frame_from(message: pb.DashboardFrame, event_places: Sequence[str] = ()) -> Frame | None:
    """What a message of the watch brings; None when it is of a kind not known here. Takes the message over."""
    match message.WhichOneof("frame"):
        case "state":
            points = _by_time(message.state.history)
            message.state.ClearField("history")
            return State(_overview(message.state), points)
        case "update":
            points = _by_time(message.update.points)
            message.update.ClearField("points")
            return Update(_overview(message.update), points)
        case "events":
            places = chain(event_places, repeat(""))
            return Events(tuple(map(_event, message.events.events, places)))
        case _:
            return None


def snapshot_of(overview: Overview) -> pb.DashboardSnapshot:
    """The snapshot of an overview; to be read, not changed."""
    return _body(overview).snapshot


def event_of(event: Event) -> pb.TrackedEvent:
    """The event as it came; to be read, not changed."""
    return cast("pb.TrackedEvent", event.body)


def recent_events(overview: Overview) -> list[pb.TrackedEvent]:
    """The newest events, newest first: those that came since the overview among those it holds."""
    held = list(snapshot_of(overview).realtime_stats.recent_events)
    newer = [event for event in map(event_of, reversed(overview.since)) if event not in held]
    if not newer:
        return held
    return sorted([*newer, *held], key=lambda event: _seconds(event.timestamp), reverse=True)[:RECENT_EVENTS]


def _event(event: pb.TrackedEvent, place: str) -> Event:
    return Event(event.type, event, place, _seconds(event.timestamp))


def _seconds(moment: Timestamp) -> float:
    return moment.seconds + moment.nanos / 1e9


def _body(overview: Overview) -> pb.DashboardState | pb.DashboardUpdate:
    return cast("pb.DashboardState | pb.DashboardUpdate", overview.body)


def _overview(message: pb.DashboardState | pb.DashboardUpdate) -> Overview:
    return Overview(_seconds(message.snapshot.updated_at), message)


def _by_time(points: Iterable[pb.SignalPoint]) -> dict[int, object]:
    return {point.time.seconds * 1000 + point.time.nanos // 1_000_000: _copy(point) for point in points}


def _copy(point: pb.SignalPoint) -> pb.SignalPoint:
    # A point is kept for minutes, and would keep the memory of the whole message it came in.
    copy = pb.SignalPoint()
    copy.CopyFrom(point)
    return copy


def _points(frame: State | Update) -> list[pb.SignalPoint]:
    return [cast("pb.SignalPoint", frame.points[time]) for time in sorted(frame.points)]


def state_message(frame: State, demo: bool) -> pb.DashboardState:
    body = _body(frame.overview)
    return pb.DashboardState(
        snapshot=_counted(frame),
        history=_points(frame),
        inferred_services=body.inferred_services,
        machines=body.machines,
        demo=demo,
    )


def update_message(frame: Update) -> pb.DashboardUpdate:
    body = _body(frame.overview)
    return pb.DashboardUpdate(
        snapshot=_counted(frame),
        points=_points(frame),
        inferred_services=body.inferred_services,
        machines=body.machines,
    )


def _counted(frame: State | Update) -> pb.DashboardSnapshot:
    snapshot = pb.DashboardSnapshot()
    snapshot.CopyFrom(snapshot_of(frame.overview))
    if frame.overview.since:
        recent = recent_events(frame.overview)
        snapshot.realtime_stats.ClearField("recent_events")
        snapshot.realtime_stats.recent_events.extend(recent)
    snapshot.realtime_stats.active_connections = frame.connections
    return snapshot
