"""The live socket, by a real client."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from binnacle.live.v1 import live_pb2 as pb
from tests.support.pictures import snapshot, update
from tests.support.streamer import House, read_on, streamer
from tests.support.tails import event, line

Json = dict[str, Any]


class Client:
    """A client that speaks JSON; keeps what it has not looked at yet."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._unseen: list[Json] = []

    async def say(self, **frame: object) -> None:
        await self.socket.send(json.dumps(frame))

    async def subscribe(self, name: str, position: str = "", **source: object) -> None:
        await self.say(subscribe={"id": name, "position": position, **source})

    async def frame(self) -> Json:
        read: Json = json.loads(await self.socket.recv())
        self._unseen += read.get("updates", [])
        return read

    async def next(self, wanted: str) -> Json:
        """The next update that has this field; those before it are passed over."""
        while True:
            while self._unseen:
                told = self._unseen.pop(0)
                if told.get(wanted):
                    return told
            await self.frame()

    async def types_until(self, last: str) -> tuple[list[str], str]:
        """Types of events up to one of type `last`, and the position after them."""
        seen: list[str] = []
        while last not in seen:
            told = await self.next("events")
            seen += [held["event"]["type"] for held in told["events"]["events"]]
        return seen, told["position"]


@asynccontextmanager
async def client(house: House, **options: Any) -> AsyncIterator[Client]:
    async with house.live_socket(**options) as socket:
        yield Client(socket)


async def test_a_room_brings_figures_and_events(house: House) -> None:
    async with client(house) as socket:
        await socket.subscribe("d", room="dashboard")
        assert (await socket.next("state"))["subscription"] == "d"
        await house.has_tail()
        house.overview.update(update(snapshot()))
        assert "snapshot" in (await socket.next("change"))["change"]
        house.tails.tell(event("purchase", 1, total=5, nested={"a": [1]}))
        told = (await socket.next("events"))["events"]["events"][0]
        assert told["event"]["data"] == {"total": 5, "nested": {"a": [1]}}
        assert told["id"] == "00000000000000aa:1:0"


async def test_json_is_that_of_the_contract(house: House) -> None:
    async with client(house) as socket:
        await socket.subscribe("e", events={"types": ["a"]})
        await socket.next("subscribed")
        house.tails.tell(event("a", 1, text="x"))
        frame = await socket.frame()
        assert ParseDict(frame, pb.ServerFrame()).updates[0].events.events[0].event.data["text"] == "x"


async def test_protobuf_tells_the_same(house: House) -> None:
    async with house.live_socket("binnacle.v1.proto") as socket:
        asked = pb.ClientFrame(subscribe=pb.Subscription(id="e", events=pb.EventSelection(types=["a"])))
        await socket.send(asked.SerializeToString())
        first = pb.ServerFrame.FromString(bytes(await socket.recv(decode=False)))
        assert first.sequence == 1
        assert first.updates[0].subscription == "e"
        assert first.updates[0].HasField("subscribed")
        house.tails.tell(event("b", 1), event("a", 2, text="x"))
        second = pb.ServerFrame.FromString(bytes(await socket.recv(decode=False)))
        assert [held.event.type for held in second.updates[0].events.events] == ["a"]
        assert second.updates[0].position


async def test_who_comes_back_is_told_what_was_missed_from_memory(house: House) -> None:
    async with client(house) as first:
        await first.subscribe("e", events={})
        await first.next("subscribed")
        house.tails.tell(event("a", 1))
        _seen, position = await first.types_until("a")
    house.tails.tell(event("b", 2), event("c", 3))
    house.tails.tell(event("d", 4))
    async with client(house) as again:
        await again.subscribe("other name", position, events={})
        assert (await again.next("subscribed"))["subscribed"]["resumed"] is True
        house.tails.tell(event("e", 5))
        assert (await again.types_until("e"))[0] == ["b", "c", "d", "e"]
    assert house.tails.reads == 0


