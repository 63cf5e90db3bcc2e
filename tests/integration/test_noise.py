"""Malformed and random requests to every public call and path, through the edge and at the services themselves."""

import asyncio
import contextlib
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import grpc
import httpx
import pytest

from services.launcher.keys import read_or_make_known_callers
from services.runtime.channels import open_channel
from tests.support import noise
from tests.support.outages import memory
from tests.support.suite import SERVICES, Suite, running_suite

pytestmark = [pytest.mark.processes, pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(1800)]

FULL_REQUESTS = 100_000
SEED = int(os.environ.get("BINNACLE_TEST_SEED", "20261121"))
LANES = 24
ANSWER_SECONDS = 60.0
# A stream that has nothing to say is left after so long.
STREAM_SECONDS = 0.2
# Overload is an answer; that nothing has died is asked at the end.
FAULTS = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}
# What gRPC's client says of a stream that it was told to leave while it wrote; no server says so.
OF_THE_CLIENT = "Internal error from Core"
BAD_STATUSES = {500, 502}
# What was accepted by chance is kept and counted; the store's own caches settle.
GROWTH_MIB = 150.0

Lane = Callable[[random.Random], Awaitable[str]]
"""Sends one request; answers what is wrong with the answer, or nothing."""


@pytest.fixture(scope="module")
def suite() -> Iterator[Suite]:
    with running_suite() as running:
        yield running


def own_address(suite: Suite, name: str) -> str:
    """Where a service listens behind the edge."""
    return suite.children()[name].environ()["BINNACLE_LISTEN"]


async def call(channel: grpc.aio.Channel, method: noise.Method, raw: bytes) -> str:
    """Send a message; what is wrong with the answer."""
    try:
        async with asyncio.timeout(STREAM_SECONDS if method.streams else ANSWER_SECONDS):
            await _sent(channel, method, raw)
    except TimeoutError:
        return "" if method.streams else "no answer"
    except grpc.aio.AioRpcError as error:
        ours = error.code() in FAULTS and error.details() != OF_THE_CLIENT
        return f"{error.code().name}: {error.details()}" if ours else ""
    return ""


async def _sent(channel: grpc.aio.Channel, method: noise.Method, raw: bytes) -> None:
    if not method.streams:
        unary: Any = channel.unary_unary(method.path)
        await unary(raw)
        return
    open_stream: Any = channel.stream_stream(method.path)
    stream = open_stream(iter([raw]))
    try:
        async for _answer in stream:
            pass
    finally:
        stream.cancel()


def calling(channels: dict[str, grpc.aio.Channel]) -> Lane:
    """Calls of any method, at the channel of its process."""
    methods = noise.methods()

    async def lane(rng: random.Random) -> str:
        method = rng.choice(methods)
        raw = noise.message(method, rng)
        wrong = await call(channels[method.process], method, raw)
        return f"{method.path} answered {wrong} to {raw.hex()}" if wrong else ""

    return lane


def posting(client: httpx.AsyncClient) -> Lane:
    """Requests to any path of REST."""
    rules = noise.rules()

    async def lane(rng: random.Random) -> str:
        rule = rng.choice(rules)
        path, told = noise.path(rule, rng), noise.headers(rng)
        content = noise.body(rng) if rule.verb != "GET" else b""
        try:
            async with asyncio.timeout(STREAM_SECONDS if rule.streams else None):
                answer = await client.request(rule.verb, path, content=content, headers=told)
        except TimeoutError:
            return ""
        if answer.status_code in BAD_STATUSES:
            return f"{rule.verb} {path} answered {answer.status_code} {answer.text[:200]} to {told} {content.hex()}"
        return ""

    return lane


async def run(lane: Lane, requests: int, seed: int) -> list[str]:
    """So many requests, many at once; what was wrong with the answers. The same seed makes the same requests."""
    wrong: list[str] = []

    async def work(number: int) -> None:
        rng = random.Random(seed * 1_000 + number)
        for _request in range(requests // LANES):
            wrong.extend(f"seed {seed}: {fault}" for fault in [await lane(rng)] if fault)

    async with asyncio.TaskGroup() as tasks:
        for number in range(LANES):
            tasks.create_task(work(number))
    return wrong


@contextlib.asynccontextmanager
async def lanes(suite: Suite) -> AsyncIterator[dict[str, Lane]]:
    """Every way in."""
    async with contextlib.AsyncExitStack() as opened:
        edge = await opened.enter_async_context(open_channel(f"127.0.0.1:{suite.port}"))
        # As a process of the suite, from which nothing is withheld.
        known = read_or_make_known_callers(suite.data_dir).peer
        direct = {
            name: await opened.enter_async_context(open_channel(own_address(suite, name), known)) for name in SERVICES
        }
        limits = httpx.Limits(max_connections=LANES)
        client = await opened.enter_async_context(
            httpx.AsyncClient(base_url=suite.url, timeout=ANSWER_SECONDS, limits=limits)
        )
        yield {
            "calls through the edge": calling(dict.fromkeys(SERVICES, edge)),
            "calls at the services": calling(direct),
            "REST": posting(client),
        }


async def test_no_request_is_a_fault_of_ours(suite: Suite, scale: float) -> None:
    share = max(3_000, round(FULL_REQUESTS * scale)) // 3
    before = {name: child.pid for name, child in suite.children().items()}
    async with lanes(suite) as ways:
        for lane in ways.values():
            # What is made once, is made now.
            await run(lane, share // 5, SEED + 1)
        warm = memory(suite)
        for name, lane in ways.items():
            wrong = await run(lane, share * 4 // 5, SEED)
            assert not wrong, f"{name}: {len(wrong)} faults, such as\n" + "\n".join(wrong[:5])
    after = memory(suite)
    assert {name: child.pid for name, child in suite.children().items()} == before
    assert {name: grown for name in after if (grown := after[name] - warm[name]) > GROWTH_MIB} == {}
    assert suite.health()["status"] == "healthy"
    log = suite.log()
    assert "Traceback" not in log, log[log.index("Traceback") - 500 :][:4000]
