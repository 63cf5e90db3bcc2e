"""Answers about time series as messages, and the tokens that say what a client has."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence

import numpy as np

from binnacle.query.v1 import query_pb2 as pb
from services.aggregator.domain.series.answering import Answer, Held, Result
from services.aggregator.domain.series.question import Question
from services.aggregator.domain.series.tier_choice import DISTRIBUTIONS, SAMPLES, TRAFFIC
from services.aggregator.ports.records import Floats
from services.aggregator.ports.rollups import DAY, HOUR, MINUTE
from services.core.errors import InvalidInput

_TIERS = {
    None: pb.TIER_UNSPECIFIED,
    TRAFFIC: pb.TIER_UNSPECIFIED,
    SAMPLES: pb.TIER_SAMPLES,
    MINUTE: pb.TIER_MINUTES,
    HOUR: pb.TIER_HOURS,
    DAY: pb.TIER_DAYS,
    DISTRIBUTIONS: pb.TIER_DISTRIBUTIONS,
}
_MARK_BYTES = 12
_PACKED = 2


def answer_of(answer: Answer, token: str) -> pb.TimeSeriesAnswer:
    """An answer as a message."""
    made = pb.TimeSeriesAnswer(
        step_ms=answer.grid.step_ms,
        start_unix_ms=answer.grid.first_ms,
        end_unix_ms=answer.grid.end_ms,
        full=answer.full,
        refresh_token=token,
        notices=answer.notices,
    )
    _pack(made, pb.TimeSeriesAnswer.TIMES_UNIX_MS_FIELD_NUMBER, answer.times_ms.astype(np.float64))
    for result in answer.results:
        _fill(made.results.add(), result)
    return made


def tier_of(tier: int | None) -> "pb.Tier.ValueType":
    """A tier as messages name it."""
    return _TIERS[tier]


def _fill(made: pb.ExpressionResult, result: Result) -> None:
    made.name = result.name
    made.tier = tier_of(result.tier)
    made.complete_until_unix_ms = result.complete_until_ms
    for row, labels in enumerate(result.matrix.labels):
        series = made.series.add(labels=labels)
        _pack(series, pb.TimeSeries.VALUES_FIELD_NUMBER, result.matrix.values[row])
        if result.envelope is not None:
            _pack(series, pb.TimeSeries.MINIMUMS_FIELD_NUMBER, result.envelope[0][row])
            _pack(series, pb.TimeSeries.MAXIMUMS_FIELD_NUMBER, result.envelope[1][row])


def _pack(message: pb.TimeSeriesAnswer | pb.TimeSeries, field: int, values: Floats) -> None:
    """Set a packed field from the bytes of its values, which are those on the wire: no value is touched."""
    body = np.ascontiguousarray(values, "<f8").tobytes()
    message.MergeFromString(bytes([field << 3 | _PACKED]) + _varint(len(body)) + body)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number >= 128:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def token_of(tenant: str, asked: pb.TimeSeriesQuery, question: Question, held: Held | None) -> str:
    """What a client has, bound to its question and tenant; empty where nothing can be told from it."""
    if held is None:
        return ""
    state = [held.life, held.position, held.first_ms, held.end_ms, question.grid.step_ms]
    body = json.dumps(state, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_mark(tenant, asked, body) + body).decode().rstrip("=")


def held_from(tenant: str, asked: pb.TimeSeriesQuery, question: Question, token: str) -> Held | None:
    """What a token says a client has; None for nothing, or other steps. Raises InvalidInput otherwise."""
    if not token:
        return None
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        mark, body = raw[:_MARK_BYTES], raw[_MARK_BYTES:]
        if hmac.compare_digest(mark, _mark(tenant, asked, body)):
            life, position, first_ms, end_ms, step_ms = json.loads(body)
            return Held(life, position, first_ms, end_ms) if step_ms == question.grid.step_ms else None
    except (binascii.Error, ValueError, TypeError):
        pass
    raise InvalidInput.of("refresh_token", "must be one that an answer to the same question gave; its range may differ")


def _mark(tenant: str, asked: pb.TimeSeriesQuery, body: bytes) -> bytes:
    """Ties a state to a tenant and a question; no secret: the tenant of a query always comes from the credential."""
    question = pb.TimeSeriesQuery()
    question.CopyFrom(asked)
    question.ClearField("start_time")
    question.ClearField("end_time")
    named: Sequence[str] = [tenant, question.SerializeToString(deterministic=True).hex()]
    return hashlib.blake2b(json.dumps(named).encode() + body, digest_size=_MARK_BYTES).digest()
