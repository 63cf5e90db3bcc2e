"""Counters in Redis, each for a second and a little longer."""

from collections.abc import Sequence

from redis.asyncio import Redis

from services.runtime.redis_client import answered

# Clocks of aggregators may differ; the edge waits for 50 ms.
LIFE_SECONDS = 5
ANSWER_SECONDS = 0.03


class RedisCounters:
    """See ports/edge_counters.py."""

    def __init__(self, redis: Redis, seconds: float = ANSWER_SECONDS) -> None:
        self._redis = redis
        self._seconds = seconds

    async def add(self, names: Sequence[str], hits: int, second: int) -> Sequence[int]:
        async with answered(self._seconds), self._redis.pipeline(transaction=False) as calls:
            for name in names:
                counter = f"binnacle:rate:{second}:{name}"
                calls.incrby(counter, hits)
                calls.expire(counter, LIFE_SECONDS)
            told = await calls.execute()
        return [int(count) for count in told[::2]]
