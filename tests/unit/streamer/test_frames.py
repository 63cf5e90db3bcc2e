"""Frames keep what the wire brought, and add what the streamer knows."""

from dataclasses import replace

from binnacle.dashboard.v1 import dashboard_pb2 as pb
from binnacle.streamer.v1 import dashboard_service_pb2
from services.streamer.convert.dashboard_form import DashboardForm
from services.streamer.convert.frames import frame_from
from services.streamer.domain.deliveries import Content, Delivery
from services.streamer.domain.folding import noted, updated
from services.streamer.ports import Events, Frame, State, Update
from tests.support.dialects import batch
from tests.support.pictures import START_SECONDS, event, point, snapshot, state, update
from tests.support.tails import event as row


def taken(message: pb.DashboardFrame) -> Frame:
    made = frame_from(message)
    assert made is not None
    return made


def read(content: Content, *, demo: bool = False) -> pb.DashboardFrame:
    (message,) = DashboardForm(demo=demo).messages(1, [Delivery("", content)])
    return dashboard_service_pb2.WatchDashboardResponse.FromString(message).frame


def test_a_state_is_handed_on_whole_with_connections_and_demo() -> None:
    sent = state(None, point(START_SECONDS - 1), point(START_SECONDS))
    frame = taken(pb.DashboardFrame(state=sent))
    assert isinstance(frame, State)
    got = read(replace(frame, connections=7), demo=True).state
    expected = state(None, point(START_SECONDS - 1), point(START_SECONDS))
    expected.demo = True
    expected.snapshot.realtime_stats.active_connections = 7
    assert got == expected


def test_an_update_is_handed_on_whole() -> None:
    frame = taken(pb.DashboardFrame(update=update(snapshot(), point(START_SECONDS))))
    assert isinstance(frame, Update)
    assert read(frame).update == update(snapshot(), point(START_SECONDS))


def test_events_are_handed_on_whole() -> None:
    first, second = read(batch(row("a", 1, total=9.5), row("b", 2))).events.events
    assert (first.type, first.service, first.data["total"]) == ("a", "shop", 9.5)
    assert (second.type, second.timestamp.seconds) == ("b", row("b", 2).event.time.seconds)
    assert DashboardForm(demo=False).messages(1, [Delivery("", batch())]) == []


def test_a_folded_state_has_points_in_order_and_events_newest_first() -> None:
    first = taken(pb.DashboardFrame(state=state(snapshot(event("a")), point(START_SECONDS), point(START_SECONDS + 2))))
    second = taken(pb.DashboardFrame(update=update(snapshot(event("b"), event("a")), point(START_SECONDS + 1, 9.0))))
    third = taken(pb.DashboardFrame(events=pb.TrackedEvents(events=[event("b"), event("c")])))
    assert isinstance(first, State)
    assert isinstance(second, Update)
    assert isinstance(third, Events)
    got = read(noted(updated(first, second), third)).state
    assert [held.time.seconds - START_SECONDS for held in got.history] == [0, 1, 2]
    assert [held.type for held in got.snapshot.realtime_stats.recent_events] == ["c", "b", "a"]


def test_the_age_is_known_from_the_snapshot() -> None:
    frame = taken(pb.DashboardFrame(state=state(snapshot(made_at=START_SECONDS + 3))))
    assert isinstance(frame, State)
    assert frame.overview.made_at == START_SECONDS + 3


def test_a_message_of_a_kind_not_known_here_is_passed_over() -> None:
    assert frame_from(pb.DashboardFrame()) is None


def test_a_form_is_made_once() -> None:
    calls: list[Frame] = []
    frame = taken(pb.DashboardFrame(state=state()))

    def encode(made: Frame) -> int:
        calls.append(made)
        return len(calls)

    assert [frame.form(encode) for _ in range(3)] == [1, 1, 1]
