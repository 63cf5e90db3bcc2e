"""Sends equal requests at a steady pace, answered or not: `python -m tests.support.load`.

Prints what became of them as one JSON object: counts by status code, latencies of the accepted in milliseconds, the
share of the pace that was kept, and the seconds until the last answer.
"""

import argparse
import asyncio
import json
import time
from collections import Counter
from typing import Any

import grpc
from google.protobuf.struct_pb2 import Struct

from binnacle.collector.v1 import ingest_service_pb2 as pb
from binnacle.events.v1 import events_pb2

WRITE_EVENTS = "/binnacle.collector.v1.IngestService/WriteEvents"
ANSWER_SECONDS = 20.0


def request(points: int) -> bytes:
    """A request of so many events, about 100 bytes each."""
    data = Struct()
    data.update({"endpoint": "/", "latency_ms": 12.5})
    events = [events_pb2.Event(type="request", service="load", user_id=f"user-{n}", data=data) for n in range(points)]
    return pb.WriteEventsRequest(events=events).SerializeToString()


class Load:
    """One sender."""

    def __init__(self, channel: grpc.aio.Channel, body: bytes) -> None:
        self._write: Any = channel.unary_unary(WRITE_EVENTS)
        self._body = body
        self.codes: Counter[str] = Counter()
        self.accepted_ms: list[float] = []

    async def run(self, pace: float, seconds: float) -> float:
        """Send `pace` requests a second; the share of them that could be sent."""
        loop = asyncio.get_running_loop()
        started, sent = loop.time(), 0
        async with asyncio.TaskGroup() as tasks:
            while (passed := loop.time() - started) < seconds:
                while sent < passed * pace:
                    tasks.create_task(self._send())
                    sent += 1
                await asyncio.sleep(0.002)
        return sent / (pace * seconds)

    async def _send(self) -> None:
        started = time.perf_counter()
        try:
            await self._write(self._body, timeout=ANSWER_SECONDS)
        except grpc.aio.AioRpcError as error:
            self.codes[error.code().name] += 1
            return
        self.codes["OK"] += 1
        self.accepted_ms.append((time.perf_counter() - started) * 1000)


async def main(target: str, pace: float, seconds: float, points: int) -> None:
    """Send, then print."""
    async with grpc.aio.insecure_channel(target) as channel:
        await channel.channel_ready()
        load = Load(channel, request(points))
        started = time.monotonic()
        kept = await load.run(pace, seconds)
        took = time.monotonic() - started
    told = {"codes": load.codes, "accepted_ms": load.accepted_ms, "kept": kept, "seconds": took}
    print(json.dumps(told))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("target")
    parser.add_argument("--pace", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--points", type=int, required=True)
    given = parser.parse_args()
    asyncio.run(main(given.target, given.pace, given.seconds, given.points))
