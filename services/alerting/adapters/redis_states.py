"""The state of alerts in Redis: a hash a tenant, written by the leader alone, and a stream of what it wrote.

Of a hash, field `a:<id>` is an alert, `g:<rule and group>` what a group has to go on from, `i:<id>` an incident,
`n:<incident and receiver>` what somebody was told of it, and is to be told, `b:<name>` a batch that is not recorded
yet, `judged_at` until when was judged; `whole` is there unless all of it is just being written.
"""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec
from redis.asyncio import Redis

from services.alerting.ports.incidents import Incident
from services.alerting.ports.notifications import Thread
from services.alerting.ports.states import Act, Batch, GroupMemory, Kept, KeptAlert, Leader, Lease, News, Saving
from services.core.errors import Conflict, Unavailable
from services.runtime.logs import Log
from services.runtime.redis_client import ANSWER_SECONDS, answered

# One slot of a cluster holds all of it.
_PREFIX: Final = "binnacle:{alerts}:"
_LEADER, _LAST = f"{_PREFIX}leader", f"{_PREFIX}last_lease"
_TENANTS, _ACTS, _NEWS, _COUNT = (f"{_PREFIX}{name}" for name in ("tenants", "acts", "news", "news_count"))
# Each may be of hundreds of alerts.
_MOST_NEWS = 200
_NEWS_AT_ONCE, _READ_AT_ONCE = 10, 1_000
_REFUSED, _LOST = 0, -1

_CLAIM = """
local held = redis.call('GET', KEYS[1])
local last, mine = tonumber(redis.call('GET', KEYS[2]) or '0'), tonumber(ARGV[2])
if held then
  local number, process, holder = string.match(held, '^(%d+) (%x+) (.*)$')
  if process == ARGV[4] then
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
    return tonumber(number)
  end
  if holder ~= ARGV[1] or mine > 0 then return 0 end
elseif mine > 0 and last > mine then
  return 0
end
local number = string.format('%d', math.max(last, mine) + 1)
redis.call('SET', KEYS[2], number)
redis.call('SET', KEYS[1], number .. ' ' .. ARGV[4] .. ' ' .. ARGV[1], 'PX', ARGV[3])
return tonumber(number)
"""
_SAVE = f"""
local last = redis.call('GET', KEYS[1])
if not last then return {_LOST} end
if last ~= ARGV[1] then return {_REFUSED} end
local hash, place = KEYS[2], 5
if ARGV[3] == '1' then redis.call('DEL', hash) end
local function each(act)
  local count = tonumber(ARGV[place])
  place = place + 1
  for _ = 1, count do place = act(place) end
end
each(function (at) redis.call('HSET', hash, ARGV[at], ARGV[at + 1]) return at + 2 end)
each(function (at) redis.call('HDEL', hash, ARGV[at]) return at + 1 end)
each(function (at) redis.call('HDEL', KEYS[3], ARGV[at]) return at + 1 end)
redis.call('SADD', KEYS[4], ARGV[2])
if ARGV[4] ~= '' then
  local count = redis.call('INCR', KEYS[6])
  redis.call('XADD', KEYS[5], 'MAXLEN', '~', {_MOST_NEWS}, '*', 'n', count, 'tenant', ARGV[2], 'news', ARGV[4])
end
return 1
"""
_REREAD: Final = b"reread"

Thing = TypeVar("Thing")


