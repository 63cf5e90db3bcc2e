"""A client of Redis as every process uses one: which need not answer yet, and never for longer than is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from services.core.errors import Unavailable

ANSWER_SECONDS = 3.0
"""Time that one read or write may take, connecting included."""


@asynccontextmanager
async def open_redis(url: str) -> AsyncIterator[Redis]:
    """The Redis at `url` for the length of the block; retries are the caller's."""
    # The client's own timeouts rest on asyncio.wait_for, which in Python 3.11 can swallow a cancellation.
    async with Redis.from_url(
        url, socket_timeout=None, socket_connect_timeout=None, retry=Retry(NoBackoff(), 0)
    ) as redis:
        yield redis


@asynccontextmanager
async def answered(seconds: float = ANSWER_SECONDS) -> AsyncIterator[None]:
    """Turn a failure, or no answer in time, into Unavailable."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except (RedisError, OSError) as fault:
        raise Unavailable(f"Redis does not answer: {fault}") from fault
