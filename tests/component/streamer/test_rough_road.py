"""What lies between aggregator and streamer delays, repeats and cuts: whoever listens is told the same as ever."""

import asyncio
import json
import random
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import ClientConnection

from binnacle.aggregator.v1 import tail_service_pb2 as pb
from binnacle.streamer.v1 import connection_service_pb2, connection_service_pb2_grpc
from services.core.errors import Unavailable
from tests.support.overview import DrivenOverview, registration
from tests.support.pictures import state
from tests.support.services import neighbour
from tests.support.streamer import DEADLINE, House, streamer
from tests.support.tails import Context, DrivenTails, event, registration as tails_registration
from tests.support.waiting import eventually

pytestmark = pytest.mark.network

EVENTS = 400
ROUNDS = 60


class RoughRoad(DrivenTails):
    """Tails that hold messages up, tell them again, and break before or after one."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.cuts = 0
        self.repeats = 0
        self._chance = random.Random(seed)

    async def Tail(self, request: pb.TailRequest, context: Context) -> AsyncIterator[pb.TailResponse]:
        told: list[pb.TailResponse] = []
        async for response in super().Tail(request, context):
            await asyncio.sleep(self._chance.choice((0, 0, 0.001, 0.02)))
            self._perhaps_cut()
            yield response
            if response.HasField("rows"):
                told.append(response)
                for _again in range(self._chance.choice((0, 0, 1, 2))):
                    self.repeats += 1
                    yield self._chance.choice(told)
            self._perhaps_cut()

    def _perhaps_cut(self) -> None:
        if self._chance.random() < 0.12:
            self.cuts += 1
            raise Unavailable("cut on the way")


async def told_frames(socket: ClientConnection) -> list[int]:
    """Numbers told to a client of the contract, up to the last."""
    await socket.send(json.dumps({"subscribe": {"id": "e", "events": {"types": ["ERPCall"]}}}))
    seen: list[int] = []
    while EVENTS not in seen:
        for update in json.loads(await socket.recv())["updates"]:
            assert not (seen and "subscribed" in update), "something was missed"
            seen += [int(held["event"]["data"]["number"]) for held in update.get("events", {}).get("events", [])]
    return seen


async def told_messages(socket: ClientConnection) -> list[int]:
    """The same of a client of a dialect."""
    await socket.send(json.dumps({"message_type": "Subscription", "payload": {"event_types": ["ERPCall"]}}))
    seen: list[int] = []
    while EVENTS not in seen:
        message = json.loads(await socket.recv())
        assert message["message_type"] != "Gap"
        if message["message_type"] == "Event":
            seen.append(int(message["payload"]["data"]["number"]))
    return seen


async def everybody_listens(house: House, count: int) -> None:
    """Return once that many connections are subscribed, and rows are followed."""
    connections = connection_service_pb2_grpc.ConnectionServiceStub(house.channel)

    async def subscribed() -> bool:
        listed = await connections.ListConnections(connection_service_pb2.ListConnectionsRequest())
        return sum(bool(held.messages_sent) for held in listed.connections) == count

    await eventually(subscribed, "everybody is subscribed", within=DEADLINE)


async def tell(road: RoughRoad) -> None:
    number = 0
    for _round in range(ROUNDS):
        count = min(EVENTS - number, EVENTS // ROUNDS + 1)
        if count:
            road.tell(*(event("ERPCall", number + place, number=number + place) for place in range(1, count + 1)))
        number += count
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("seed", [1, 2])
async def test_each_event_is_told_once_and_in_order(seed: int) -> None:
    overview, road = DrivenOverview(state()), RoughRoad(seed)
    async with (
        neighbour(registration(overview), tails_registration(road)) as address,
        streamer(aggregator=address) as house,
        house.live_socket() as first,
        house.live_socket() as second,
        house.socket() as dialect,
    ):
        listening = [asyncio.create_task(each) for each in (told_frames(first), told_frames(second))]
        listening.append(asyncio.create_task(told_messages(dialect)))
        await everybody_listens(house, len(listening))
        await tell(road)
        for told in listening:
            assert await told == list(range(1, EVENTS + 1))
    assert road.cuts > 3
    assert road.repeats > 3
