"""Calls whose answers are kept for those who ask the same again."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from google.protobuf.message import Message

from services.aggregator.domain.figures.kept_answers import KeptAnswers
from services.runtime.calls import current_call

Servicer = TypeVar("Servicer")
Call = Callable[[Message, Any], Awaitable[Message]]


def keeping(servicer: Servicer, kept: KeptAnswers, *methods: str) -> Servicer:
    """The servicer, of which these methods answer the same question of the same tenant with what is kept."""
    for method in methods:
        setattr(servicer, method, _kept(getattr(servicer, method), kept, method))
    return servicer


def _kept(call: Call, kept: KeptAnswers, method: str) -> Call:
    async def told(request: Message, context: Any) -> Message:
        question = (method, current_call().tenant, request.SerializeToString(deterministic=True))
        return await kept.answer(question, lambda: call(request, context))

    return told
