"""Asks one question again and again, of us and of rivals, and tells how long each call took, in milliseconds."""

import asyncio
import random
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import grpc

from bench.dashboard import Question, Range
from bench.suite_load import WrongCount
from binnacle.aggregator.v1.time_series_service_pb2 import QueryTimeSeriesRequest
from binnacle.aggregator.v1.time_series_service_pb2_grpc import TimeSeriesServiceStub
from binnacle.query.v1.query_pb2 import TimeSeriesAnswer, TimeSeriesQuery

CALLS = 100
WARM = 3
LONGEST_SECONDS = 4.0
_OPTIONS = [("grpc.max_receive_message_length", 64 << 20)]


class Asker:
    """One client of ours, with a connection of its own."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = TimeSeriesServiceStub(channel)

    async def ask(self, query: TimeSeriesQuery, token: str = "") -> TimeSeriesAnswer:
        """One answer."""
        request = QueryTimeSeriesRequest(query=query, refresh_token=token)
        return (await self._stub.QueryTimeSeries(request, timeout=30)).answer

    async def timed(self, question: Question, end: int, seed: int, calls: int) -> list[float]:
        """Times of calls. Raises WrongCount for an answer without its values."""
        rng, took = random.Random(seed), []
        began = time.monotonic()
        for number in range(WARM + calls):
            query = question.ours(end, rng)
            start = time.perf_counter()
            answer = await self.ask(query)
            if number >= WARM:
                took.append((time.perf_counter() - start) * 1e3)
            _require(answer, question)
            if time.monotonic() - began > LONGEST_SECONDS and took:
                break
        return took


def _require(answer: TimeSeriesAnswer, question: Question) -> None:
    told = sum(len(series.values) for result in answer.results for series in result.series)
    # Ranges are widened to whole steps; a shorter workload has fewer values.
    if not 0 < told <= 1.2 * question.points + 60:
        raise WrongCount(f"{told} values where {question.points} were asked for: {list(answer.notices)}")


@asynccontextmanager
async def asker(target: str) -> AsyncIterator[Asker]:
    """A client of the suite at `host:port`."""
    async with grpc.aio.insecure_channel(target, options=_OPTIONS) as channel:
        yield Asker(channel)


async def timed_together(target: str, question: Question, end: int, clients: int, calls: int) -> list[float]:
    """Times of calls of several clients at once."""

    async def one(seed: int) -> list[float]:
        async with asker(target) as client:
            return await client.timed(question, end, seed, calls)

    return [took for part in await asyncio.gather(*(one(seed) for seed in range(clients))) for took in part]


def rival_times(url: str, options: str, question: Question, end: int, seed: int, calls: int) -> list[float]:
    """Times of calls of a rival that speaks PromQL."""
    parts, rng, took = urlsplit(url), random.Random(seed), []
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    began = time.monotonic()
    try:
        for number in range(WARM + calls):
            path = path_of(question.rival(end, rng)) + options
            start = time.perf_counter()
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            if number >= WARM:
                took.append((time.perf_counter() - start) * 1e3)
            if answer.status != 200 or b'"values":[]' in body or len(body) < 200:
                raise WrongCount(f"{url}: {answer.status} {body[:300]!r}")
            if time.monotonic() - began > LONGEST_SECONDS and took:
                break
    finally:
        connection.close()
    return took


def path_of(asked: Range) -> str:
    """Path and question as rivals take it."""
    if not asked.step:
        return "/api/v1/query?" + urlencode({"query": asked.promql, "time": asked.end})
    names = {"query": asked.promql, "start": asked.start, "end": asked.end, "step": asked.step}
    return "/api/v1/query_range?" + urlencode(names)


def together(clients: int, work: Callable[[int], list[float]]) -> list[float]:
    """Times of several clients of a rival at once."""
    found: list[list[float]] = []
    threads = [threading.Thread(target=lambda seed=seed: found.append(work(seed))) for seed in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(found) < clients:
        raise WrongCount("a client of a rival failed")
    return [took for part in found for took in part]
