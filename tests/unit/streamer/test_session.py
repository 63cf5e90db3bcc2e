"""One live connection: when it is sent what, and when it is ended."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from services.core.errors import BinnacleError, InvalidInput, Overloaded, Unauthenticated, Unavailable
from services.streamer.domain.deliveries import Begun, Delivery, Standing
from services.streamer.domain.feeds import ROOMS, Feed
from services.streamer.domain.pump import TOGETHER_SECONDS, UNASKED, Pump
from services.streamer.domain.session import (
    AHEAD,
    MOST_SUBSCRIPTIONS,
    QUIET_SECONDS,
    STALLED_SECONDS,
    Session,
    Wanted,
)
from services.streamer.domain.subscriber import Subscriber
from services.streamer.domain.tally import Tally
from services.streamer.ports import Position
from tests.support.clock import ManualClock


class Feeds:
    """Notes what is joined now."""

    def __init__(self) -> None:
        self.joined_now: list[Feed] = []
        self.subscribers: list[Subscriber] = []

    def joined(self, tenant: str, feed: Feed, subscriber: Subscriber, since: Standing | None) -> Callable[[], None]:
        self.joined_now.append(feed)
        self.subscribers.append(subscriber)
        return partial(self.joined_now.remove, feed)


class Kept:
    """A line that keeps what it is to send; its client reads while it is not `stopped`."""

    def __init__(self) -> None:
        self.frames: list[Sequence[Delivery]] = []
        self.ends: list[BinnacleError] = []
        self.stopped = False

    def full(self) -> bool:
        return self.stopped

    def send(self, deliveries: Sequence[Delivery]) -> None:
        self.frames.append(deliveries)

    def end(self, error: BinnacleError) -> None:
        self.ends.append(error)


def opened() -> tuple[Session, Feeds, ManualClock]:
    feeds, clock = Feeds(), ManualClock()
    return Session("t", feeds, Pump(clock), clock, Tally()), feeds, clock


class Broken(Kept):
    """A line that cannot write what it is given."""

    def __init__(self, line: Kept) -> None:
        super().__init__()
        self.ends = line.ends

    def send(self, deliveries: Sequence[Delivery]) -> None:
        raise TypeError(deliveries)


@asynccontextmanager
async def served() -> AsyncIterator[tuple[Session, Kept, ManualClock]]:
    """A session with a line, and what serves it; frames before the first that a test brings about are let go."""
    clock, line = ManualClock(), Kept()
    pump = Pump(clock)
    session = Session("t", Feeds(), pump, clock, Tally())
    running = asyncio.create_task(pump.run())
    session.through(line)
    await clock.advance(2 * TOGETHER_SECONDS)
    try:
        yield session, line, clock
    finally:
        running.cancel()


def wanted(name: str, room: str, since: Standing | None = None) -> Wanted:
    return Wanted(name, (room,), ROOMS[room], since)


def test_a_subscription_of_the_same_id_takes_the_place_of_the_former() -> None:
    session, feeds, _clock = opened()
    session.subscribe(wanted("a", "dashboard"))
    session.subscribe(wanted("a", "logs"))
    assert feeds.joined_now == list(ROOMS["logs"])
    session.close()
    assert feeds.joined_now == []


def test_who_is_not_told_when_rows_are_followed_is_told_nothing_before_they_are() -> None:
    session, feeds, _clock = opened()
    figures, events = ROOMS["dashboard"]
    session.subscribe(replace(wanted("a", "dashboard"), rows_first=True))
    assert feeds.joined_now == [events]
    begun = Begun(False, Standing("t", False, Position({}, 0.0)))
    feeds.subscribers[0].begins(begun)
    assert feeds.joined_now == [events, figures]
    # After a break it is in the room of figures already.
    feeds.subscribers[0].begins(replace(begun, broken=True))
    assert feeds.joined_now == [events, figures]
    session.close()
    assert feeds.joined_now == []


def test_a_connection_holds_so_many_subscriptions() -> None:
    session, _feeds, _clock = opened()
    for number in range(MOST_SUBSCRIPTIONS):
        session.subscribe(wanted(str(number), "logs"))
    with pytest.raises(InvalidInput, match="at most"):
        session.subscribe(wanted("one more", "logs"))
    session.subscribe(wanted("0", "dashboard"))


def test_a_position_belongs_to_rows_of_its_kind() -> None:
    session, feeds, _clock = opened()
    lines = Standing("t", True, Position({}, 0.0))
    for room in ("stats", "dashboard"):
        with pytest.raises(InvalidInput, match="position"):
            session.subscribe(wanted("a", room, lines))
    assert feeds.joined_now == []


async def test_what_happens_soon_after_a_frame_goes_into_one() -> None:
    async with served() as (session, line, clock):
        session.ping(1)
        await clock.advance(0)
        session.ping(2)
        await clock.advance(TOGETHER_SECONDS / 2)
        session.ping(3)
        await clock.advance(TOGETHER_SECONDS)
        assert [len(frame) for frame in line.frames] == [1, 2]
        assert session.sequence == 2


async def test_a_client_that_acknowledges_is_not_sent_too_far_ahead_and_ended_when_it_stops() -> None:
    async with served() as (session, line, clock):
        session.acknowledge(0)
        for number in range(AHEAD + 2):
            session.ping(number)
            await clock.advance(TOGETHER_SECONDS)
        await clock.advance(1)
        assert len(line.frames) == AHEAD + 1
        session.acknowledge(10)
        await clock.advance(TOGETHER_SECONDS)
        assert len(line.frames) == AHEAD + 2
        session.acknowledge(0)
        session.ping(0)
        await clock.advance(STALLED_SECONDS + 1)
        session.beat()
        await clock.advance(TOGETHER_SECONDS)
        assert [type(end) for end in line.ends] == [Overloaded]


async def test_a_sign_of_life_when_nothing_else_was_sent() -> None:
    async with served() as (session, line, clock):
        await clock.advance(QUIET_SECONDS - 1)
        session.beat()
        await clock.advance(TOGETHER_SECONDS)
        assert line.frames == []
        await clock.advance(2)
        session.beat()
        await clock.advance(TOGETHER_SECONDS)
        assert line.frames == [[]]


async def test_it_ends_once_when_its_token_expires() -> None:
    async with served() as (session, line, clock):
        session.expires = clock.now() + 60
        session.beat()
        assert session.outbox.ended is None
        await clock.advance(60)
        session.beat()
        session.beat()
        await clock.advance(TOGETHER_SECONDS)
        (end,) = line.ends
        assert isinstance(end, Unauthenticated)
        assert "expired" in str(end)


async def test_a_line_that_stays_full_is_ended_and_one_that_was_quiet_is_not() -> None:
    async with served() as (session, line, clock):
        await clock.advance(STALLED_SECONDS + 1)
        line.stopped = True
        session.ping(1)
        session.beat()
        await clock.advance(STALLED_SECONDS - 1)
        session.beat()
        await clock.advance(TOGETHER_SECONDS)
        assert (line.frames, line.ends) == ([], [])
        await clock.advance(2)
        session.beat()
        await clock.advance(TOGETHER_SECONDS)
        assert [type(end) for end in line.ends] == [Overloaded]


async def test_what_comes_after_a_quiet_time_is_sent_at_once_and_in_order() -> None:
    async with served() as (session, line, clock):
        session.ping(1)
        assert len(line.frames) == 1
        line.stopped = True
        await clock.advance(TOGETHER_SECONDS)
        session.ping(2)
        line.stopped = False
        session.ping(3)
        assert len(line.frames) == 1
        await clock.advance(2 * TOGETHER_SECONDS)
        assert [len(frame) for frame in line.frames] == [1, 2]


async def test_only_so_many_are_served_at_once_before_others_have_their_turn() -> None:
    clock, lines = ManualClock(), [Kept() for _connection in range(UNASKED + 1)]
    pump = Pump(clock)
    sessions = [Session("t", Feeds(), pump, clock, Tally()) for _line in lines]
    running = asyncio.create_task(pump.run())
    for session, line in zip(sessions, lines, strict=True):
        session.through(line)
    for session in sessions:
        session.ping(1)
    assert [len(line.frames) for line in lines] == [1] * UNASKED + [0]
    await clock.advance(2 * TOGETHER_SECONDS)
    assert [len(line.frames) for line in lines] == [1] * (UNASKED + 1)
    for session in sessions[:UNASKED]:
        session.ping(2)
    assert [len(line.frames) for line in lines[:UNASKED]] == [2] * UNASKED
    running.cancel()


@pytest.mark.parametrize("waits", [False, True])
async def test_what_cannot_be_written_ends_its_connection_alone(waits: bool) -> None:
    async with served() as (session, line, clock):
        if waits:
            session.ping(0)
        faults: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, fault: faults.append(fault))
        session.through(Broken(line))
        session.ping(1)
        await clock.advance(2 * TOGETHER_SECONDS)
        assert [type(end) for end in line.ends] == [Unavailable]
        assert len(faults) == 1
