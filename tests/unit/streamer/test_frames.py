"""Frames keep what the wire brought, and add what the streamer knows."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from hypothesis import given, strategies as st

from binnacle.dashboard.v1 import dashboard_pb2 as pb
from binnacle.streamer.v1 import dashboard_service_pb2
from services.streamer.convert.dashboard_form import DashboardForm
from services.streamer.convert.frames import frame_from
from services.streamer.domain.deliveries import Content, Delivery
from services.streamer.domain.folding import RECENT_EVENTS, noted, updated
from services.streamer.domain.rooms import Room
from services.streamer.domain.tally import Tally
from services.streamer.ports import Events, Frame, State, Update
from tests.support.clock import ManualClock
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
    later = event("c", START_SECONDS + 1)
    third = taken(pb.DashboardFrame(events=pb.TrackedEvents(events=[event("b"), later])))
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


class Newest:
    """Of the overview a whole aggregator: what happened, and what of it the store has."""

    def __init__(self) -> None:
        self.happened: list[tuple[str, pb.TrackedEvent]] = []
        self.stored = 0
        self.frames: list[Frame] = [self.overview(State)]

    def shown(self, told: Sequence[tuple[str, pb.TrackedEvent]]) -> list[pb.TrackedEvent]:
        """The newest, newest first."""
        return sorted((each for _place, each in told), key=lambda each: -each.timestamp.seconds)[:RECENT_EVENTS]

    def overview(self, kind: type[State | Update]) -> Frame:
        """The overview as it is told now."""
        made = snapshot(*self.shown(self.happened))
        told = pb.DashboardFrame(state=state(made)) if kind is State else pb.DashboardFrame(update=update(made))
        return taken(told)

    def told(self, happened: Sequence[tuple[str, pb.TrackedEvent]]) -> Frame:
        """That this has happened."""
        events = pb.TrackedEvents(events=[each for _place, each in happened])
        frame = frame_from(pb.DashboardFrame(events=events), [place for place, _each in happened])
        assert frame is not None
        return frame

    def happen(self, seconds: Sequence[int]) -> None:
        """Events of these seconds, some of which are late."""
        count = len(self.happened)
        new = [(f"a:{n}:0", event(f"e{n}", START_SECONDS + at)) for n, at in enumerate(seconds, count)]
        self.happened += new
        self.frames.append(self.told(new))

    def begin_again(self) -> None:
        """The aggregator has only what is stored, until the collector tells it the rest once more."""
        rest, self.happened = self.happened[self.stored :], self.happened[: self.stored]
        self.frames.append(self.overview(State))
        self.happened += rest
        if rest:
            self.frames.append(self.told(rest))


class Viewer:
    """Is shown frames."""

    def __init__(self) -> None:
        self.shown: list[Frame] = []

    def offer(self, frame: State | Update) -> None:
        self.shown.append(frame)


moments = st.lists(st.integers(-3600, 3600), max_size=30)


@given(st.lists(st.one_of(moments, st.sampled_from(["tick", "stored", "begin again"])), max_size=12))
def test_who_comes_at_any_moment_is_shown_each_of_the_newest_events_once(steps: list[list[int] | str]) -> None:
    source = Newest()
    for step in steps:
        if step == "tick":
            source.frames.append(source.overview(Update))
        elif step == "stored":
            source.stored = len(source.happened)
        elif step == "begin again":
            source.begin_again()
        elif isinstance(step, list):
            source.happen(step)
    newcomer = asyncio.run(came_after(source.frames))
    got = read(newcomer).state.snapshot.realtime_stats.recent_events
    assert len({each.type for each in got}) == len(got)
    expected = source.shown(source.happened)
    assert [each.timestamp for each in got] == [each.timestamp for each in expected]


async def came_after(frames: Sequence[Frame]) -> Content:
    """What somebody is shown first who comes once these were told."""

    class Source:
        async def watch(self, _tenant: str) -> AsyncIterator[Frame]:
            for frame in frames:
                yield frame
            told.set()
            await asyncio.Event().wait()

    told, viewer = asyncio.Event(), Viewer()
    room = Room("t", Source(), lambda: 1, ManualClock(), Tally())
    following = asyncio.create_task(room.follow())
    await told.wait()
    room.enter(viewer)
    following.cancel()
    (shown,) = viewer.shown
    assert isinstance(shown, State)
    return shown
