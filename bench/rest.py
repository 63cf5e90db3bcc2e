"""Every GET of the REST face through the edge, with the demonstration input running and 10 M events behind it.

Requests are the examples of the description (`GET /openapi.json`), asked in turns, one after the other over one
connection; told are the median and the 99th percentile of each, in milliseconds. Streams and files are left out, which
are as long as what they hold. BINNACLE_BENCH_EVENTS (10000000) makes it shorter; BINNACLE_BENCH_ONLY
(parts of paths, with commas between) chooses.
"""

import asyncio
import os
import time

import httpx
import numpy as np

from bench import shop_events, suite_load
from bench.report import Result, note, tell
from binnacle_client import Client
from tests.support.rest import FILE, Request, Requests
from tests.support.suite import Suite, running_suite

CALLS = 100
WARM = 3
DEMO_SECONDS = 60.0
GOAL_MS = 10.0


def run() -> None:
    """Measure and tell. Raises WrongCount when an event is refused, HTTPStatusError for an answer that is an error."""
    count = int(os.environ.get("BINNACLE_BENCH_EVENTS", "10000000"))
    with running_suite(("--demo", "--agent"), suite_load.ENVIRONMENT) as suite:
        asyncio.run(_send(suite_load.target(suite), count))
        _wait_stored(suite, count)
        time.sleep(DEMO_SECONDS)
        for request, took in _measured(suite, _chosen(suite)):
            median, late = np.percentile(took, [50, 99])
            name = f"rest{request.operation.path}"
            tell(Result(f"{name}.p50", float(median), "ms"))
            tell(Result(f"{name}.p99", float(late), "ms", goal=GOAL_MS))


async def _send(address: str, count: int) -> None:
    async with Client(address) as client:
        for events in shop_events.requests(count):
            result = await client.events.send(events)
            if result.rejected:
                raise suite_load.WrongCount(f"{result.rejected} were refused")


def _wait_stored(suite: Suite, count: int) -> None:
    """The demonstration input adds to what is counted: at least so many."""
    deadline = time.monotonic() + suite_load.COMMITTED_SECONDS
    while (found := suite.get("/stats")["total_events"]) < count:
        if time.monotonic() > deadline:
            raise suite_load.WrongCount(f"{found:.0f} of {count} events are stored")
        time.sleep(1.0)


def _chosen(suite: Suite) -> list[Request]:
    requests = Requests(suite.http)
    only = [part for part in os.environ.get("BINNACLE_BENCH_ONLY", "").split(",") if part]
    return [
        requests.of(operation)
        for operation in requests.operations()
        if operation.verb == "get"
        and not operation.is_endless
        and FILE not in operation.told["responses"]["200"].get("content", ())
        and (not only or any(part in operation.path for part in only))
    ]


def _measured(suite: Suite, requests: list[Request]) -> list[tuple[Request, list[float]]]:
    took: list[list[float]] = [[] for _request in requests]
    with httpx.Client(base_url=suite.url, timeout=60.0) as http:
        for number in range(WARM + CALLS):
            for request, times in zip(requests, took, strict=True):
                start = time.perf_counter()
                answer = request.send(http)
                spent = (time.perf_counter() - start) * 1e3
                answer.raise_for_status()
                if number >= WARM:
                    times.append(spent)
            if number % 20 == 0:
                note(f"{number} of {WARM + CALLS} rounds")
    return list(zip(requests, took, strict=True))
