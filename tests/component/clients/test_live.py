"""The live client against the contract's server side, played by hand over a real gRPC connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from binnacle.live.v1 import live_pb2 as live
from binnacle_client import Client, LiveConnection, LiveState, Overloaded, TokenSource, Unauthenticated, Unavailable
from services.core import errors as spoken
from tests.component.clients.live_server import Connection, LivePlay
from tests.support.clock import ManualClock
from tests.support.services import neighbour
from tests.support.waiting import eventually

pytestmark = pytest.mark.network
PURCHASES = live.EventSelection(types=["purchase"])


@dataclass
class World:
    """A client, its clock, and the server it talks to."""

    live: LiveConnection
    clock: ManualClock
    play: LivePlay
    states: list[LiveState] = field(default_factory=list)

    async def next(self) -> Connection:
        """The next connection, after as much waiting as the client wants."""
        async with asyncio.timeout(20):
            while self.play.connections.empty():
                await self.clock.advance(1.0)
                await asyncio.sleep(0.01)
            return await self.play.connections.get()

    async def became(self, kind: str) -> LiveState:
        """Its state, once it is of a kind."""

        async def is_so() -> bool:
            return self.live.state.kind == kind

        await eventually(is_so, f"the client is {kind}")
        return self.live.state

    async def ids(self, count: int) -> list[str]:
        """Ids of the events told next; `anew` and `resumed` where a subscription begins."""
        seen: list[str] = []
        while len(seen) < count:
            update = await anext(self.live)
            if update.HasField("subscribed"):
                seen.append("resumed" if update.subscribed.resumed else "anew")
            seen += [event.id for event in update.events.events]
        return seen


@asynccontextmanager
async def world(token: str | TokenSource | None = None) -> AsyncIterator[World]:
    play, clock, states = LivePlay(), ManualClock(), list[LiveState]()
    mine, fresh = (token, None) if token is None or isinstance(token, str) else (None, token)
    async with (
        neighbour(play.registration) as address,
        Client(address, mine, clock=clock) as client,
        client.live.connect(token=fresh, on_state=states.append) as connection,
    ):
        yield World(connection, clock, play, states)


def begun(asked: live.Subscription, *, resumed: bool) -> live.Update:
    return live.Update(subscription=asked.id, subscribed=live.Subscribed(resumed=resumed))


def events(asked: live.Subscription, position: str, *ids: str, accepted: float = 0.0) -> live.Update:
    told = [live.LiveEvent(id=each, accepted_time=Timestamp(seconds=int(accepted))) for each in ids]
    return live.Update(subscription=asked.id, position=position, events=live.Events(events=told))


async def test_it_goes_on_where_it_was_and_tells_nothing_twice() -> None:
    async with world(token="t") as one:
        one.live.subscribe("shop", events=PURCHASES)
        first = await one.next()
        asked = await first.next("subscribe")
        assert (first.token, asked.position, list(asked.events.types)) == ("Bearer t", "", ["purchase"])
        first.tell(begun(asked, resumed=False), events(asked, "p1", "a", "b"))
        first.tell(events(asked, "p2", "c"))
        first.end(spoken.Unavailable("stopping", 0.0))
        second = await one.next()
        again = await second.next("subscribe")
        assert again.position == "p2"
        second.tell(begun(again, resumed=True), events(again, "p3", "d"))
        assert await one.ids(6) == ["anew", "a", "b", "c", "resumed", "d"]
        assert one.live.position("shop") == "p3"
        assert [event.id for event in one.live.snapshot("shop").events] == ["a", "b", "c", "d"]
    await no_connection(one.play)


async def no_connection(play: LivePlay) -> None:
    async def none() -> bool:
        return play.open == 0

    await eventually(none, "no connection is left")


async def test_the_position_is_that_of_what_was_taken() -> None:
    async with world() as one:
        one.live.subscribe("shop", events=PURCHASES)
        connection = await one.next()
        asked = await connection.next("subscribe")
        connection.tell(events(asked, "p1", "a"), events(asked, "p2", "b"))
        assert await one.ids(1) == ["a"]
        assert one.live.position("shop") == "p1"


async def test_it_tells_that_it_begins_anew() -> None:
    async with world() as one:
        one.live.subscribe("shop", events=PURCHASES, position="long ago")
        connection = await one.next()
        asked = await connection.next("subscribe")
        assert asked.position == "long ago"
        connection.tell(begun(asked, resumed=False))
        assert await one.ids(1) == ["anew"]


async def test_a_refused_position_is_left_out() -> None:
    async with world() as one:
        one.live.subscribe("shop", events=PURCHASES, position="of another tenant")
        connection = await one.next()
        asked = await connection.next("subscribe")
        violation = live.FieldViolation(field="position", description="of this tenant")
        error = live.Error(reason="INVALID_INPUT", violations=[violation])
        connection.tell(live.Update(subscription=asked.id, error=error))
        again = await connection.next("subscribe")
        assert again.position == ""
        connection.tell(begun(again, resumed=False))
        assert await one.ids(1) == ["anew"]


async def test_a_change_hears_nothing_more_of_what_it_was() -> None:
    async with world() as one:
        one.live.subscribe("mine", events=PURCHASES)
        connection = await one.next()
        former = await connection.next("subscribe")
        one.live.subscribe("mine", room="alerts")
        assert (await connection.next("unsubscribe")).id == former.id
        asked = await connection.next("subscribe")
        assert (asked.room, asked.position) == ("alerts", "")
        connection.tell(events(former, "p1", "late"), events(asked, "p2", "a"))
        assert await one.ids(1) == ["a"]


async def test_an_end_tells_why_and_how_long_to_wait() -> None:
    async with world() as one:
        connection = await one.next()
        error = live.Error(reason="OVERLOADED", message="too slow")
        connection.tell(end=live.End(error=error, resume=True, retry_after=Duration(seconds=30)))
        connection.end()
        state = await one.became("offline")
        assert isinstance(state.reason, Overloaded)
        assert state.retry_at is not None
        assert 30 <= state.retry_at - one.clock.now() <= 31
        assert [each.kind for each in one.states] == ["offline"]
        await one.next()


async def test_an_expired_token_is_replaced_at_once() -> None:
    given: list[str] = []

    async def token() -> str:
        given.append(f"t{len(given)}")
        return given[-1]

    async with world(token=token) as one:
        one.live.subscribe("shop", events=PURCHASES)
        first = await one.next()
        asked = await first.next("subscribe")
        first.tell(events(asked, "p1", "a"))
        first.tell(end=live.End(error=live.Error(reason="UNAUTHENTICATED", message="expired")))
        first.end()
        state = await one.became("offline")
        assert isinstance(state.reason, Unauthenticated)
        second = await one.next()
        assert (first.token, second.token) == ("Bearer t0", "Bearer t1")
        assert (await second.next("subscribe")).position == "p1"


async def test_a_token_that_cannot_be_had_is_asked_for_again() -> None:
    asked: list[None] = []

    def token() -> str:
        asked.append(None)
        if len(asked) == 1:
            raise OSError("signed out")
        return "t"

    async with world(token=token) as one:
        assert isinstance((await one.became("offline")).reason, Unauthenticated)
        assert (await one.next()).token == "Bearer t"


async def test_a_connection_on_which_nothing_comes_is_given_up() -> None:
    async with world() as one:
        one.live.subscribe("shop", events=PURCHASES)
        first = await one.next()
        asked = await first.next("subscribe")
        for number in range(4):
            first.tell(events(asked, f"p{number}", str(number)))
            await one.ids(1)
            await one.clock.advance(20.0)
        assert one.play.open == 1
        await one.clock.advance(46.0)
        assert isinstance((await one.became("offline")).reason, Unavailable)
        await one.next()


async def test_what_is_taken_is_acknowledged_about_once_a_second() -> None:
    async with world() as one:
        one.live.subscribe("shop", events=PURCHASES)
        connection = await one.next()
        asked = await connection.next("subscribe")
        for number in range(6):
            await one.clock.advance(0.6)
            connection.tell(events(asked, f"p{number}", str(number)))
            await one.ids(1)
        told = [(await connection.next("acknowledge")).sequence for _each in range(3)]
        assert told == [told[0], told[0] + 2, told[0] + 4]


async def test_it_tells_that_it_is_behind_by_the_servers_clock() -> None:
    async with world() as one:
        one.live.subscribe("shop", events=PURCHASES)
        connection = await one.next()
        asked = await connection.next("subscribe")
        # Ours is an hour slow.
        server = one.clock.now() + 3_600
        number = (await connection.next("ping")).number
        connection.tell(pong=live.Ping(number=number, time=Timestamp(seconds=int(server))))
        await one.became("live")
        connection.tell(events(asked, "p1", "old", accepted=server - 60))
        await one.became("behind")
        connection.tell(events(asked, "p2", "new", accepted=server - 1))
        await one.became("live")


async def test_an_error_of_the_block_comes_out_as_it_is() -> None:
    async with neighbour(LivePlay().registration) as address:
        with pytest.raises(ValueError, match="mine"):
            async with Client(address) as client, client.live.connect():
                raise ValueError("mine")
