"""Questions beside those of rivals: workload W1 (bench/w1.py), 10 M samples of 24 hours, through gRPC and the edge.

Each question (bench/dashboard.py) is asked 100 times; told is the median in milliseconds. We keep no answers;
VictoriaMetrics is asked not to (`nocache`). `.again` is the whole dashboard asked for what has changed, each time after
new samples of every series; `.growth` what the dashboard takes over ten days to what it takes over one of them, of the
same density; `.fresh` the time from the acknowledgement of a sample until it is in an answer (99th percentile).
`.clients8` are eight clients at once; `.under_intake` one client beside 200,000 new samples a second.
BINNACLE_BENCH_SAMPLES (10000000) makes it shorter.
"""

import asyncio
import multiprocessing
import os
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from bench import column_senders, http_load, query_calls, remote_write, rivals, suite_load, w1
from bench.dashboard import QUESTIONS
from bench.intake import REMOTE_WRITE
from bench.report import Result, note, tell
from bench.rivals import Missing, Rival
from binnacle.collector.v1.ingest_service_pb2 import WriteSamplesRequest
from binnacle_client import Client, packed_columns
from tests.support.suite import Suite, running_suite

CLIENTS = 8
AGAIN = 12
FRESH = 60
DAYS = 10
A_DAY_OF_MANY = 1_000_000
INTAKE_A_SECOND = 200
INTAKE_SECONDS = 40
SETTLE_SECONDS = 3.0
MINUTES_SECONDS = 75.0
ENVIRONMENT = {"BINNACLE_CLOCK_SKEW_HOURS": str(24 * DAYS + 2)}
GOALS = {"last20": 1.0, "series1h": 1.0, "byservice24h": 1.0, "p95_24h": 1.0, "top10": 1.0}

Times = Mapping[str, float]


def run() -> None:
    """Measure and tell. Raises WrongCount when an answer is not what it should be."""
    samples = int(os.environ.get("BINNACLE_BENCH_SAMPLES", "10000000"))
    bodies_of = w1.W1(samples, int(time.time() * 1e3))
    bodies = remote_write.bodies(bodies_of.grouped(), w1.TIMESTAMPS_A_BATCH)
    victoria = _rival(rivals.victoria_metrics, bodies, 2, bodies_of.end_ms, "&nocache=1")
    _rival(rivals.prometheus, bodies, 1, bodies_of.end_ms, "")
    bodies.clear()
    _ours(samples, victoria)
    _growth()


def _rival(start: object, bodies: list[bytes], connections: int, end: int, options: str) -> Times:
    """Medians of a rival, told; none when it cannot be had."""
    found: dict[str, float] = {}
    try:
        with start() as rival:  # type: ignore[operator]  # a maker of rivals
            http_load.post_all(f"{rival.url}/api/v1/write", bodies, REMOTE_WRITE, connections)
            time.sleep(SETTLE_SECONDS)
            for name in QUESTIONS:
                found[name] = _of_rival(rival, name, end, options)
            if options:
                for name in QUESTIONS:
                    found[f"{name}.clients8"] = _together(rival, name, end, options)
    except Missing as why:
        note(f"no rival beside it: {why}")
    return found


def _of_rival(rival: Rival, name: str, end: int, options: str) -> float:
    median = float(np.median(query_calls.rival_times(rival.url, options, QUESTIONS[name], end, seed=1)))
    tell(Result(f"query.{name}.{rival.name.lower()}", median, "ms"))
    return median


