"""A viewer's queue: the latest of updates, all of events, an end for the one that is too slow."""

import asyncio

import pytest

from services.core.errors import Overloaded, Unavailable
from services.streamer.domain.tally import GRPC, Tally
from services.streamer.domain.viewers import Viewer
from services.streamer.ports import Event, Events, Frame, Overview, State, Update


def state(made_at: float = 0.0) -> State:
    return State(Overview(made_at, None), {})


def update(made_at: float, *times: int) -> Update:
    return Update(Overview(made_at, None), dict.fromkeys(times, made_at))


def events(*names: str) -> Events:
    return Events(tuple(Event(name, None) for name in names))


async def taken(viewer: Viewer, count: int) -> list[Frame]:
    return [await viewer.next() for _ in range(count)]


async def is_idle(viewer: Viewer) -> bool:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await viewer.next()
    return True


async def test_frames_come_in_order() -> None:
    viewer = Viewer(GRPC, Tally())
    sent: list[Frame] = [state(), events("a"), update(1.0), events("b")]
    for frame in sent:
        viewer.offer(frame)
    assert await taken(viewer, 4) == sent


async def test_a_reader_waits_for_the_next_frame() -> None:
    viewer = Viewer(GRPC, Tally())
    waiting = asyncio.create_task(viewer.next())
    await asyncio.sleep(0)
    frame = update(1.0)
    viewer.offer(frame)
    assert await waiting is frame


async def test_a_reader_that_was_cancelled_may_come_back() -> None:
    viewer = Viewer(GRPC, Tally())
    assert await is_idle(viewer)
    frame = update(1.0)
    viewer.offer(frame)
    assert await viewer.next() is frame


async def test_updates_are_conflated_with_all_their_points() -> None:
    tally = Tally()
    viewer = Viewer(GRPC, tally)
    viewer.offer(update(1.0, 1000))
    viewer.offer(events("a"))
    viewer.offer(update(2.0, 2000))
    first, second = await taken(viewer, 2)
    assert isinstance(first, Events)
    assert isinstance(second, Update)
    assert second.overview.made_at == 2.0
    assert second.points == {1000: 1.0, 2000: 2.0}
    assert tally.conflated == 1
    assert await is_idle(viewer)


async def test_a_new_state_stands_for_all_updates_before_it_but_for_no_event() -> None:
    viewer = Viewer(GRPC, Tally())
    newest = state(3.0)
    for frame in (state(0.0), update(1.0), events("a"), newest):
        viewer.offer(frame)
    first, second = await taken(viewer, 2)
    assert isinstance(first, Events)
    assert second is newest
    assert await is_idle(viewer)


async def test_an_update_that_nobody_waits_behind_is_shared_as_it_is() -> None:
    frame = update(1.0)
    viewers = [Viewer(GRPC, Tally()) for _ in range(3)]
    for viewer in viewers:
        viewer.offer(frame)
    assert all([await viewer.next() is frame for viewer in viewers])


async def test_as_many_events_wait_as_the_bound_says() -> None:
    viewer = Viewer(GRPC, Tally(), bound=3)
    viewer.offer(events("a", "b"))
    viewer.offer(events("c"))
    await viewer.next()
    viewer.offer(events("d", "e"))
    assert viewer.error is None


async def test_one_event_more_ends_the_viewer() -> None:
    tally = Tally()
    viewer = Viewer(GRPC, tally, bound=3)
    viewer.offer(events("a", "b", "c"))
    viewer.offer(events("d"))
    viewer.offer(update(1.0))
    with pytest.raises(Overloaded, match="too slow, reconnect"):
        await viewer.next()
    assert tally.slow == 1


async def test_an_end_reaches_a_reader_that_waits() -> None:
    viewer = Viewer(GRPC, Tally())
    waiting = asyncio.create_task(viewer.next())
    await asyncio.sleep(0)
    viewer.end(Unavailable("stopping"))
    with pytest.raises(Unavailable, match="stopping"):
        await waiting


async def test_an_end_interrupts_a_reader_that_is_stuck() -> None:
    tally = Tally()
    viewer = Viewer(GRPC, tally)
    calls: list[str] = []
    with viewer.interrupting(lambda: calls.append("cut")):
        viewer.end(Unavailable("stopping"))
        viewer.end(Unavailable("once is enough"))
    assert calls == ["cut"]
    assert tally.slow == 0


async def test_nobody_is_interrupted_after_the_block() -> None:
    viewer = Viewer(GRPC, Tally())
    calls: list[str] = []
    with viewer.interrupting(lambda: calls.append("cut")):
        pass
    viewer.end(Unavailable("stopping"))
    assert calls == []
