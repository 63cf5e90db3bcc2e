"""The hub: one watch per tenant, the state first, then changes without a gap."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager

import pytest

from services.core.errors import Overloaded, Unavailable
from services.streamer.domain.bounds import Bounds
from services.streamer.domain.feeds import Figures
from services.streamer.domain.hub import Hub
from services.streamer.domain.joining import Sources
from services.streamer.domain.rooms import FIRST_PAUSE, LONGEST_PAUSE
from services.streamer.domain.session import Session, Wanted
from services.streamer.domain.shared import LINGER_SECONDS
from services.streamer.domain.tally import GRPC, WEBSOCKET, Tally
from services.streamer.ports import Event, Events, Frame, Overview, State, Update
from tests.support.clock import ManualClock


class Source:
    """Gives what a test puts in; an error put in ends the watch."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.open: dict[str, asyncio.Queue[Frame | Unavailable]] = {}

    async def watch(self, tenant: str) -> AsyncIterator[Frame]:
        self.begun.append(tenant)
        queue: asyncio.Queue[Frame | Unavailable] = asyncio.Queue()
        self.open[tenant] = queue
        try:
            while True:
                given = await queue.get()
                if isinstance(given, Unavailable):
                    raise given
                yield given
        finally:
            del self.open[tenant]


class House:
    """A hub on a source and a clock that the test drives."""

    def __init__(self, tasks: asyncio.TaskGroup, bounds: Bounds | None = None) -> None:
        self.source = Source()
        self.clock = ManualClock()
        self.tally = Tally()
        self.hub = Hub(Sources(self.source), self.clock, tasks, self.tally, bounds=bounds)

    async def give(self, given: Frame | Unavailable, tenant: str = "t") -> None:
        await self.clock.advance(0)
        self.source.open[tenant].put_nowait(given)
        await self.clock.advance(0)


@asynccontextmanager
async def house(bounds: Bounds | None = None) -> AsyncIterator[House]:
    async with asyncio.TaskGroup() as tasks:
        outer = asyncio.current_task()
        before = asyncio.all_tasks()
        yield House(tasks, bounds)
        for task in asyncio.all_tasks() - before - {outer}:
            task.cancel()


def state(made_at: float = 0.0, *times: int) -> State:
    return State(Overview(made_at, None), dict.fromkeys(times, made_at))


def update(made_at: float, *times: int) -> Update:
    return Update(Overview(made_at, None), dict.fromkeys(times, made_at))


def events(*names: str) -> Events:
    return Events(tuple(Event(name, None) for name in names))


@contextmanager
def looking(hub: Hub, tenant: str = "t", kind: str = GRPC) -> Iterator[Session]:
    """A connection that is told figures."""
    with hub.connected(tenant, kind) as session:
        session.subscribe(Wanted("figures", ("dashboard",), (Figures(),)))
        yield session


def figures(session: Session) -> State | Update:
    """The figures that wait for it."""
    (told,) = [held.content for held in session.outbox.take() if isinstance(held.content, State | Update)]
    return told


async def test_many_viewers_share_one_watch() -> None:
    async with house() as held:
        with ExitStack() as open_viewers:
            viewers = [open_viewers.enter_context(looking(held.hub)) for _ in range(5)]
            await held.give(state(1.0))
            seen = [figures(viewer) for viewer in viewers]
            assert held.source.begun == ["t"]
            assert len(set(map(id, seen))) == 1
            assert seen[0].connections == 5
            assert held.tally.watches == 1


async def test_tenants_have_watches_of_their_own() -> None:
    async with house() as held:
        with looking(held.hub, "a") as one, looking(held.hub, "b", WEBSOCKET) as other:
            await held.give(state(1.0), "a")
            await held.give(state(2.0), "b")
            assert (figures(one)).overview.made_at == 1.0
            assert (figures(other)).overview.made_at == 2.0
            assert held.hub.connections("a") == held.hub.connections("b") == 1
            assert held.hub.connections("c") == 0
            assert held.tally.connected == {GRPC: 1, WEBSOCKET: 1}


async def test_a_newcomer_gets_the_state_as_it_stands_then_changes() -> None:
    async with house() as held:
        with looking(held.hub):
            await held.give(state(1.0, 1000))
            await held.give(update(2.0, 2000))
            await held.give(events("deploy"))
            with looking(held.hub) as late:
                first = figures(late)
                assert isinstance(first, State)
                assert first.points == {1000: 1.0, 2000: 2.0}
                assert [event.type for event in first.overview.since] == ["deploy"]
                await held.give(update(3.0, 3000))
                second = figures(late)
                assert isinstance(second, Update)
                assert second.points == {3000: 3.0}


async def test_an_update_before_any_state_means_nothing() -> None:
    async with house() as held:
        with looking(held.hub) as viewer:
            await held.give(update(1.0))
            await held.give(events("a"))
            await held.give(state(2.0))
            assert isinstance(figures(viewer), State)


