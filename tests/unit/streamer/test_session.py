"""One live connection: when it is sent what, and when it is ended."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from services.core.errors import InvalidInput, Overloaded, Unauthenticated
from services.streamer.domain.deliveries import Standing
from services.streamer.domain.feeds import ROOMS, Feed
from services.streamer.domain.session import (
    AHEAD,
    MOST_SUBSCRIPTIONS,
    QUIET_SECONDS,
    STALLED_SECONDS,
    TOGETHER_SECONDS,
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

    @contextmanager
    def joined(self, tenant: str, feed: Feed, subscriber: Subscriber, since: Standing | None) -> Iterator[None]:
        self.joined_now.append(feed)
        try:
            yield
        finally:
            self.joined_now.remove(feed)


def opened() -> tuple[Session, Feeds, ManualClock]:
    feeds, clock = Feeds(), ManualClock()
    return Session("t", feeds, clock, Tally()), feeds, clock


def wanted(name: str, room: str, since: Standing | None = None) -> Wanted:
    return Wanted(name, (room,), ROOMS[room], since)


def test_a_subscription_of_the_same_id_takes_the_place_of_the_former() -> None:
    session, feeds, _clock = opened()
    session.subscribe(wanted("a", "dashboard"))
    session.subscribe(wanted("a", "logs"))
    assert feeds.joined_now == list(ROOMS["logs"])
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
    session, _feeds, clock = opened()
    session.ping(1)
    assert len(await session.next()) == 1
    session.ping(2)
    second = asyncio.create_task(session.next())
    await clock.advance(TOGETHER_SECONDS / 2)
    session.ping(3)
    await clock.advance(TOGETHER_SECONDS)
    assert len(await second) == 2
    assert session.sequence == 2


async def test_a_client_that_acknowledges_is_not_sent_too_far_ahead_and_ended_when_it_stops() -> None:
    session, _feeds, clock = opened()
    session.acknowledge(0)
    for number in range(AHEAD + 1):
        session.ping(number)
        await clock.advance(TOGETHER_SECONDS)
        await session.next()
    session.ping(0)
    held = asyncio.create_task(session.next())
    await clock.advance(1)
    assert not held.done()
    session.acknowledge(10)
    await clock.advance(0)
    assert len(await held) == 1
    session.acknowledge(0)
    session.ping(0)
    stuck = asyncio.create_task(session.next())
    await clock.advance(STALLED_SECONDS + 1)
    session.beat()
    with pytest.raises(Overloaded):
        await stuck


async def test_a_sign_of_life_when_nothing_else_was_sent() -> None:
    session, _feeds, clock = opened()
    quiet = asyncio.create_task(session.next())
    await clock.advance(QUIET_SECONDS - 1)
    session.beat()
    await clock.advance(0)
    assert not quiet.done()
    await clock.advance(2)
    session.beat()
    assert await quiet == []


async def test_it_ends_when_its_token_expires() -> None:
    session, _feeds, clock = opened()
    session.expires = clock.now() + 60
    session.beat()
    assert session.outbox.ended is None
    await clock.advance(60)
    session.beat()
    with pytest.raises(Unauthenticated, match="expired"):
        await session.next()


async def test_a_send_that_is_stuck_is_pulled_out() -> None:
    session, _feeds, clock = opened()
    pulled: list[bool] = []
    session.stuck = lambda: pulled.append(True)
    session.ping(1)
    await session.next()
    session.sending = True
    await clock.advance(STALLED_SECONDS + 1)
    session.beat()
    assert pulled == [True]
    assert isinstance(session.outbox.ended, Overloaded)