def _together(rival: Rival, name: str, end: int, options: str) -> float:
    def work(seed: int) -> list[float]:
        return query_calls.rival_times(rival.url, options, QUESTIONS[name], end, seed, query_calls.CALLS // 4)

    median = float(np.median(query_calls.together(CLIENTS, work)))
    tell(Result(f"query.{name}.clients8.{rival.name.lower()}", median, "ms"))
    return median


def _ours(samples: int, victoria: Times) -> None:
    with suite_load.fresh_suite() as suite:
        target = suite_load.target(suite)
        workload = w1.W1(samples, int(time.time() * 1e3))
        messages = asyncio.run(column_senders.prepared(target, workload.grouped()))
        suite_load.measured(suite, "total_metrics", samples, lambda: column_senders.send_fast(target, messages))
        messages.clear()
        _wait_minutes(workload.end_ms)
        for name, question in QUESTIONS.items():
            took = asyncio.run(_alone(target, name, workload.end_ms))
            _tell(f"query.{name}", took, victoria.get(name), GOALS[name])
            tell(Result(f"query.{name}.p99", float(np.percentile(took, 99)), "ms"))
            took = asyncio.run(query_calls.timed_together(target, question, workload.end_ms, CLIENTS))
            _tell(f"query.{name}.clients8", took, victoria.get(f"{name}.clients8"))
        asyncio.run(_again(target))
        asyncio.run(_fresh(target))
        with _intake(target):
            for name in QUESTIONS:
                _tell(f"query.{name}.under_intake", asyncio.run(_alone(target, name, _now_ms())), victoria.get(name))


def _now_ms() -> int:
    return int(time.time() * 1e3)


def _wait_minutes(end_ms: int) -> None:
    """Until the last minute of the data has ended and is rolled up."""
    time.sleep(max(0.0, end_ms / 1e3 + MINUTES_SECONDS - time.time()))


async def _alone(target: str, name: str, end: int) -> list[float]:
    async with query_calls.asker(target) as client:
        return await client.timed(QUESTIONS[name], end, seed=1)


def _tell(name: str, took: list[float], rival: float | None, goal: float | None = None) -> None:
    median = float(np.median(took))
    tell(Result(name, median, "ms", rival, None if rival is None else median / rival, goal))


async def _again(target: str) -> None:
    """The dashboard, asked again after new samples of every series."""
    rng, took, full = random.Random(2), [], 0
    async with query_calls.asker(target) as client, Client(target) as sender:
        ids = np.array(await sender.metrics.register(w1.definitions()), np.uint64)
        tokens = dict.fromkeys(QUESTIONS, "")
        for number in range(AGAIN + 1):
            await _write(sender, ids, _now_ms(), float(number))
            await asyncio.sleep(1.5)
            end = _now_ms()
            rng.seed(2)
            queries = {name: question.ours(end, rng) for name, question in QUESTIONS.items()}
            start = time.perf_counter()
            answers = await asyncio.gather(*(client.ask(query, tokens[name]) for name, query in queries.items()))
            if number:
                took.append((time.perf_counter() - start) * 1e3)
                full += sum(answer.full for answer in answers)
            tokens = {name: answer.refresh_token for name, answer in zip(queries, answers, strict=True)}
    note(f"{full} of {AGAIN * len(QUESTIONS)} answers were whole ones")
    tell(Result("query.again", float(np.median(took)), "ms", goal=6.0))


async def _write(sender: Client, ids: "np.typing.NDArray[np.uint64]", at_ms: int, value: float) -> None:
    times = np.full(len(ids), at_ms, np.int64)
    call = sender.stream_samples()
    await call.write(
        WriteSamplesRequest(sequence=1, samples=packed_columns(ids, times, np.full(len(ids), 1e9 + value)))
    )
    await call.done_writing()
    while await call.read():
        pass


async def _fresh(target: str) -> None:
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
            value = 1e6 + number
            await _write(sender, ids, _now_ms(), value)
            acknowledged = time.perf_counter()
            while True:
                answer = await client.ask(query)
                if answer.results[0].series and answer.results[0].series[0].values[0] == 1e9 + value:
                    break
            took.append((time.perf_counter() - acknowledged) * 1e3)
            await asyncio.sleep(random.Random(number).uniform(0, 0.3))
    tell(Result("query.fresh", float(np.percentile(took, 99)), "ms", goal=500.0))
    tell(Result("query.fresh.p50", float(np.median(took)), "ms"))


@contextmanager
def _intake(target: str) -> Iterator[None]:
    """New samples of every series, all the time, from a process of their own."""
    sender = multiprocessing.get_context("spawn").Process(target=_send_always, args=(target,))
    sender.start()
    try:
        time.sleep(SETTLE_SECONDS + 4.0)
        yield
    finally:
        sender.terminate()
        sender.join()


def _send_always(target: str) -> None:
    asyncio.run(_sending(target))


async def _sending(target: str) -> None:
    async with Client(target) as client:
        ids = np.array(await client.metrics.register(w1.definitions()), np.uint64)
        call, started = client.stream_samples(), time.time()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_drain(call))
            for number in range(INTAKE_A_SECOND * INTAKE_SECONDS * len(QUESTIONS)):
                await asyncio.sleep(max(0.0, started + number / INTAKE_A_SECOND - time.time()))
                times = np.full(len(ids), _now_ms(), np.int64)
                samples = packed_columns(ids, times, np.full(len(ids), float(number)))
                await call.write(WriteSamplesRequest(sequence=number + 1, samples=samples))


async def _drain(call: object) -> None:
    while await call.read():  # type: ignore[attr-defined]  # a stream of acknowledgements
        pass


def _growth() -> None:
    """The same dashboard over a day's data, and over those of ten days."""
    with running_suite(environment=ENVIRONMENT) as suite:
        end = _now_ms()
        target = suite_load.target(suite)
        _send_days(suite, target, end, range(1))
        _wait_minutes(end)
        before = _dashboard(target, end)
        _send_days(suite, target, end, range(1, DAYS))
        after = _dashboard(target, end)
    tell(Result("query.growth.one_day", before, "ms"))
    tell(Result("query.growth", after / before, "times", goal=2.0))


def _send_days(suite: Suite, target: str, end: int, days: range) -> None:
    for day in days:
        workload = w1.W1(A_DAY_OF_MANY, end - day * w1.DAY_MS)
        messages = asyncio.run(column_senders.prepared(target, workload.grouped()))
        asyncio.run(column_senders.send_fast(target, messages))
    suite_load.wait_rest(suite)


def _dashboard(target: str, end: int) -> float:
    """What all questions take together, one after the other, in the middle of many."""
    return sum(_sparse(target, name, end) for name in QUESTIONS)


def _sparse(target: str, name: str, end: int) -> float:
    async def asked() -> list[float]:
        rng, took = random.Random(1), []
        async with query_calls.asker(target) as client:
            for number in range(40):
                query = QUESTIONS[name].ours(end, rng)
                start = time.perf_counter()
                await client.ask(query)
                if number >= query_calls.WARM:
                    took.append((time.perf_counter() - start) * 1e3)
        return took

    return float(np.median(asyncio.run(asked())))
