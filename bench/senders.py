"""Clients that send as fast as they are acknowledged, or at a pace."""

import asyncio
import os
import time
from dataclasses import dataclass
from itertools import cycle

import grpc
import numpy as np

from bench import workload
from binnacle.collector.v1.ingest_service_pb2 import WriteSamplesRequest, WriteSamplesResponse
from binnacle.events.v1.events_pb2 import Event
from binnacle_client import Client, Overloaded, Unavailable
from binnacle_client.calls import SamplesCall

SECONDS = 10.0
WINDOW = 16
EVENTS_A_REQUEST = 1_000
REQUESTS_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Sent:
    """What was answered; seconds from the first message to the last answer."""

    acknowledged: int
    rejected: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Pace:
    """How many seconds to send, and how many a second; 0 is as fast as it goes."""

    seconds: float
    points: float = 0.0
    events: float = 0.0

    @classmethod
    def from_environment(cls) -> "Pace":
        """From BINNACLE_BENCH_SECONDS, _POINTS_RATE and _EVENTS_RATE."""
        told = {name: float(os.environ.get(f"BINNACLE_BENCH_{name}", "0")) for name in ("POINTS_RATE", "EVENTS_RATE")}
        seconds = float(os.environ.get("BINNACLE_BENCH_SECONDS", SECONDS))
        return cls(seconds, told["POINTS_RATE"], told["EVENTS_RATE"])


class Metronome:
    """Says when the next message is due, and when time is up."""

    def __init__(self, seconds: float, messages_a_second: float) -> None:
        self._end = time.monotonic() + seconds
        self._gap = 1.0 / messages_a_second if messages_a_second else 0.0
        self._due = time.monotonic()

    async def next(self) -> bool:
        """Wait until the next message is due; False when time is up."""
        if self._gap:
            await asyncio.sleep(max(0.0, self._due - time.monotonic()))
            self._due += self._gap
        return time.monotonic() < self._end


async def send_points(target: str, pace: Pace) -> Sent:
    """Samples of the workload over one stream, WINDOW messages unacknowledged at most."""
    async with Client(target) as client:
        ids = np.array(await client.metrics.register(workload.definitions()), np.uint64)
        messages = workload.Samples(ids, int(time.time() * 1000)).messages()
        metronome = Metronome(pace.seconds, pace.points / workload.POINTS_A_MESSAGE)
        call, room, began = client.stream_samples(), asyncio.Semaphore(WINDOW), time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            reader = tasks.create_task(_last_answer(call, room))
            for sequence, columns in enumerate(messages, start=1):
                await room.acquire()
                if not await metronome.next():
                    break
                await call.write(WriteSamplesRequest(sequence=sequence, samples=columns))
            await call.done_writing()
        last = reader.result()
        return Sent(last.accepted, last.rejected, time.monotonic() - began)


async def _last_answer(call: SamplesCall, room: asyncio.Semaphore) -> WriteSamplesResponse:
    last = WriteSamplesResponse()
    while (answer := await call.read()) is not grpc.aio.EOF:
        assert isinstance(answer, WriteSamplesResponse)
        for _ in range(answer.acknowledged_sequence - last.acknowledged_sequence):
            room.release()
        last = answer
    return last


async def send_events(target: str, pace: Pace) -> Sent:
    """Batches of events, REQUESTS_AT_ONCE of them under way; an overload is waited out."""
    async with Client(target) as client:
        events = workload.events(EVENTS_A_REQUEST * REQUESTS_AT_ONCE)
        batches = cycle([events[at : at + EVENTS_A_REQUEST] for at in range(0, len(events), EVENTS_A_REQUEST)])
        metronome, began = Metronome(pace.seconds, pace.events / EVENTS_A_REQUEST), time.monotonic()
        counts = [0, 0]

        async def sender() -> None:
            while await metronome.next():
                accepted, rejected = await _send(client, next(batches))
                counts[0] += accepted
                counts[1] += rejected

        async with asyncio.TaskGroup() as tasks:
            for _ in range(REQUESTS_AT_ONCE):
                tasks.create_task(sender())
        return Sent(counts[0], counts[1], time.monotonic() - began)


async def _send(client: Client, batch: list[Event]) -> tuple[int, int]:
    while True:
        try:
            result = await client.events.send(batch)
        except (Overloaded, Unavailable) as error:
            if error.uncertain:
                raise
            await asyncio.sleep(max(0.05, error.retry_after))
        else:
            return result.accepted, result.rejected
