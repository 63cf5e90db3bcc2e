"""What holds for every question, whoever adds it: nobody sees another's data, and no question is too bad for an answer.

The questions are made from the contracts; a service that is added to the aggregator is asked by itself.
"""

import asyncio
import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message

from binnacle.journal.v1 import journal_pb2
from tests.component.aggregator.aggregators import Aggregator, as_tenant
from tests.support.journals import imported_hours, record
from tests.support.outages import patience
from tests.support.questions import Answer, Question, ask, bad_requests, questions, requests, told
from tests.support.telemetry import exemplars, filled, histogram, spans

pytestmark = pytest.mark.store

SECRET = "quetzalcoatl"
NAMED = "nambe"
TRACE = "a11ce" + "0" * 27
OWNER, STRANGER, NOBODY = as_tenant("owner"), as_tenant("stranger"), as_tenant("nobody")
AT_ONCE = 6
# What a page of another may be asked with: its token, or the name of one of its rows.
_HANDLES = ("token", "id", "fingerprint", "cursor")
_GOOD = {grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND}
# Where a request names a tenant, any but the caller's own; and what only administrators of the installation may do.
_NOT_THEIRS = grpc.StatusCode.PERMISSION_DENIED
_NAMING_TENANTS = ("tenant_id", "tenant")
_OF_THE_INSTALLATION = ("CreateTenant", "UpdateTenant")
# Nothing signs keys here.
_KEYLESS = ("CreateKey", grpc.StatusCode.ABORTED)
BOUND_SECONDS = 15.0
FEW = 12