async def test_after_a_restart_it_is_told_from_what_is_stored() -> None:
    async with streamer() as before, client(before) as socket:
        await socket.subscribe("e", events={})
        await socket.next("subscribed")
        before.tails.tell(event("a", 1))
        _seen, position = await socket.types_until("a")
    async with streamer() as after:
        after.tails.tell(event("a", 1), event("b", 2))
        async with client(after) as socket:
            await socket.subscribe("e", position, events={})
            assert (await socket.next("subscribed"))["subscribed"]["resumed"] is True
            after.tails.tell(event("c", 3))
            assert (await socket.types_until("c"))[0] == ["b", "c"]
        assert after.tails.reads == 1


async def test_a_gap_is_told(house: House) -> None:
    async with client(house) as socket:
        await socket.subscribe("e", events={})
        await socket.next("subscribed")
        house.tails.tell(event("a", 1))
        _seen, position = await socket.types_until("a")
        house.tails.forgotten = True
        house.tails.lose()
        assert (await socket.next("subscribed"))["subscribed"]["resumed"] is False
        async with client(house) as other:
            house.tails.tell(event("b", 2))
            await socket.types_until("b")
            await other.subscribe("e", "", events={})
            assert (await other.next("subscribed"))["subscribed"]["resumed"] is False
            assert position


async def test_a_lost_tail_goes_on_where_it_was(house: House) -> None:
    async with client(house) as socket:
        await socket.subscribe("e", events={})
        await socket.next("subscribed")
        house.tails.lose()
        house.tails.tell(event("a", 1))
        house.tails.tell(event("b", 2))
        assert (await socket.types_until("b"))[0] == ["a", "b"]


async def test_subscriptions_change_on_one_connection(house: House) -> None:
    async with client(house) as socket:
        await socket.subscribe("one", events={"types": ["a"]})
        await socket.subscribe("two", logs={"text": "Slow"})
        for _both in range(2):
            await socket.next("subscribed")
        house.tails.tell(event("a", 1), line("a slow query", 2))
        told = {(await socket.next("position"))["subscription"] for _both in range(2)}
        assert told == {"one", "two"}
        await socket.say(unsubscribe={"id": "one"})
        await socket.say(ping={"number": 7})
        while "pong" not in (frame := await socket.frame()):
            continue
        assert frame["pong"]["number"] == 7
        assert abs(datetime.fromisoformat(frame["pong"]["time"]).timestamp() - time.time()) < 60
        house.tails.tell(event("a", 3), line("slow again", 4))
        assert (await socket.next("position"))["subscription"] == "two"


async def test_what_is_wrong_is_told_in_band_and_the_rest_goes_on(house: House) -> None:
    async with client(house) as socket:
        await socket.subscribe("e", events={"types": ["a"]})
        await socket.next("subscribed")
        for frame in ({"room": "cellar"}, {"events": {}, "position": "bm90IG91cnM"}, {"nonsense": 1}):
            await socket.subscribe("x", **{"position": "", **frame})  # type: ignore[arg-type]
            assert (await socket.next("error"))["error"]["reason"] == "INVALID_INPUT"
        house.tails.tell(event("a", 1))
        assert (await socket.types_until("a"))[0] == ["a"]


async def test_a_position_of_another_tenant_is_refused(house: House) -> None:
    headers = {"x-binnacle-tenant": "acme"}
    async with client(house) as mine, client(house, additional_headers=headers) as theirs:
        await mine.subscribe("e", events={})
        position = (await mine.next("subscribed"))["position"]
        await theirs.subscribe("e", position, events={})
        assert (await theirs.next("error"))["error"]["violations"][0]["field"] == "position"


async def test_the_last_frame_says_that_the_streamer_stops() -> None:
    async with streamer() as house:
        socket = Client(await house.live_socket())
        await socket.subscribe("e", events={})
        await socket.next("subscribed")
    frame = await socket.frame()
    assert frame["end"]["resume"] is True
    assert frame["end"]["error"]["reason"] == "UNAVAILABLE"
    with pytest.raises(ConnectionClosed) as closed:
        await read_on(socket.socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012


async def test_reports_are_told(house: House) -> None:
    house.overview.stats.events = 12
    async with client(house) as socket:
        await socket.subscribe("s", room="stats")
        assert (await socket.next("stats"))["stats"] | {"total_events": 12, "active_connections": 1} == (
            await socket.next("stats")
        )["stats"]
        await socket.subscribe("h", room="health")
        assert (await socket.next("health"))["health"]["status"] == "healthy"
