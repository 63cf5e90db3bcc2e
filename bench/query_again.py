"""The whole dashboard asked again a moment later, after new samples of every series; VictoriaMetrics with its cache on.

We are asked for what has changed, by tokens; a rival gives everything anew. Each side is asked all five at once over
connections that are open, in turns.
"""

import asyncio
import random
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlsplit

import numpy as np

from bench import http_load, query_calls, query_live, remote_write, w1
from bench.dashboard import QUESTIONS
from bench.intake import REMOTE_WRITE
from bench.report import Result, note, tell
from bench.suite_load import WrongCount
from binnacle.query.v1.query_pb2 import TimeSeriesAnswer
from binnacle_client import Client

TIMES = 20
PAUSE_SECONDS = 1.5
GOAL_MS = 6.0
SEED = 2


async def measure(target: str, rival: str | None) -> None:
    """Ask the suite at `host:port`, and the rival at an address, if there is one. Raises WrongCount."""
    ours: list[float] = []
    theirs: list[float] = []
    full = 0
    async with query_calls.asker(target) as client, Client(target) as sender:
        ids = np.array(await sender.metrics.register(w1.definitions()), np.uint64)
        tokens = dict.fromkeys(QUESTIONS, "")
        with _Rival(rival) as other:
            for number in range(TIMES + 1):
                await query_live.write(sender, ids, float(number))
                await asyncio.to_thread(other.write, float(number))
                await asyncio.sleep(PAUSE_SECONDS)
                took, answers = await _ask(client, tokens)
                tokens = {name: answer.refresh_token for name, answer in answers.items()}
                waited = await asyncio.to_thread(other.ask)
                if number:
                    ours.append(took)
                    theirs += waited
                    full += sum(answer.full for answer in answers.values())
    note(f"{full} of {TIMES * len(QUESTIONS)} answers were whole ones")
    value, baseline = float(np.median(ours)), float(np.median(theirs)) if theirs else None
    ratio = None if baseline is None else value / baseline
    tell(Result("query.again", value, "ms", baseline, ratio, GOAL_MS))


async def _ask(client: query_calls.Asker, tokens: Mapping[str, str]) -> tuple[float, Mapping[str, TimeSeriesAnswer]]:
    rng = random.Random(SEED)
    queries = {name: question.ours(query_live.now_ms(), rng) for name, question in QUESTIONS.items()}
    start = time.perf_counter()
    answers = await asyncio.gather(*(client.ask(query, tokens[name]) for name, query in queries.items()))
    return (time.perf_counter() - start) * 1e3, dict(zip(queries, answers, strict=True))


class _Rival:
    """A server that speaks PromQL and takes remote write; where there is none it tells nothing."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        parts = urlsplit(url or "")
        self._connections = [HTTPConnection(parts.hostname or "", parts.port, timeout=60) for _name in QUESTIONS]
        self._threads = ThreadPoolExecutor(len(QUESTIONS))

    def __enter__(self) -> "_Rival":
        return self

    def __exit__(self, *_error: object) -> None:
        self._threads.shutdown()
        for connection in self._connections:
            connection.close()

    def write(self, value: float) -> None:
        """A new sample of every series."""
        if self._url is None:
            return
        places = np.arange(w1.SERIES)
        times, values = np.full(w1.SERIES, query_live.now_ms()), np.full(w1.SERIES, 1e9 + value)
        bodies = remote_write.bodies(iter([w1.Batch(places, times, values)]), 1)
        http_load.post_all(f"{self._url}/api/v1/write", bodies, REMOTE_WRITE, 1)

    def ask(self) -> list[float]:
        """Milliseconds until all five are answered; nothing without a rival."""
        if self._url is None:
            return []
        rng = random.Random(SEED)
        asked = [query_calls.path_of(question.rival(query_live.now_ms(), rng)) for question in QUESTIONS.values()]
        start = time.perf_counter()
        list(self._threads.map(_get, self._connections, asked))
        return [(time.perf_counter() - start) * 1e3]


def _get(connection: HTTPConnection, path: str) -> None:
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200 or len(body) < 200:
        raise WrongCount(f"{path}: {answer.status} {body[:300]!r}")
