"""Workload W1 to the suite: compressed columns of registered series over one stream."""

import asyncio
import time
from collections.abc import Callable, Iterator

import grpc
import numpy as np

from bench import w1
from bench.suite_load import WrongCount
from binnacle.collector.v1.ingest_service_pb2 import WriteSamplesRequest, WriteSamplesResponse
from binnacle_client import Client, packed_columns
from binnacle_client.calls import SamplesCall

WINDOW = 16


async def prepared(target: str, batches: Iterator[w1.Batch]) -> list[WriteSamplesRequest]:
    """Register the series and make every message."""
    async with Client(target) as client:
        ids = np.array(await client.metrics.register(w1.definitions()), np.uint64)
    return [
        WriteSamplesRequest(sequence=number, samples=packed_columns(ids[each.places], each.times_ms, each.values))
        for number, each in enumerate(batches, start=1)
    ]


async def send_fast(target: str, messages: list[WriteSamplesRequest]) -> int:
    """Send as fast as it is acknowledged; the samples accepted. Raises WrongCount when one was rejected."""
    async with Client(target) as client:
        call, room = client.stream_samples(), asyncio.Semaphore(WINDOW)

        def acknowledged(count: int) -> None:
            for _ in range(count):
                room.release()

        async with asyncio.TaskGroup() as tasks:
            reader = tasks.create_task(_read(call, acknowledged))
            for message in messages:
                await room.acquire()
                await call.write(message)
            await call.done_writing()
        return _accepted(reader.result())


async def acknowledgement_times(target: str, messages: list[WriteSamplesRequest], per_second: float) -> list[float]:
    """Send at a steady pace; seconds from when each message was due to its acknowledgement."""
    async with Client(target) as client:
        call, gap = client.stream_samples(), 1 / per_second
        took: list[float] = []
        start = time.perf_counter() + 0.1

        def acknowledged(count: int) -> None:
            now = time.perf_counter()
            took.extend(now - (start + gap * (len(took) + each)) for each in range(count))

        async with asyncio.TaskGroup() as tasks:
            reader = tasks.create_task(_read(call, acknowledged))
            for number, message in enumerate(messages):
                await asyncio.sleep(max(0.0, start + gap * number - time.perf_counter()))
                await call.write(message)
            await call.done_writing()
        _accepted(reader.result())
        return took


def _accepted(last: WriteSamplesResponse) -> int:
    if last.rejected:
        raise WrongCount(f"{last.rejected} were refused: {last.rejections}")
    return last.accepted


async def _read(call: SamplesCall, acknowledged: Callable[[int], None]) -> WriteSamplesResponse:
    last = WriteSamplesResponse()
    while (answer := await call.read()) is not grpc.aio.EOF:
        assert isinstance(answer, WriteSamplesResponse)
        acknowledged(answer.acknowledged_sequence - last.acknowledged_sequence)
        last = answer
    return last