class RedisStates:
    """See StateStore."""

    def __init__(self, redis: Redis, log: Log) -> None:
        self._redis = redis
        self._log = log
        self._claim = redis.register_script(_CLAIM)
        self._save = redis.register_script(_SAVE)
        self._process = secrets.token_hex(8)

    async def claim(self, holder: str, former: Lease | None, seconds: float) -> Lease | None:
        arguments: list[str | int] = [holder, former.number if former else 0, round(1000 * seconds), self._process]
        async with answered():
            number = int(await self._claim(keys=[_LEADER, _LAST], args=arguments))
        return Lease(holder, number) if number else None

    async def leader(self) -> Leader:
        async with answered():
            held = await self._redis.get(_LEADER)
        if held is None:
            return "nobody"
        return "this" if _text(held).split(" ")[1] == self._process else "another"

    async def tenants(self) -> Sequence[str]:
        async with answered():
            return sorted(_text(name) for name in await self._redis.smembers(_TENANTS))

    async def load(self, tenant: str) -> Kept | None:
        fields: dict[str, bytes] = {}
        cursor, is_read = 0, False
        while not is_read:
            # All of many at once takes longer than an answer may.
            async with answered():
                page: Any = await self._redis.hscan(_key(tenant), cursor, count=_READ_AT_ONCE)
            cursor, some = page
            fields.update((_text(field), value) for field, value in some.items())
            is_read = not cursor
        # While they are put together the lease has to be renewed.
        return await asyncio.to_thread(self._kept, fields) if fields else None

    def _kept(self, fields: Mapping[str, bytes]) -> Kept:
        return Kept(
            alerts=self._read(fields, "a:", KeptAlert),
            memories=self._read(fields, "g:", GroupMemory),
            batches=sorted(self._read(fields, "b:", Batch), key=_first_time),
            incidents=self._read(fields, "i:", Incident),
            threads=self._read(fields, "n:", Thread),
            judged_at=float(fields["judged_at"]) if "judged_at" in fields else None,
            whole="whole" in fields,
        )

    async def save(self, lease: Lease, tenant: str, saving: Saving) -> None:
        fields = _fields(saving)
        sets = [part for field, value in fields.items() if value is not None for part in (field, value)]
        drops = [field for field, value in fields.items() if value is None]
        arguments: list[Any] = [lease.number, tenant, int(saving.anew), _told(saving)]
        arguments += [len(sets) // 2, *sets, len(drops), *drops, len(saving.acts_done), *saving.acts_done]
        keys = [_LAST, _key(tenant), _ACTS, _TENANTS, _NEWS, _COUNT]
        async with answered():
            done = int(await self._save(keys=keys, args=arguments))
        if done == _REFUSED:
            raise Conflict("another process leads")
        if done == _LOST:
            raise Unavailable("Redis has lost what it had")

    async def hand_over(self, act: Act) -> None:
        async with answered():
            await self._redis.hset(_ACTS, act.name, msgspec.json.encode(act))

    async def acts(self) -> Sequence[Act]:
        async with answered():
            kept: Mapping[Any, Any] = await self._redis.hgetall(_ACTS)
        return self._read({_text(name): value for name, value in kept.items()}, "", Act)

    async def place(self) -> str:
        async with answered(), self._redis.pipeline(transaction=True) as step:
            step.xrevrange(_NEWS, count=1)
            step.get(_COUNT)
            newest, count = await step.execute()
        return f"{_text(newest[0][0]) if newest else '0-0'} {int(count or 0)}"

    async def news(self, place: str, seconds: float) -> tuple[str, Sequence[tuple[str, News]]]:
        entry_id, count = place.split(" ")
        async with answered(seconds + ANSWER_SECONDS):
            answer: Any = await self._redis.xread({_NEWS: entry_id}, count=_NEWS_AT_ONCE, block=round(1000 * seconds))
        found: list[tuple[str, News]] = []
        expected = int(count)
        for entry, fields in answer[0][1] if answer else ():
            expected, entry_id = expected + 1, _text(entry)
            if int(fields[b"n"]) != expected or fields[b"news"] == _REREAD:
                raise Conflict("news were missed: everything has to be read again")
            found.append((_text(fields[b"tenant"]), msgspec.json.decode(fields[b"news"], type=News)))
        return f"{entry_id} {expected}", found

    def _read(self, fields: Mapping[str, bytes], prefix: str, kind: type[Thing]) -> list[Thing]:
        """What is readable, with a word in the log of what is not: the rest must not be lost with it."""
        found = []
        for field, value in fields.items():
            if field.startswith(prefix):
                try:
                    found.append(msgspec.json.decode(value, type=kind))
                except msgspec.MsgspecError as fault:
                    self._log.error("state in Redis is not readable", field=field, reason=str(fault))
        return found


def _fields(saving: Saving) -> dict[str, bytes | None]:
    """What becomes of the fields of the hash; None: they are dropped."""
    groups = {msgspec.json.encode(key).decode(): memory for key, memory in saving.memories.items()}
    fields = _encoded("a:", saving.alerts) | _encoded("g:", groups) | _encoded("b:", saving.batches)
    fields |= _encoded("i:", saving.incidents) | _encoded("n:", saving.threads)
    if saving.judged_at is not None:
        fields["judged_at"] = repr(saving.judged_at).encode()
    if saving.whole:
        fields["whole"] = b"1"
    return fields


def _encoded(prefix: str, things: Mapping[str, object]) -> dict[str, bytes | None]:
    return {prefix + name: None if one is None else msgspec.json.encode(one) for name, one in things.items()}


def _told(saving: Saving) -> bytes:
    """What is told to who follows; empty: nothing."""
    if saving.whole:
        return _REREAD
    return msgspec.json.encode(saving.news) if saving.news else b""


def _first_time(batch: Batch) -> float:
    times = (*(one.step.at for one in batch.transitions[:1]), *(one.at for one in batch.deliveries[:1]))
    return min(times, default=0.0)


def _key(tenant: str) -> str:
    return f"{_PREFIX}of:{tenant}"


def _text(word: bytes | str) -> str:
    return word if isinstance(word, str) else word.decode()
