"""The parts of the suite, asked how they do and what they are."""

import asyncio
import time
from collections.abc import Awaitable, Coroutine, Sequence
from typing import Any, Protocol

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from binnacle.processes.v1 import processes_pb2 as pb
from services.streamer.adapters.parts import DOES_NOT_ANSWER, PATIENCE_SECONDS, Description
from services.streamer.convert.components import CACHE, PROCESS, Suite, component


class DescribedPart(Protocol):
    """A process that can be asked about itself."""

    @property
    def name(self) -> str:
        """Such as `collector`."""
        ...

    async def problem(self, within: float) -> str | None:
        """Why it is not ready to serve; None when it is. Answers within so many seconds."""
        ...

    async def description(self) -> Description | None:
        """What it tells of itself; None when it does not answer."""
        ...


class SuiteSource:
    """A source of the suite's state, the same for every tenant."""

    interval = 1.0

    def __init__(self, parts: Sequence[DescribedPart], redis_url: str) -> None:
        self._parts = parts
        self._redis_url = redis_url

    async def ask(self, tenant: str) -> Suite:
        """Every part as it stands."""
        asked: list[Coroutine[Any, Any, tuple[pb.Component, Description | None]]]
        asked = [_process(part) for part in self._parts]
        if self._redis_url:
            asked.append(_redis(self._redis_url))
        found = await asyncio.gather(*asked)
        configs = [pb.ProcessConfig(process=one.name, settings=told.settings) for one, told in found if told]
        return Suite([one for one, _told in found], configs)


async def _process(part: DescribedPart) -> tuple[pb.Component, Description | None]:
    (problem, took), described = await asyncio.gather(_timed(part.problem(PATIENCE_SECONDS)), part.description())
    made = component(part.name, PROCESS, problem, took)
    if described is not None:
        made.process.CopyFrom(described.process)
    return made, described


async def _redis(url: str) -> tuple[pb.Component, None]:
    """Redis, asked by a connection of its own: what is asked each second should not wait for what others do there."""
    problem, took = await _timed(_redis_problem(url))
    return component("redis", CACHE, problem, took), None


async def _redis_problem(url: str) -> str | None:
    try:
        # The client's own timeouts rest on asyncio.wait_for, which in Python 3.11 can swallow a cancellation.
        async with (
            asyncio.timeout(PATIENCE_SECONDS),
            Redis.from_url(url, socket_timeout=None, socket_connect_timeout=None, retry=Retry(NoBackoff(), 0)) as redis,
        ):
            await redis.ping()
    except (RedisError, OSError):
        return DOES_NOT_ANSWER
    return None


async def _timed(asked: Awaitable[str | None]) -> tuple[str | None, float]:
    began = time.perf_counter()
    return await asked, time.perf_counter() - began
