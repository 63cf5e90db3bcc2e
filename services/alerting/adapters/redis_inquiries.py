"""Questions to the process that leads, by way of Redis: a list of them, and a list for the answer to each."""

import secrets
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from redis.asyncio import Redis

from services.alerting.ports.inquiries import Inquiry
from services.alerting.ports.trials import RuleStatus
from services.core.errors import Unavailable
from services.runtime.redis_client import ANSWER_SECONDS, answered

# In the slot of the cluster that the state of alerts is in.
_QUESTIONS: Final = "binnacle:{alerts}:inquiries"
_ANSWER: Final = "binnacle:{alerts}:answer:"
PATIENCE_SECONDS = 2
"""How long an answer is waited for, and a question that nobody takes is kept."""
WAIT_SECONDS = 5
MOST_WAITING = 100
_STATUSES: Final = msgspec.json.Decoder(list[RuleStatus])


class RedisInquiries:
    """See Inquiries."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def ask(self, tenant: str, rule_ids: Sequence[str]) -> Sequence[RuleStatus]:
        inquiry = Inquiry(secrets.token_hex(16), tenant, tuple(rule_ids))
        async with answered(), self._redis.pipeline(transaction=True) as step:
            step.rpush(_QUESTIONS, msgspec.json.encode(inquiry))
            step.ltrim(_QUESTIONS, -MOST_WAITING, -1)
            step.expire(_QUESTIONS, PATIENCE_SECONDS)
            await step.execute()
        async with answered(PATIENCE_SECONDS + ANSWER_SECONDS):
            told: Any = await self._redis.blpop([f"{_ANSWER}{inquiry.name}"], timeout=PATIENCE_SECONDS)
        if told is None:
            raise Unavailable("nobody who leads answers")
        return _STATUSES.decode(told[1])

    async def next(self) -> Inquiry | None:
        async with answered(WAIT_SECONDS + ANSWER_SECONDS):
            asked: Any = await self._redis.blpop([_QUESTIONS], timeout=WAIT_SECONDS)
        return None if asked is None else msgspec.json.decode(asked[1], type=Inquiry)

    async def answer(self, inquiry: Inquiry, statuses: Sequence[RuleStatus]) -> None:
        key = f"{_ANSWER}{inquiry.name}"
        async with answered(), self._redis.pipeline(transaction=True) as step:
            step.rpush(key, msgspec.json.encode(statuses))
            step.expire(key, PATIENCE_SECONDS)
            await step.execute()
