"""Whoever asks for whatever in whichever way: nobody is told what is another's, or that there is any such thing.

The probes are made of the contracts: every RPC, with each role and without any, for tenants of all kinds, and with each
of its texts in turn naming what is another's, what there is not, and nonsense.
"""

import asyncio
import contextlib
import itertools
import json
import random
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

import grpc
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from services.core.clock import SystemClock
from services.runtime.roles import HOLDERS, INGESTER, OPEN, PEER, word_of
from services.streamer.convert.live_frames import BinaryCodec, JsonCodec
from services.streamer.websocket.faces import places
from tests.support.callers import OF_THE_CLIENT
from tests.support.probes import Rpc, likeness, malformed, pages, request, rpcs
from tests.support.suite import running_suite
from tests.support.victim import ABSENT, OTHER, OWN, SECRET, VICTIM, World, known
from tests.support.waiting import eventually_sync

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(600)]

FULL_PROBES = 12_000
LANES = 24
SEED = 7
ANSWER_SECONDS = 20.0
LISTEN_SECONDS = 0.4
SOCKET_SECONDS = 4.0
KEPT_SECONDS = 20.0
MOST_MESSAGES = 5
ROLES = ("", "viewer", "responder", "editor", "admin", "ingester", "peer", "nonsense")
TENANTS = ("other", "missing", "malformed")
RPCS = rpcs()
# Beside what takes in points, these keep or hand on what their callers say; the log of audits tells it all.
KEEPING = (
    "AddWidget",
    "ApplyDashboards",
    "ApplyRules",
    "CreateDashboard",
    "CreateKey",
    "CreateRule",
    "CreateSilence",
    "ImportDashboards",
    "SendTestBroadcast",
    "SetInhibition",
    "UpdateDashboard",
    "UpdateRule",
    "UpdateSilence",
)
ECHOING = ("ListAuditRecords",)


