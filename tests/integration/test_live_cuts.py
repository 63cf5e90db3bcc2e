"""Clients that are cut off at random, and parts that are killed meanwhile: nobody misses anything, or is told so."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.support.cut_clients import CutClient, Json, Told
from tests.support.outages import patience
from tests.support.suite import Suite, running_suite
from tests.support.waiting import eventually

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(1800)]

FULL_CLIENTS, FULL_SECONDS, FULL_AWAY = 1_000, 900.0, 600.0
PAUSE = 0.05
KIND = "cut"
REQUEST = {"type": "request", "service": "shop", "data": {"endpoint": "/", "latency_ms": 10, "status_code": 200}}
# Requests of the overview are those of the last minutes.
SHOWN_SECONDS = 300.0


class Writer:
    """Tells one event after the other; those that were acknowledged are numbered without a gap."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite
        self.written = 0
        self.stopping = False

    async def run(self) -> None:
        """Write until it is `stopping`."""
        while not self.stopping:
            event = {"type": KIND, "service": "shop", "data": {"number": self.written + 1}}
            await asyncio.to_thread(self._suite.post, "/events", [event, REQUEST])
            self.written += 1
            await asyncio.sleep(PAUSE)


@asynccontextmanager
async def following(suite: Suite, count: int, chance: random.Random) -> AsyncIterator[list[CutClient]]:
    clients = [CutClient(suite.port, KIND, random.Random(chance.random())) for _number in range(count)]
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(client.run()) for client in clients]
        yield clients
        for task in running:
            task.cancel()


async def cut_at_random(suite: Suite, clients: list[CutClient], chance: random.Random, scale: float) -> None:
    """Cut clients all the time, and kill what they hang on, each part twice."""
    seconds = FULL_SECONDS * scale * scale + 15.0 * (1 - scale)
    killing = [("streamer", 0.2), ("aggregator", 0.4), ("streamer", 0.6), ("aggregator", 0.75)]
    began = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        while (passed := time.monotonic() - began) < seconds:
            if killing and passed > killing[0][1] * seconds:
                await asyncio.to_thread(suite.kill, killing.pop(0)[0])
                await asyncio.to_thread(suite.wait_ready, patience(30.0))
            away = min(chance.expovariate(1 / (seconds / 10)), FULL_AWAY, seconds - passed)
            tasks.create_task(chance.choice(clients).cut(away))
            await asyncio.sleep(seconds / len(clients) / 3)


def is_whole(told: Told, written: int) -> bool:
    """Every number once and in order, from the first or from where it was told to begin anew."""
    first = told.numbers[0] if told.numbers else written
    return told.numbers == list(range(first, written + 1)) and (told.breaks > 0 or first == 1)


def shared_moments(clients: list[CutClient]) -> set[str]:
    """Of which moments all of them were told figures."""
    return set.intersection(*(set(client.told.overviews) for client in clients))


def total_of(overview: Json) -> float:
    """How many requests it tells."""
    total: float = overview.get("overview", {}).get("total_requests", 0)
    return total


async def test_clients_cut_at_random_miss_nothing(scale: float) -> None:
    chance = random.Random(20261121)
    with running_suite() as suite:
        async with following(suite, max(60, round(FULL_CLIENTS * scale)), chance) as clients:

            async def all_connected() -> bool:
                return all(client.told.position for client in clients)

            await eventually(all_connected, "all clients are connected", within=patience(60.0))
            writer, began = Writer(suite), time.monotonic()
            writing = asyncio.create_task(writer.run())
            await cut_at_random(suite, clients, chance, scale)
            writer.stopping = True
            await writing
            written = writer.written

            async def all_told() -> bool:
                return all(client.told.numbers[-1:] == [written] for client in clients)

            await eventually(all_told, f"all clients are told of {written} events", within=patience(60.0))

            newest = max(moment for client in clients for moment in client.told.overviews)

            async def all_show_the_last_figures() -> bool:
                moment = max(shared_moments(clients), default="")
                if time.monotonic() - began > SHOWN_SECONDS:
                    return moment > newest
                return total_of(clients[0].told.overviews.get(moment, {})) == written

            await eventually(all_show_the_last_figures, "all clients show the last figures", within=patience(20.0))
            moment = max(shared_moments(clients))
            shown = [client.told.overviews[moment] for client in clients]
            assert all(overview == shown[0] for overview in shown)
            faulty = [number for number, client in enumerate(clients) if not is_whole(client.told, written)]
            assert faulty == []
            assert sum(client.told.connections for client in clients) >= 2 * len(clients)
            assert sum(client.told.breaks for client in clients) == 0
