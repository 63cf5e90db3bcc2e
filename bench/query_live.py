"""Questions while data come in: how soon a sample is told, and answers beside much intake."""

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from bench import query_calls, w1
from bench.beside import beside
from bench.dashboard import QUESTIONS
from bench.report import Result, tell
from binnacle.collector.v1.ingest_service_pb2 import WriteSamplesRequest
from binnacle_client import Client, packed_columns

FRESH = 100
INTAKE_A_SECOND = 200
LONGEST_SECONDS = 600
WARM_SECONDS = 7.0
Ids = npt.NDArray[np.uint64]


def now_ms() -> int:
    """The time."""
    return int(time.time() * 1e3)


async def write(sender: Client, ids: Ids, value: float) -> None:
    """One sample of each series, now; returns when they are acknowledged."""
    times = np.full(len(ids), now_ms(), np.int64)
    call = sender.stream_samples()
    samples = packed_columns(ids, times, np.full(len(ids), 1e9 + value))
    await call.write(WriteSamplesRequest(sequence=1, samples=samples))
    await call.done_writing()
    while await call.read():
        pass


async def fresh(target: str) -> None:
    """From the acknowledgement of a sample of one series until an answer tells it."""
    took = []
    query = QUESTIONS["last20"].ours(0, random.Random(0))
    del query.expressions[0].selection.matchers[:]
    query.expressions[0].selection.metric = w1.name_of(0)
    query.expressions[0].selection.matchers.add(label="host", value=w1.labels_of(0)["host"])
    query.ClearField("end_time")
    async with query_calls.asker(target) as client, Client(target) as sender:
        ids = np.array(await sender.metrics.register(w1.definitions()[:1]), np.uint64)
        for number in range(FRESH):
            await write(sender, ids, 1e6 + number)
            acknowledged = time.perf_counter()
            while True:
                answer = await client.ask(query)
                if answer.results[0].series and answer.results[0].series[0].values[0] == 1e9 + 1e6 + number:
                    break
            took.append((time.perf_counter() - acknowledged) * 1e3)
            await asyncio.sleep(random.Random(number).uniform(0, 0.3))
    tell(Result("query.fresh", float(np.percentile(took, 99)), "ms", goal=500.0))
    tell(Result("query.fresh.p50", float(np.median(took)), "ms"))


@contextmanager
def intake(target: str) -> Iterator[None]:
    """New samples of every series, all the time, from a process of their own."""
    with beside(_sending, target):
        time.sleep(WARM_SECONDS)
        yield


async def _sending(target: str) -> None:
    async with Client(target) as client:
        ids = np.array(await client.metrics.register(w1.definitions()), np.uint64)
        call, started = client.stream_samples(), time.time()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_drain(call))
            for number in range(INTAKE_A_SECOND * LONGEST_SECONDS):
                await asyncio.sleep(max(0.0, started + number / INTAKE_A_SECOND - time.time()))
                times = np.full(len(ids), now_ms(), np.int64)
                samples = packed_columns(ids, times, np.full(len(ids), float(number)))
                await call.write(WriteSamplesRequest(sequence=number + 1, samples=samples))


async def _drain(call: Any) -> None:
    while await call.read():
        pass