@dataclass(frozen=True, slots=True)
class Probe:
    """One request and who sends it."""

    rpc: Rpc
    role: str
    tenant: str
    texts: Mapping[tuple[str, ...], str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it: a code, what was told beside it, and the messages."""

    code: grpc.StatusCode
    told: bytes
    messages: tuple[bytes, ...]

    @property
    def whole(self) -> bytes:
        """Everything a client could read."""
        return b"\n".join((self.told, *self.messages))


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with running_suite(("--no-agent", "--auth", "jwt")) as suite:
        made = World(suite)
        made.feed(suite.http)
        made.guard(suite.http)

        def stored() -> bool:
            answer = suite.http.get("/events", headers=made.bearer("viewer", VICTIM))
            return SECRET in answer.text

        eventually_sync(stored, "the victim sees its own events", within=60)
        with grpc.insecure_channel(f"127.0.0.1:{suite.port}") as channel:
            made.victim = replace(made.victim, pages=pages(channel, tuple(made.bearer("admin", VICTIM).items())))
        assert len(made.victim.pages) > MOST_MESSAGES
        yield made


def probes(world: World, most: int) -> list[Probe]:
    """So many probes, always the same; those of all RPCs, roles and tenants alike."""
    rng = random.Random(SEED)
    absent, own = known(ABSENT, "absent"), known(OWN, OTHER)
    made = []
    for rpc, role, tenant in itertools.product(RPCS, ROLES, TENANTS):
        # Who sends what bears another's name has it from then on, and that is their own.
        others = own if rpc.role == INGESTER or rpc.name in KEEPING else world.victim
        made.append(Probe(rpc, role, tenant, {}))
        whole = {place: others.text(rpc, place) for place in rpc.texts}
        if whole:
            made.append(Probe(rpc, role, tenant, whole))
        for place in rpc.texts:
            texts = (others.text(rpc, place), (own if others is own else absent).text(rpc, place), malformed(rng))
            made.extend(Probe(rpc, role, tenant, {place: text}) for text in texts)
    rng.shuffle(made)
    # What is let in tells more than what is refused at the door.
    made.sort(key=lambda probe: not _is_let_in(probe))
    inside = sum(map(_is_let_in, made))
    first = min(inside, most * 2 // 3)
    return [*made[:first], *made[inside : inside + most - first]]


def _is_let_in(probe: Probe) -> bool:
    return _expected(probe) is None


def _expected(probe: Probe) -> set[grpc.StatusCode] | None:
    """How a probe is refused before it is read; None where it is let in."""
    if probe.rpc.role == PEER:
        return {grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.NOT_FOUND}
    if probe.rpc.role == OPEN:
        return None
    if probe.tenant != "other":
        return {grpc.StatusCode.UNAUTHENTICATED}
    return None if probe.role in HOLDERS[probe.rpc.role] else {grpc.StatusCode.PERMISSION_DENIED}


async def ask(channel: grpc.aio.Channel, rpc: Rpc, raw: bytes, bearer: str, listen: float = LISTEN_SECONDS) -> Answer:
    """Ask over gRPC, as any client can; what a client can add of itself is added, too."""
    metadata = (
        ("authorization", f"Bearer {bearer}"),
        ("x-binnacle-tenant", VICTIM),
        ("x-binnacle-roles", "admin"),
        ("x-binnacle-subject", "root"),
        ("x-binnacle-caller", "p" * 64),
    )
    messages: list[bytes] = []
    try:
        async for message in _messages(channel, rpc, raw, metadata, listen):
            messages.append(message)
            if len(messages) >= MOST_MESSAGES:
                break
    except grpc.aio.AioRpcError as error:
        if error.details() == OF_THE_CLIENT:
            return await ask(channel, rpc, raw, bearer, listen)
        trailing = b"".join(bytes(value) for _key, value in error.trailing_metadata() or () if isinstance(value, bytes))
        return Answer(error.code(), (error.details() or "").encode() + trailing, tuple(messages))
    return Answer(grpc.StatusCode.OK, b"", tuple(messages))


async def _messages(
    channel: grpc.aio.Channel, rpc: Rpc, raw: bytes, metadata: Any, listen: float
) -> AsyncIterator[bytes]:
    kind = f"{'stream' if rpc.client_streams else 'unary'}_{'stream' if rpc.server_streams else 'unary'}"
    sent: Any = _once(raw) if rpc.client_streams else raw
    call: Any = getattr(channel, kind)(rpc.path)(sent, metadata=metadata, timeout=ANSWER_SECONDS)
    if not rpc.server_streams:
        yield await call
        return
    try:
        async with asyncio.timeout(listen):
            async for message in call:
                yield message
    except TimeoutError:
        return
    finally:
        call.cancel()


async def _once(raw: bytes) -> AsyncIterator[bytes]:
    yield raw


def fault(probe: Probe, answer: Answer) -> str:
    """What is wrong with an answer; nothing when nothing is."""
    expected = _expected(probe)
    if probe.rpc.name in ECHOING and expected is None:
        return ""
    if SECRET.encode() in answer.whole and SECRET not in "".join(probe.texts.values()):
        return "told what is another's"
    if any(SECRET.encode() in message for message in answer.messages) and not _echoes(answer, probe):
        return "told what is another's when asked for it"
    if expected is not None and answer.code not in expected:
        return f"not refused with {expected} but answered {answer.code}"
    if expected == {grpc.StatusCode.PERMISSION_DENIED} and word_of(probe.rpc.role).encode() not in answer.told:
        return "does not name the role that is needed"
    if expected is None and answer.code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.INTERNAL):
        return f"answered {answer.code} {answer.told!r}"
    return ""


def _echoes(answer: Answer, probe: Probe) -> bool:
    """Whether all that an answer tells of the victim is what was asked."""
    told = b"".join(answer.messages)
    for text in sorted(probe.texts.values(), key=len, reverse=True):
        told = told.replace(text.encode(), b"")
    return SECRET.encode() not in told


async def test_no_rpc_tells_anybody_what_is_anothers(world: World, scale: float) -> None:
    todo = probes(world, round(FULL_PROBES * max(scale, 0.1)))
    wrong: list[str] = []
    codes: Counter[str] = Counter()

    async def lane(channel: grpc.aio.Channel, numbers: Iterator[tuple[int, Probe]]) -> None:
        for number, probe in numbers:
            raw = request(probe.rpc, probe.texts)
            # A refusal is waited for.
            listen = LISTEN_SECONDS if _is_let_in(probe) else ANSWER_SECONDS
            answer = await ask(channel, probe.rpc, raw, world.token(probe.role, probe.tenant, number), listen)
            codes[answer.code.name] += 1
            if said := fault(probe, answer):
                wrong.append(f"{probe.rpc.path} as {probe.role or 'nobody'} of {probe.tenant} {probe.texts}: {said}")

    numbers, target = iter(enumerate(todo)), f"127.0.0.1:{world.suite.port}"
    async with grpc.aio.insecure_channel(target) as channel, asyncio.TaskGroup() as tasks:
        for _lane in range(LANES):
            tasks.create_task(lane(channel, numbers))
    assert not wrong, f"{len(wrong)} of {len(todo)}, such as\n" + "\n".join(wrong[:20])
    assert codes["OK"] > len(todo) * 0.1, codes
    assert sum(codes.values()) == len(todo)


async def test_anothers_looks_like_absent(world: World) -> None:
    """Every answer to a request that names something of another's is as that to one that names what there is not."""
    absent = known(ABSENT, "absent")
    bearer = world.token("admin", OTHER)
    different = []
    async with grpc.aio.insecure_channel(f"127.0.0.1:{world.suite.port}") as channel:
        for rpc in RPCS:
            if rpc.role in (PEER, INGESTER) or rpc.server_streams:
                continue
            for place in rpc.texts:
                texts = [kind.text(rpc, place) for kind in (world.victim, absent)]
                # A range that ends now has another point now and then, for as long as an answer is kept.
                for _time in range(100):
                    told = await _told(channel, rpc, place, texts, bearer)
                    if len(told) == 1:
                        break
                    await asyncio.sleep(KEPT_SECONDS / 100)
                else:
                    different.append(f"{rpc.path} {place}: {told}")
    assert not different, "\n".join(different[:20])


async def _told(
    channel: grpc.aio.Channel, rpc: Rpc, place: tuple[str, ...], texts: list[str], bearer: str
) -> set[tuple[str, str]]:
    """What is told of each of these texts, as far as it differs."""
    answers = [await ask(channel, rpc, request(rpc, {place: text}), bearer) for text in texts]
    return {(answer.code.name, likeness(rpc, answer.messages, answer.told, texts)) for answer in answers}


async def test_whose_it_is_sees_it(world: World) -> None:
    """What the other tests look for can be found: many calls show it to its owner."""
    bearer = world.token("admin", VICTIM)
    shown = set()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{world.suite.port}") as channel:
        for rpc in RPCS:
            reads = rpc.role != PEER and not rpc.name.startswith(("Delete", "Update", "Create", "Revoke"))
            if reads and not rpc.server_streams:
                for texts in ({}, {place: world.victim.text(rpc, place) for place in rpc.texts}):
                    answer = await ask(channel, rpc, request(rpc, texts), bearer)
                    if any(SECRET.encode() in message for message in answer.messages):
                        shown.add(rpc.name)
    assert len(shown) >= 25, sorted(shown)


PLACES = places(SystemClock(), JsonCodec(demo=False), BinaryCodec(demo=False))
SOCKETS = sorted({path.replace("{id}", tenant) for path in PLACES for tenant in (VICTIM, OTHER)})


async def test_no_socket_tells_anybody_what_is_anothers(world: World) -> None:
    async with asyncio.TaskGroup() as tasks:
        listening = [tasks.create_task(_listened(world, path)) for path in SOCKETS]
        await asyncio.sleep(LISTEN_SECONDS)
        for _time in range(3):
            await asyncio.to_thread(world.feed, world.suite.http)
    heard = {path: task.result() for path, task in zip(SOCKETS, listening, strict=True)}
    assert all(heard.values()), "every socket tells its listener something"
    assert [path for path, text in heard.items() if SECRET in text.replace(f"shop-{SECRET}", "")] == []


async def _listened(world: World, path: str) -> str:
    """Ask at a socket for what is the victim's in every way there is; what was told."""
    said = [
        {"message_type": "Subscription", "payload": {"tenant_id": VICTIM, "rooms": ["events", "tenant", VICTIM]}},
        {"type": "subscribe", "tenant_id": VICTIM, "channels": ["events", "metrics"]},
        {"subscribe": {"id": "a", "events": {"services": [f"shop-{SECRET}"]}}},
        {"subscribe": {"id": "b", "room": "events"}},
    ]
    heard = ""
    url = f"ws://127.0.0.1:{world.suite.port}{path}"
    async with connect(url, proxy=None, additional_headers=world.bearer("viewer", OTHER)) as socket:
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            for each in said:
                await socket.send(json.dumps(each))
            async with asyncio.timeout(ANSWER_SECONDS), aclosing(_heard(socket)) as messages:
                heard += await anext(messages)
            async with asyncio.timeout(SOCKET_SECONDS), aclosing(_heard(socket)) as messages:
                async for message in messages:
                    heard += message
    return heard


async def _heard(socket: Any) -> AsyncGenerator[str, None]:
    async for message in socket:
        yield message if isinstance(message, str) else message.decode(errors="replace")
