"""Events for live clients, from a process of its own: one a request, each with the time at which it is sent."""

import asyncio
import multiprocessing
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from binnacle.events.v1.events_pb2 import Event
from binnacle_client import Client

TYPE = "bench"
# Makes a frame of ours about 500 bytes long.
PADDING = 120


@contextmanager
def sending(target: str, rate: float) -> Iterator[None]:
    """`rate` events a second for the length of the block."""
    sender = multiprocessing.get_context("spawn").Process(target=_run, args=(_send, target, rate))
    sender.start()
    try:
        yield
    finally:
        sender.terminate()
        sender.join()


@contextmanager
def sampling(target: str, series: int) -> Iterator[None]:
    """A sample of each of so many series a second, for the length of the block."""
    sender = multiprocessing.get_context("spawn").Process(target=_run, args=(_sample, target, series))
    sender.start()
    try:
        yield
    finally:
        sender.terminate()
        sender.join()


def _run(send: Callable[[str, float], Coroutine[Any, Any, None]], target: str, much: float) -> None:
    asyncio.run(send(target, much))


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
