"""The socket's JSON holds what protobuf's JSON form of the same messages holds."""

import json
import math
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from hypothesis import given, strategies as st

from binnacle.dashboard.v1 import dashboard_pb2 as pb
from services.streamer.convert.dialects.overview import overview_messages
from services.streamer.convert.frames import frame_from
from services.streamer.convert.json_text import json_bytes
from services.streamer.domain.folding import noted
from services.streamer.ports import Events, State, Update
from tests.support.dialects import batch
from tests.support.pictures import event, snapshot
from tests.support.tails import event as row

doubles = st.floats(allow_subnormal=False)
names = st.text(max_size=10)
json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=10,
)


def printed(message: Message) -> object:
    """Protobuf's own JSON form, read back as a client would."""
    made = MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    return json.loads(json.dumps(made))


def sent(frame: pb.DashboardFrame) -> list[dict[str, object]]:
    made = frame_from(frame)
    assert isinstance(made, State | Update)
    return [json.loads(message) for message in overview_messages(made)]


@st.composite
def snapshots(draw: st.DrawFn) -> pb.DashboardSnapshot:
    made = pb.DashboardSnapshot()
    made.overview.total_requests = draw(doubles)
    made.overview.active_users = draw(st.integers(0, 2**32 - 1))
    made.overview.error_rate = draw(doubles)
    for name in draw(st.lists(names, max_size=3)):
        service = made.services[name]
        service.name = name
        service.uptime_hours = draw(doubles)
        if draw(st.booleans()):
            service.last_heartbeat.FromNanoseconds(draw(st.integers(0, 2**62)))
    stats = made.realtime_stats
    stats.requests_last_1min = draw(doubles)
    for name in draw(st.lists(names, max_size=3)):
        stats.top_endpoints.add(endpoint=name, count=draw(doubles), avg_time_ms=draw(doubles))
    for name in draw(st.lists(names, max_size=3)):
        held = stats.recent_events.add(type=name, service=draw(names))
        held.data.update(draw(st.dictionaries(names, json_values, max_size=3)))
    if draw(st.booleans()):
        made.updated_at.FromNanoseconds(draw(st.integers(0, 2**62)))
    return made


@given(snapshots())
def test_a_snapshot_is_printed_as_protobuf_prints_it(made: pb.DashboardSnapshot) -> None:
    expected = printed(made)
    (message,) = sent(pb.DashboardFrame(state=pb.DashboardState(snapshot=made)))
    assert message == {"type": "snapshot", "data": expected}


@given(names, names, st.dictionaries(names, json_values, max_size=4))
def test_an_event_is_told_as_it_was_sent(kind: str, service: str, data: dict[str, Any]) -> None:
    told = row(kind, 1, service)
    told.event.data_json = json.dumps(data)
    (text,) = overview_messages(batch(told))
    time = told.event.time.ToJsonString()
    expected = {"type": kind, "service": service, "user_id": "", "timestamp": time, "data": data}
    assert json.loads(text) == {"type": "event", "data": expected}


def test_an_empty_snapshot_has_every_list() -> None:
    (message,) = sent(pb.DashboardFrame(update=pb.DashboardUpdate(snapshot=pb.DashboardSnapshot())))
    stats = {
        "active_connections": 0,
        "requests_last_1min": 0,
        "errors_last_1min": 0,
        "top_endpoints": [],
        "recent_events": [],
    }
    assert message == {"type": "dashboard_update", "data": {"services": {}, "realtime_stats": stats}}


def test_numbers_have_the_form_of_the_edge() -> None:
    made = snapshot()
    made.overview.total_requests = 123456.0
    made.overview.error_rate = 0.5
    made.overview.average_latency_ms = math.nan
    frame = frame_from(pb.DashboardFrame(state=pb.DashboardState(snapshot=made)))
    assert isinstance(frame, State)
    (text,) = overview_messages(frame)
    assert b'"total_requests":123456,' in text
    assert b'"error_rate":0.5,' in text
    assert b'"average_latency_ms":"NaN"' in text


def test_a_service_that_never_sent_a_heartbeat_has_none() -> None:
    made = snapshot()
    made.services["quiet"].name = "quiet"
    (message,) = sent(pb.DashboardFrame(state=pb.DashboardState(snapshot=made)))
    data = message["data"]
    assert isinstance(data, dict)
    assert "last_heartbeat" not in data["services"]["quiet"]
    assert data["services"]["shop"]["last_heartbeat"].endswith("Z")


def test_events_since_the_overview_come_first_and_once() -> None:
    state = frame_from(pb.DashboardFrame(state=pb.DashboardState(snapshot=snapshot(event("old")))))
    newer = frame_from(pb.DashboardFrame(events=pb.TrackedEvents(events=[event("old"), event("new"), event("newest")])))
    assert isinstance(state, State)
    assert isinstance(newer, Events)
    (text,) = overview_messages(noted(state, newer))
    recent = json.loads(text)["data"]["realtime_stats"]["recent_events"]
    assert [held["type"] for held in recent] == ["newest", "new", "old"]


def test_what_is_asked_for_seldom_keeps_empty_values_and_names() -> None:
    assert json.loads(json_bytes(pb.Overview(error_rate=1.5)))["total_requests"] == 0


@pytest.mark.parametrize("count", [1, 42])
def test_connections_are_put_in_for_each_newcomer(count: int) -> None:
    frame = frame_from(pb.DashboardFrame(state=pb.DashboardState(snapshot=snapshot())))
    assert isinstance(frame, State)
    (text,) = overview_messages(State(frame.overview, frame.points, count))
    assert json.loads(text)["data"]["realtime_stats"]["active_connections"] == count
