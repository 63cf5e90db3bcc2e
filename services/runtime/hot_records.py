"""The newest record of everything that is configured, in Redis: a copy for every process to read at once.

It is never the only one. The aggregator fills it from the store when it finds it empty, and again with each record that
comes to the store, so that a process that writes a record need only try to put it here. Of two records of a thing the
one of the higher revision stays, in whatever order they are put.
"""

from collections.abc import Collection, Sequence
from typing import Any

from redis.asyncio import Redis

from binnacle.audit.v1 import audit_pb2
from services.core.aside import aside
from services.core.records import AuditRecord
from services.runtime.record_messages import record_from, record_message
from services.runtime.redis_client import answered

# One slot of a cluster holds all of it.
_PREFIX = "binnacle:{records}:"
_NAMES, _VERSION, _WHOLE = f"{_PREFIX}kinds", f"{_PREFIX}version", f"{_PREFIX}whole"
_DIGITS = 20
_PUT = f"""
local news = 0
for place = 4, #ARGV, 3 do
  local hash, field, value = ARGV[1] .. ARGV[place - 1], ARGV[place], ARGV[place + 1]
  local kept = redis.call('HGET', hash, field)
  if not kept or string.sub(kept, 1, {_DIGITS}) < string.sub(value, 1, {_DIGITS}) then
    redis.call('HSET', hash, field, value)
    redis.call('SADD', KEYS[1], ARGV[place - 1])
    news = news + 1
  end
end
if ARGV[2] == '1' then redis.call('SET', KEYS[3], '1') end
if news > 0 or ARGV[2] == '1' then redis.call('INCR', KEYS[2]) end
return news
"""


class HotRecords:
    """Reads and writes the copy, or its part about some `kinds`. Raises Unavailable while Redis does not answer."""

    def __init__(self, redis: Redis, kinds: Collection[str] = ()) -> None:
        self._redis = redis
        self._kinds = kinds
        self._put = redis.register_script(_PUT)

    async def put(self, records: Sequence[AuditRecord], *, whole: bool = False) -> None:
        """Keep records in place of older ones; `whole`: the newest of everything are there now.

        Who knows some kinds alone does not know that.
        """
        told = await aside(_arguments, records)
        async with answered():
            await self._put(
                keys=[_NAMES, _VERSION, _WHOLE],
                args=[_PREFIX, "1" if whole and not self._kinds else "0", *told],
            )

    async def is_whole(self) -> bool:
        """Whether it was filled since it was empty."""
        async with answered():
            return bool(await self._redis.exists(_WHOLE))

    async def version(self) -> int:
        """A number that grows with what is put."""
        async with answered():
            return int(await self._redis.get(_VERSION) or 0)

    async def newest(self) -> list[AuditRecord]:
        """All it holds of its kinds."""
        kept: list[Any] = []
        async with answered():
            for name in await self._names():
                kept += (await self._redis.hgetall(f"{_PREFIX}{name}")).values()
        return await aside(_records, kept)

    async def _names(self) -> list[str]:
        if self._kinds:
            return [f"of:{kind}" for kind in self._kinds]
        return [_text(name) for name in await self._redis.smembers(_NAMES)]


def _arguments(records: Sequence[AuditRecord]) -> list[str | bytes]:
    told: list[str | bytes] = []
    for record in records:
        value = f"{record.revision:0{_DIGITS}d}".encode() + record_message(record).SerializeToString()
        told += [f"of:{record.kind}", f"{record.tenant}/{record.id}", value]
    return told


def _records(kept: Sequence[Any]) -> list[AuditRecord]:
    return [record_from(audit_pb2.AuditRecord.FromString(value[_DIGITS:])) for value in kept]


def _text(word: bytes | str) -> str:
    return word if isinstance(word, str) else word.decode()
