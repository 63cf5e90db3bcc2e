"""What the dashboard takes over ten days to what it takes over one of them, of the same density."""

import asyncio
import random
import time

import numpy as np

from bench import column_senders, query_calls, suite_load, w1
from bench.dashboard import QUESTIONS
from bench.report import Result, tell
from tests.support.suite import Suite, running_suite

DAYS = 10
A_DAY_OF_MANY = 1_000_000
CALLS = 40
MINUTES_SECONDS = 75.0
ENVIRONMENT = {"BINNACLE_CLOCK_SKEW_HOURS": str(24 * DAYS + 2)}


def measure() -> None:
    """The same questions of a store of one day, and of one of ten."""
    with running_suite(environment=ENVIRONMENT) as suite:
        suite.post("/api/v1/retention", {"changes": [{"kind": "samples", "days": DAYS + 2}]})
        end = int(time.time() * 1e3)
        _send_days(suite, end, range(1))
        wait_minutes(end)
        before = _dashboard(suite, end)
        _send_days(suite, end, range(1, DAYS))
        after = _dashboard(suite, end)
    tell(Result("query.growth.one_day", before, "ms"))
    tell(Result("query.growth", after / before, "times", goal=2.0))


def wait_minutes(end_ms: int) -> None:
    """Until the last minute of data that end at a time has ended and is rolled up."""
    time.sleep(max(0.0, end_ms / 1e3 + MINUTES_SECONDS - time.time()))


def _send_days(suite: Suite, end: int, days: range) -> None:
    target = suite_load.target(suite)
    for day in days:
        workload = w1.W1(A_DAY_OF_MANY, end - day * w1.DAY_MS)
        messages = asyncio.run(column_senders.prepared(target, workload.grouped()))
        asyncio.run(column_senders.send_fast(target, messages))
    suite_load.wait_rest(suite)


def _dashboard(suite: Suite, end: int) -> float:
    """What all questions take together, one after the other, each in the middle of many calls."""
    return sum(asyncio.run(_asked(suite_load.target(suite), name, end)) for name in QUESTIONS)


async def _asked(target: str, name: str, end: int) -> float:
    rng, took = random.Random(1), []
    async with query_calls.asker(target) as client:
        for number in range(CALLS):
            query = QUESTIONS[name].ours(end, rng)
            start = time.perf_counter()
            await client.ask(query)
            if number >= query_calls.WARM:
                took.append((time.perf_counter() - start) * 1e3)
    return float(np.median(took))
