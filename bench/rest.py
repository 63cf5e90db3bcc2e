"""Every GET of the REST face through the edge, with the demonstration input running and 10 M events behind it.

Requests are the examples of the description (`GET /openapi.json`), asked one after the other over one connection. Told
are, a line for each path, how long the first took after the filling, and the median and the 99th percentile of those
after it, in milliseconds: of a path that is asked again and again alone, and of all of them asked in turns, while
everything that is kept is made anew beside. Last come, of both, the slowest 99th percentile, that of all calls, and of
how many paths it is within the goal. Streams and files are left out, which are as long as what they hold. Who asks is
`http.client`: a client that takes a millisecond itself would take it from the same two cores. BINNACLE_BENCH_EVENTS
(10000000) makes it shorter; BINNACLE_BENCH_ONLY (parts of paths, with commas between) chooses.
"""

import asyncio
import json
import os
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.client import HTTPConnection

import httpx
import numpy as np

from bench import shop_events, suite_load
from bench.report import Result, note, tell
from binnacle_client import Client
from tests.support.rest import FILE, Request, Requests
from tests.support.suite import Suite, running_suite

# The 99th percentile is the fourth slowest: of fewer one turn of a merge or of the demonstration would be a path's.
CALLS = 300
# What is asked for the first time reads all of the past; an edge gives up waiting before it is done with that.
WARM = 3
WARM_SECONDS = 120.0
# A quiet machine needs a third of it.
MEASURED_SECONDS = 150.0
GOAL_MS = 10.0
ASKED_AS = {"Accept-Encoding": "gzip"}


@dataclass(frozen=True, slots=True)
class Told:
    """How long the answers of one path took, in milliseconds."""

    name: str
    first: float
    p50: float
    p99: float
    p50_in_turns: float
    p99_in_turns: float
    unit: str = "ms"
    goal: float = GOAL_MS


def run() -> None:
    """Measure and tell. Raises WrongCount when an event is refused, RuntimeError for an answer that is an error."""
    count = int(os.environ.get("BINNACLE_BENCH_EVENTS", "10000000"))
    with running_suite(("--demo", "--agent"), suite_load.ENVIRONMENT) as suite:
        began = time.monotonic()
        asyncio.run(_send(suite_load.target(suite), count))
        _wait_stored(suite, count)
        note(f"{count} events are stored after {time.monotonic() - began:.0f} s")
        requests = _chosen(suite)
        first, alone, turns = _measured(suite, requests)
    for of_path in zip(requests, first, alone, turns, strict=True):
        told = asdict(_told(*of_path))
        print(json.dumps({key: round(each, 2) if isinstance(each, float) else each for key, each in told.items()}))
    _summed("rest", alone)
    _summed("rest.in_turns", turns)


def _summed(name: str, calls: list[list[float]]) -> None:
    ninety_ninths = [float(np.percentile(of_path, 99)) for of_path in calls]
    tell(Result(f"{name}.worst.p99", max(ninety_ninths), "ms", goal=GOAL_MS))
    tell(Result(f"{name}.p99", float(np.percentile(np.concatenate(calls), 99)), "ms", goal=GOAL_MS))
    tell(Result(f"{name}.within", sum(each <= GOAL_MS for each in ninety_ninths) / len(ninety_ninths), "of the paths"))


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


def _measured(suite: Suite, requests: list[Request]) -> tuple[list[float], list[list[float]], list[list[float]]]:
    """Milliseconds of the first call of each path, of those that it gets alone, and of those in turns."""
    with httpx.Client(base_url=suite.url, timeout=60.0) as http:
        first = [_warmed(http, request) for request in requests]
    with closing(HTTPConnection("127.0.0.1", suite.port, timeout=60.0)) as connection:
        alone = [[_timed(connection, request) for _call in range(WARM + CALLS)][WARM:] for request in requests]
        turns = _in_turns(connection, requests)
    return first, alone, turns


def _told(request: Request, first: float, alone: list[float], in_turns: list[float]) -> Told:
    p50, p99 = np.percentile(alone, [50, 99]).tolist()
    p50_in_turns, p99_in_turns = np.percentile(in_turns, [50, 99]).tolist()
    return Told(f"rest{request.operation.path}", first, p50, p99, p50_in_turns, p99_in_turns)


def _in_turns(connection: HTTPConnection, requests: list[Request]) -> list[list[float]]:
    took: list[list[float]] = [[] for _request in requests]
    deadline = time.monotonic() + MEASURED_SECONDS
    for number in range(WARM + CALLS):
        for request, times in zip(requests, took, strict=True):
            times.append(_timed(connection, request))
        if number > WARM and time.monotonic() > deadline:
            note(f"not more than {number} rounds within {MEASURED_SECONDS:.0f} s")
            break
    return [times[WARM:] for times in took]


def _timed(connection: HTTPConnection, request: Request) -> float:
    target = request.target
    start = time.perf_counter()
    connection.request("GET", target, headers=ASKED_AS)
    answer = connection.getresponse()
    answer.read()
    spent = (time.perf_counter() - start) * 1e3
    if answer.status >= HTTPStatus.BAD_REQUEST:
        raise RuntimeError(f"{target} was answered with {answer.status}")
    return spent


def _warmed(http: httpx.Client, request: Request) -> float:
    """Milliseconds until a request is answered for the first time, however often it has to be asked."""
    start = time.monotonic()
    while not (answer := request.send(http)).is_success:
        if time.monotonic() > start + WARM_SECONDS:
            answer.raise_for_status()
        time.sleep(0.5)
    return (time.monotonic() - start) * 1e3
