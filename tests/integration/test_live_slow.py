"""Readers that stopped reading, beside others: they cost a bounded amount of memory, and nobody else any time."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from websockets.asyncio.client import connect

from tests.support.outages import patience
from tests.support.suite import Suite, running_suite
from tests.support.waiting import eventually

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(600)]

FULL_READERS = 100
KIND = "slow"
# Enough to fill what the kernel, the edge and the streamer keep for one reader, and the streamer's patience.
RATE, TEXT, EVENTS = 80.0, "x" * 8_000, 640
SUBSCRIBE = json.dumps({"subscribe": {"id": "mine", "events": {"types": [KIND]}}})
PATH = "/ws/v1/live"
# What may wait for one: a mebibyte of rows, as bytes and as what they were made of, and 64 KiB of messages.
MOST_BYTES = 3 * 1024 * 1024
SLACK_BYTES = 48 * 1024 * 1024
# A moment in which another process had the core.
HICCUP = 0.1
STRETCHES = 4


class Reader:
    """Reads all that comes, and keeps how old it was."""

    def __init__(self, port: int) -> None:
        self.ages: list[float] = []
        self.numbers: list[int] = []
        self._url = f"ws://127.0.0.1:{port}{PATH}"

    async def run(self, ready: asyncio.Semaphore) -> None:
        async with connect(self._url, proxy=None, max_size=None, ping_interval=None) as live:
            await live.send(SUBSCRIBE)
            await live.recv()
            ready.release()
            while True:
                for update in json.loads(await live.recv()).get("updates", []):
                    self._take((update.get("events") or {}).get("events", []))

    def _take(self, events: list[dict[str, dict[str, dict[str, float]]]]) -> None:
        now = time.time()
        for held in events:
            data = held["event"]["data"]
            self.ages.append(now - data["sent"])
            self.numbers.append(int(data["number"]))


def late(readers: list[Reader]) -> float:
    """The 99th percentile of the ages since the last look, in seconds: the middle one of some stretches.

    What else runs here comes and goes; who holds readers up does it all the time.
    """
    parts = zip(*(np.array_split(reader.ages, STRETCHES) for reader in readers), strict=True)
    stretches = [float(np.percentile(np.concatenate(part), 99)) for part in parts]
    for reader in readers:
        reader.ages.clear()
    return float(np.median(stretches))


@contextmanager
def stopped(suite: Suite, count: int) -> Iterator[None]:
    """Readers that ask and then never read."""
    held = [socket.socket() for _number in range(count)]
    try:
        for each in held:
            # What the kernel keeps for them is not what is looked at.
            each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
            each.connect(("127.0.0.1", suite.port))
            each.sendall(
                f"GET {PATH} HTTP/1.1\r\nHost: s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
            )
            assert each.recv(12) == b"HTTP/1.1 101"
            each.sendall(b"\x81" + bytes([0x80 | len(SUBSCRIBE)]) + b"\0\0\0\0" + SUBSCRIBE.encode())
        yield
    finally:
        for each in held:
            each.close()


class Writer:
    """Tells events at a steady pace, numbered from one."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite
        self.written = 0

    async def run(self, events: int) -> None:
        began, first = time.monotonic(), self.written
        while self.written < first + events:
            self.written += 1
            data = {"sent": time.time(), "number": self.written, "text": TEXT}
            event = {"type": KIND, "service": "shop", "data": data}
            await asyncio.to_thread(self._suite.post, "/events", event)
            await asyncio.sleep(max(0.0, began + (self.written - first) / RATE - time.monotonic()))


def ended_as_slow(suite: Suite) -> float:
    """How many connections the streamer has ended because they did not read."""
    lines = suite.http.get("/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("binnacle_streamer_slow"))


async def test_stopped_readers_cost_the_others_nothing(scale: float) -> None:
    count = max(20, round(FULL_READERS * scale))
    with running_suite() as suite:
        readers, ready, writer = [Reader(suite.port) for _number in range(count)], asyncio.Semaphore(0), Writer(suite)
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(reader.run(ready)) for reader in readers]
            for _reader in readers:
                await ready.acquire()
            await writer.run(EVENTS // 2)
            before, held = late(readers), suite.children()["streamer"].memory_info().rss
            with stopped(suite, count):
                await writer.run(EVENTS)
                beside, grown = late(readers), suite.children()["streamer"].memory_info().rss - held

                async def all_ended() -> bool:
                    return await asyncio.to_thread(ended_as_slow, suite) == count

                await eventually(all_ended, f"{count} readers are ended as too slow", within=patience(60))
            await writer.run(EVENTS // 2)
            after = late(readers)

            async def all_told() -> bool:
                return all(reader.numbers[-1] == writer.written for reader in readers)

            await eventually(all_told, "the others are told everything")
            for task in running:
                task.cancel()
    assert all(reader.numbers == list(range(1, writer.written + 1)) for reader in readers)
    assert grown < count * MOST_BYTES + SLACK_BYTES
    assert beside < 1.5 * max(before, after) + patience(HICCUP), (before, beside, after)
