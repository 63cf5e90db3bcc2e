"""Alerts in Redis: one hash a tenant, one field an alert."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from services.alerting.ports import Alert
from services.core.errors import Unavailable
from services.runtime.logs import Log

ANSWER_SECONDS = 3.0
"""Time that one read or write may take, connecting included."""

_ALERT = TypeAdapter(Alert)


class RedisStates:
    """Keeps alerts as JSON under `binnacle:alerts:<tenant>`, by id."""

    def __init__(self, redis: Redis, log: Log) -> None:
        self._redis = redis
        self._log = log

    async def load(self, tenant: str) -> Sequence[Alert]:
        async with _answered():
            kept = await self._redis.hgetall(_key(tenant))
        return [alert for alert in map(self._read, kept.values()) if alert is not None]

    async def save(self, tenant: str, alerts: Sequence[Alert], forgotten: Sequence[str]) -> None:
        if not alerts and not forgotten:
            return
        async with _answered(), self._redis.pipeline(transaction=True) as step:
            if alerts:
                step.hset(_key(tenant), mapping={alert.id: _ALERT.dump_json(alert) for alert in alerts})
            if forgotten:
                step.hdel(_key(tenant), *forgotten)
            await step.execute()

    def _read(self, kept: bytes | str) -> Alert | None:
        """One alert; None, with a word in the log, if it is not readable: the rest must not be lost with it."""
        try:
            return _ALERT.validate_json(kept)
        except ValidationError as fault:
            self._log.error("an alert in Redis is not readable", reason=str(fault))
            return None


@asynccontextmanager
async def open_redis_states(url: str, log: Log) -> AsyncIterator[RedisStates]:
    """States in the Redis at `url`, which need not answer yet; retries are the caller's."""
    # The client's own timeouts rest on asyncio.wait_for, which in Python 3.11 can swallow a cancellation.
    async with Redis.from_url(
        url, socket_timeout=None, socket_connect_timeout=None, retry=Retry(NoBackoff(), 0)
    ) as redis:
        yield RedisStates(redis, log)


def _key(tenant: str) -> str:
    return f"binnacle:alerts:{tenant}"


@asynccontextmanager
async def _answered() -> AsyncIterator[None]:
    """Turn a failure, or no answer in time, into Unavailable."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            yield
    except (RedisError, OSError) as fault:
        raise Unavailable(f"Redis does not answer: {fault}") from fault
