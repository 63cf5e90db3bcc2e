"""Claims in Redis, where every process of the suite sees them."""

from collections.abc import Mapping

from redis.asyncio import Redis

from services.core.errors import Unavailable
from services.runtime.redis_client import answered
from services.streamer.ports.dashboards import Claimed

# Longer than any other process takes to learn of the change; one slot of a cluster holds all of a tenant.
SECONDS = 60
_CLAIM = """
for place, key in ipairs(KEYS) do
  local other = redis.call('GET', key)
  if other then return {place, other} end
end
for _, key in ipairs(KEYS) do redis.call('SET', key, ARGV[1], 'EX', ARGV[2]) end
return false
"""


class RedisClaims:
    """See Claims. Without Redis, or while it does not answer, whoever asks has it: the later change holds then."""

    def __init__(self, redis: Redis | None) -> None:
        self._redis = redis
        self._claim = None if redis is None else redis.register_script(_CLAIM)

    async def claim(self, tenant: str, revisions: Mapping[str, int], by: str) -> Claimed | None:
        if self._claim is None or not revisions:
            return None
        try:
            async with answered():
                found = await self._claim(keys=_keys(tenant, revisions), args=[by, SECONDS])
        except Unavailable:
            return None
        return None if not found else Claimed([*revisions][int(found[0]) - 1], _text(found[1]))

    async def release(self, tenant: str, revisions: Mapping[str, int]) -> None:
        if self._redis is None or not revisions:
            return
        try:
            async with answered():
                await self._redis.delete(*_keys(tenant, revisions))
        except Unavailable:
            return


def _keys(tenant: str, revisions: Mapping[str, int]) -> list[str]:
    prefix = f"binnacle:{{dashboards:{tenant}}}"
    return [f"{prefix}:{identity}:{revision}" for identity, revision in revisions.items()]


def _text(word: bytes | str) -> str:
    return word if isinstance(word, str) else word.decode()