def world(tenant: str, name: str, secret: str) -> list[journal_pb2.Record]:
    """Rows for every table; names by which they can be asked for, and a secret beside each."""
    now = time.time()
    data = {"latency_ms": 5, "status_code": 500, "endpoint": f"/{name}", "secret": secret, "message": secret}
    shown = {"user": name, "session": name, "service": name, "data": data}
    kinds = ("request", "error", "purchase", "deploy", "page_view", "feature_used", "integration_call", name)
    events = [{"type": kind, "time": now - 30 - place, **shown} for place, kind in enumerate(kinds)]
    told_of = record(
        tenant=tenant,
        accepted=now,
        events=events,
        logs=[{"message": f"{name} {secret}", "service": name, "time": now - 20}] * 3,
        heartbeats=[{"service": name, "time": now - 10, "status": "healthy"}],
        series=[(_id(name), name, {"host": name, "service": name, "secret": secret})],
        samples=[(_id(name), now - 5 * place, float(place)) for place in range(50)],
    )
    told_of.logs.attributes_json[0] = f'{{"secret": "{secret}"}}'
    many = _id(name) + 1
    labels = {"host": name, "secret": secret}
    measured = filled(
        record(tenant=tenant, accepted=now, series=[(many, f"{name}_h", labels)], kind=4),
        replace(histogram(many, now - 9, [2, 1, 0], 0.5, start=now - 60), exemplars=exemplars(many, now)),
    )
    traced = filled(record(tenant=tenant, accepted=now), spans(now, 2, 0.5, 0.25, service=name))
    imported = imported_hours(record(tenant=tenant, accepted=now), _id(name), [int(now) // 3_600 * 3_600 - 86_400 * 20])
    return [told_of, measured, traced, imported, configured(tenant, name, secret, now)]


def configured(tenant: str, name: str, secret: str, now: float) -> journal_pb2.Record:
    """Who did what: a tenant that has a name, and a key of its own."""
    key = {"name": f"{name} {secret}", "roles": ["viewer"], "created_us": int(now * 1e6), "expires_us": 2**52}
    told_of = record(tenant=tenant, accepted=now)
    for kind, identity, payload in (("tenant", tenant, {"display_name": name}), ("key", f"{_id(name):016x}", key)):
        done = told_of.audit.add(
            tenant=tenant, kind=kind, id=identity, revision=1, action="create", subject=name,
            payload_json=json.dumps(payload),
        )  # fmt: skip
        done.time.FromSeconds(int(now) - 5)
    return told_of


def _id(name: str) -> int:
    return sum(name.encode()) * 1_000


def words(name: str) -> Mapping[str, Any]:
    """What requests name: by field, and any other text."""
    now = int(time.time())
    return {
        "": name,
        "page_token": "",
        "refresh_token": "",
        "match": f"host={name}",
        "label": "host",
        "data": "events",
        "format": "csv",
        "trace_id": TRACE,
        "start_time": now - 3_600,
        "end_time": now + 5,
        "step": 60,
        "time_zone": "UTC",
        "timezone": "UTC",
        "function": "average",
        "aggregation": "",
        "pattern": "",
        "period": "1h",
        "tenant_id": "",
    }


@pytest.fixture
async def asked(aggregator: Aggregator) -> Aggregator:
    await aggregator.store(*world("owner", NAMED, SECRET), *world("stranger", "theirs", "public"))
    return aggregator


async def all_of(channel: grpc.aio.Channel, asking: Sequence[tuple[Question, Message, Any]]) -> list[Answer]:
    """Ask several at a time."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(question: Question, request: Message, metadata: Any) -> Answer:
        async with room:
            return await ask(channel, question, request, metadata)

    return await asyncio.gather(*(one(*each) for each in asking))


def handles(message: Message) -> dict[str, set[str]]:
    """What an answer gives to ask on with, by the name of its field."""
    found: dict[str, set[str]] = {}
    for field, value in message.ListFields():
        if field.message_type is not None:
            if field.message_type.GetOptions().map_entry:
                continue
            for inner in value if field.is_repeated else [value]:
                for name, values in handles(inner).items():
                    found.setdefault(name, set()).update(values)
        elif field.type == field.TYPE_STRING and not field.is_repeated and field.name.endswith(_HANDLES):
            found.setdefault(field.name.removeprefix("next_").removeprefix("previous_"), set()).add(value)
    return found


def with_handles(request: Message, given: Mapping[str, set[str]]) -> list[Message]:
    """The request with each of the handles that it has a field for."""
    made = []
    for field in request.DESCRIPTOR.fields:
        if field.type == field.TYPE_STRING and not field.is_repeated and field.name.endswith(_HANDLES):
            values = {value for name, each in given.items() if name.endswith(field.name[-5:]) for value in each}
            for value in sorted(values)[:10]:
                copy = type(request)()
                copy.CopyFrom(request)
                setattr(copy, field.name, value)
                made.append(copy)
    return made


@pytest.mark.timeout(1800)
async def test_nobody_sees_a_byte_of_another(asked: Aggregator, scale: float) -> None:
    named = words(NAMED)
    asking = [(q, r, OWNER) for q in questions() if not q.changes for r in requests(q, named)]
    own = await all_of(asked.channel, asking)
    shown = {
        q.path for (q, _r, _m), answer in zip(asking, own, strict=True) if SECRET.encode() in told(answer.messages)
    }
    seen = {q.path for (q, _r, _m), answer in zip(asking, own, strict=True) if NAMED.encode() in told(answer.messages)}
    # Else there would be nothing to be kept from anybody.
    assert len(shown) >= 5
    assert len(seen) >= len({q.path for q, _r, _m in asking}) // 2
    strangers = (STRANGER, NOBODY) if scale >= 1 else (STRANGER,)
    foreign = [(q, r, m) for q in questions() for r in requests(q, named) for m in strangers]
    for (question, request, _metadata), answer in zip(asking, own, strict=True):
        given: dict[str, set[str]] = {}
        for message in answer.messages:
            for name, values in handles(message).items():
                given.setdefault(name, set()).update(values)
        foreign += [(question, made, STRANGER) for made in with_handles(request, given)]
    for (question, request, _metadata), answer in zip(foreign, await all_of(asked.channel, foreign), strict=True):
        text = told(answer.messages) + answer.details.encode()
        assert SECRET.encode() not in text, f"{question.path} {request}"
        if NAMED.encode() not in request.SerializeToString():
            assert NAMED.encode() not in text, f"{question.path} {request}"
    again = await all_of(asked.channel, [(q, q.request(), OWNER) for q in questions() if q.path in shown])
    assert any(SECRET.encode() in told(answer.messages) for answer in again)


def some_of(each: list[Message], name: str, scale: float) -> list[Message]:
    """A share of the requests, always the same of one call, and a few at least."""
    return random.Random(name).sample(each, min(len(each), max(FEW, round(len(each) * scale))))


@pytest.mark.timeout(1800)
async def test_bad_questions_are_answered_in_bounded_time(asked: Aggregator, scale: float) -> None:
    faults: list[str] = []

    async def judged(question: Question, request: Message, room: asyncio.Semaphore) -> None:
        async with room:
            began = time.monotonic()
            answer = await ask(asked.channel, question, request, OWNER)
            took = time.monotonic() - began
        if took > patience(BOUND_SECONDS):
            faults.append(f"{question.name} took {took:.0f} s: {str(request)[:200]!r}")
        theirs = question.name not in _OF_THE_INSTALLATION and not any(getattr(request, n, "") for n in _NAMING_TENANTS)
        expected = (question.name, answer.code) == _KEYLESS or (answer.code is _NOT_THEIRS and not theirs)
        if answer.code not in _GOOD and not expected:
            faults.append(f"{question.name} {answer.code.name} {answer.details[:80]!r}: {str(request)[:200]!r}")
        nameless = answer.code is grpc.StatusCode.INVALID_ARGUMENT and not any(answer.fields)
        if nameless and "too large" not in answer.details:
            faults.append(f"{question.name} names no field: {answer.details[:100]!r}: {str(request)[:200]!r}")

    room = asyncio.Semaphore(AT_ONCE)
    asking = [(q, r) for q in questions() for r in some_of(list(bad_requests(q, words(NAMED))), q.name, scale)]
    await asyncio.gather(*(judged(question, request, room) for question, request in asking))
    assert faults == [], f"{len(faults)} of {len(asking)}:\n" + "\n".join(faults[:60])
