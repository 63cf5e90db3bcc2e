"""Events for live clients, from a process of its own: one a request, each with the time at which it is sent."""

import asyncio
import time
from contextlib import AbstractContextManager

from bench.beside import beside
from binnacle.events.v1.events_pb2 import Event
from binnacle_client import Client

TYPE = "bench"
# Makes a frame of ours about 500 bytes long.
PADDING = 120


def sending(target: str, rate: float) -> AbstractContextManager[None]:
    """`rate` events a second for the length of the block."""
    return beside(_send, target, rate)


def sampling(target: str, series: int) -> AbstractContextManager[None]:
    """A sample of each of so many series a second, for the length of the block."""
    return beside(_sample, target, series)


async def _send(target: str, rate: float) -> None:
    started, number = time.monotonic(), 0
    async with Client(target) as client, asyncio.TaskGroup() as tasks:
        while True:
            number += 1
            await asyncio.sleep(started + number / rate - time.monotonic())
            event = Event(type=TYPE, service="bench")
            event.data.update({"sent": round(time.time(), 6), "pad": "x" * PADDING})
            tasks.create_task(client.events.send([event]))


async def _sample(target: str, series: float) -> None:
    numbers = range(int(series))
    async with Client(target) as client:
        while True:
            begun = time.monotonic()
            for number in numbers:
                client.metrics.write("bench.value", float(number), {"number": str(number)})
            await asyncio.sleep(max(0.0, begun + 1 - time.monotonic()))