async def test_viewers_stay_when_the_watch_is_lost_and_get_a_new_state() -> None:
    async with house() as held:
        with looking(held.hub) as viewer:
            await held.give(state(1.0))
            figures(viewer)
            await held.give(Unavailable("gone"))
            assert held.source.open == {}
            await held.clock.advance(FIRST_PAUSE)
            await held.give(state(2.0))
            again = figures(viewer)
            assert isinstance(again, State)
            assert again.overview.made_at == 2.0
            assert held.tally.losses == 1


async def test_it_comes_back_ever_more_slowly_while_there_is_no_answer() -> None:
    async with house() as held:
        with looking(held.hub):
            for pause in (0.1, 0.2, 0.4, 0.8, 1.6, LONGEST_PAUSE, LONGEST_PAUSE):
                await held.give(Unavailable("still away"))
                begun = len(held.source.begun)
                await held.clock.advance(pause - 0.01)
                assert len(held.source.begun) == begun
                await held.clock.advance(0.02)
                assert len(held.source.begun) == begun + 1


async def test_after_an_answer_it_comes_back_quickly_again() -> None:
    async with house() as held:
        with looking(held.hub):
            for _ in range(5):
                await held.give(Unavailable("away"))
                await held.clock.advance(LONGEST_PAUSE)
            await held.give(state())
            await held.give(Unavailable("gone"))
            begun = len(held.source.begun)
            await held.clock.advance(FIRST_PAUSE)
            assert len(held.source.begun) == begun + 1


async def test_a_newcomer_meanwhile_sees_the_last_state_with_its_age() -> None:
    async with house() as held:
        with looking(held.hub):
            await held.give(state(1.0))
            await held.give(Unavailable("gone"))
            with looking(held.hub) as late:
                assert (figures(late)).overview.made_at == 1.0


async def test_the_watch_lingers_after_the_last_viewer() -> None:
    async with house() as held:
        with looking(held.hub):
            await held.give(state(1.0))
        await held.clock.advance(LINGER_SECONDS - 0.1)
        with looking(held.hub) as viewer:
            assert (figures(viewer)).overview.made_at == 1.0
            await held.clock.advance(LINGER_SECONDS)
            assert held.tally.watches == 1
        assert held.source.begun == ["t"]


async def test_the_watch_ends_a_few_seconds_after_the_last_viewer() -> None:
    async with house() as held:
        with looking(held.hub):
            await held.give(state(1.0))
        await held.clock.advance(LINGER_SECONDS)
        assert held.source.open == {}
        assert held.tally.watches == 0
        with looking(held.hub):
            await held.clock.advance(0)
            assert held.source.begun == ["t", "t"]


async def test_a_viewer_in_between_starts_the_lingering_anew() -> None:
    async with house() as held:
        with looking(held.hub):
            await held.give(state(1.0))
        await held.clock.advance(LINGER_SECONDS - 1)
        with looking(held.hub):
            pass
        await held.clock.advance(LINGER_SECONDS - 1)
        assert held.tally.watches == 1
        await held.clock.advance(1)
        assert held.tally.watches == 0


async def test_closing_ends_all_viewers_and_takes_no_more() -> None:
    async with house() as held:
        with looking(held.hub) as viewer:
            held.hub.close()
            assert "stopping" in str(viewer.outbox.ended)
        with pytest.raises(Unavailable, match="stopping"), looking(held.hub):
            pass


async def test_the_picture_holds_each_event_once_and_no_requests() -> None:
    async with house() as held:
        with looking(held.hub):
            await held.give(state(1.0))
            for places in (("a:0:0", "a:0:1"), ("a:0:1", "a:0:2")):
                await held.give(Events(tuple(Event("deploy", None, place) for place in places)))
            await held.give(events("request"))
            with looking(held.hub) as late:
                assert [event.place for event in figures(late).overview.since] == ["a:0:0", "a:0:1", "a:0:2"]


async def test_a_tenant_has_no_more_connections_than_it_may() -> None:
    bounds = Bounds({"t": 2, "u": 1}.__getitem__)
    async with house(bounds) as home:
        with ExitStack() as open_:
            for _time in range(2):
                open_.enter_context(looking(home.hub))
            with pytest.raises(Overloaded, match="2 streams and sockets"), looking(home.hub):
                pass
            open_.enter_context(looking(home.hub, "u"))
        with looking(home.hub):
            assert home.hub.connections("t") == 1


async def test_a_connection_that_has_lasted_is_asked_to_come_back() -> None:
    async with house(Bounds(seconds=3600.0)) as home:
        beating = asyncio.create_task(home.hub.run())
        with looking(home.hub) as old:
            await home.clock.advance(1800)
            with looking(home.hub) as young:
                await home.clock.advance(1805)
                assert isinstance(old.outbox.ended, Unavailable)
                assert young.outbox.ended is None
        beating.cancel()
