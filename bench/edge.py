"""The edge: one JSON document a POST, and what its protection costs.

`edge.json.event`, `edge.json.metric`: one POST after the other over one kept connection through a whole suite; the
average until the answer, by which the point is on disk. Beside them how much the aggregator's memory grows for 100,000
events, sent over 16 connections after as many that were not measured. The baselines are what the analytics server whose
paths these are tells of itself: 5 ms, 3 ms, 100 MB.

`edge.protected.cpu`: CPU of Envoy for a unary call of gRPC, with tokens, limits, the check of origins, security headers
and the access log, beside an Envoy with the same routes and none of these, in turns; of each the least of all rounds.
Both have one worker, and behind them the same server, which answers at once.

BINNACLE_BENCH_CALLS (5000) is how many calls a round has, BINNACLE_BENCH_EVENTS (100000) how many events the memory is
judged by.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import grpc
import psutil
import yaml

from bench import processor, suite_load
from bench.http_events import BODY, post_events
from bench.report import Result, note, tell
from services.launcher.edge import LOG_OPTIONS, PROCESSES, EdgeSettings, Target, render
from services.launcher.edge_limits import EdgeLimits
from services.launcher.issuers import own_issuer
from services.launcher.keys import issue_token, read_or_make_jwt_key
from services.launcher.places import free_port
from services.launcher.programs import envoy_program
from tests.support.suite import Suite, running_suite

METRIC = b'{"name":"latency","value":45.2,"unit":"ms","tags":{"service":"shop","endpoint":"/products"}}'
WARM = 200
ROUNDS = 6
AT_ONCE = 32
METHOD = "/binnacle.aggregator.v1.QueryService/GetServiceMetrics"
EVENT_MS, METRIC_MS, GROWTH_BYTES = 5.0, 3.0, 100e6
GOAL_MS, GOAL_RATIO = 2.0, 1.3
# Guards of the protected edge; the other one has everything else.
GUARDS = ("rbac", "jwt_authn", "local_ratelimit", "ratelimit")
# More than is sent here: to be let through is what costs.
LIMITS = EdgeLimits(address=1_000_000, tenant=1_000_000, key=1_000_000)
OPEN_SECONDS = 20.0


class NotServed(Exception):
    """A POST was not answered with success, or an Envoy does not open."""


def run() -> None:
    """Measure and tell. Raises NotServed."""
    calls = int(os.environ.get("BINNACLE_BENCH_CALLS", "5000"))
    with running_suite() as suite:
        _tell_posts(suite, "/events", BODY, calls, Result("edge.json.event", 0, "ms", EVENT_MS, goal=GOAL_MS))
        _tell_posts(suite, "/metrics", METRIC, calls, Result("edge.json.metric", 0, "ms", METRIC_MS, goal=GOAL_MS))
        _tell_growth(suite, int(os.environ.get("BINNACLE_BENCH_EVENTS", "100000")))
    asyncio.run(_tell_protection(calls))


def _tell_posts(suite: Suite, path: str, body: bytes, calls: int, told: Result) -> None:
    http = HTTPConnection("127.0.0.1", suite.port, timeout=30)
    try:
        for number in range(WARM + calls):
            if number == WARM:
                began = time.perf_counter()
            http.request("POST", path, body, {"content-type": "application/json"})
            answer = http.getresponse()
            answer.read()
            if answer.status != 200:
                raise NotServed(f"POST {path}: {answer.status}")
        took = (time.perf_counter() - began) / calls * 1e3
    finally:
        http.close()
    assert told.baseline is not None
    tell(Result(told.name, took, told.unit, told.baseline, took / told.baseline, told.goal))


def _tell_growth(suite: Suite, count: int) -> None:
    """What the aggregator keeps of as many events: at rest, before and after."""
    asyncio.run(post_events(suite.url, count))
    suite_load.wait_rest(suite)
    aggregator = psutil.Process(suite.children()["aggregator"].pid)
    before = aggregator.memory_info().rss
    asyncio.run(post_events(suite.url, count))
    suite_load.wait_rest(suite)
    grown = float(aggregator.memory_info().rss - before) / count * 100_000
    tell(Result("edge.json.growth", grown, "bytes", GROWTH_BYTES, grown / GROWTH_BYTES))


@dataclass(frozen=True, slots=True)
class Side:
    """An Envoy: its process, and a channel to it."""

    pid: int
    channel: grpc.aio.Channel


async def _tell_protection(calls: int) -> None:
    async with AsyncExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="edge-", dir="/tmp")))
        key = read_or_make_jwt_key(folder)
        token = issue_token(folder, "bench", ["viewer"], 3600.0)
        await opened.enter_async_context(_answering(folder))
        sides = {}
        for name in ("protected", "plain"):
            config = folder / f"{name}.yaml"
            port = free_port("127.0.0.1")
            told = yaml.safe_load(render(_settings(folder, name, port, str(key.jwks))))
            config.write_text(yaml.safe_dump(told if name == "protected" else _without_guards(told)))
            sides[name] = await opened.enter_async_context(_envoy(config, folder / f"{name}.log", port))
        spent = await _in_turns(sides, calls, (("authorization", f"Bearer {token}"),))
    ratio = spent["protected"] / spent["plain"]
    tell(Result("edge.protected.cpu", spent["protected"], "µs", spent["plain"], ratio, GOAL_RATIO))


async def _in_turns(sides: Mapping[str, Side], calls: int, metadata: tuple[tuple[str, str], ...]) -> dict[str, float]:
    """Microseconds of CPU a call, by side: the least of all rounds."""
    least = dict.fromkeys(sides, float("inf"))
    for number in range(ROUNDS + 1):
        for name, side in sides.items():
            before = processor.spent_by({name: side.pid})
            await _call(side.channel, calls if number else WARM, metadata)
            spent = processor.difference(processor.spent_by({name: side.pid}), before)[name] / calls * 1e6
            if number:
                least[name] = min(least[name], spent)
        note(f"round {number} of {ROUNDS}")
    return least


async def _call(channel: grpc.aio.Channel, calls: int, metadata: tuple[tuple[str, str], ...]) -> None:
    call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(METHOD)
    left = iter(range(calls))

    async def caller() -> None:
        for _number in left:
            await call(b"\x0a\x04shop", timeout=30, metadata=metadata)

    async with asyncio.TaskGroup() as tasks:
        for _caller in range(AT_ONCE):
            tasks.create_task(caller())


def _settings(folder: Path, name: str, port: int, jwks: str) -> EdgeSettings:
    return EdgeSettings(
        listen=Target(host="127.0.0.1", port=port),
        admin=Target(path=str(folder / f"{name}-admin.sock")),
        upstreams={each: Target(path=str(folder / "behind.sock")) for each in (*PROCESSES, "intake", "pages")},
        issuers=[own_issuer(jwks)],
        access_log=True,
        limits=LIMITS,
    )


def _without_guards(told: dict[str, Any]) -> dict[str, Any]:
    """The same edge, open to everybody and silent."""
    for listener in told["static_resources"]["listeners"]:
        [manager] = [each["typed_config"] for each in listener["filter_chains"][0]["filters"]]
        guards = {f"envoy.filters.http.{name}" for name in GUARDS}
        manager["http_filters"] = [each for each in manager["http_filters"] if each["name"] not in guards]
        del manager["access_log"], manager["route_config"]["response_headers_to_add"]
    return told


@asynccontextmanager
async def _answering(folder: Path) -> AsyncIterator[None]:
    """A server that answers every call at once, health checks with yes."""

    async def answer(_request: bytes, _context: object) -> bytes:
        return b"\x08\x01"

    class Everything(grpc.GenericRpcHandler):
        def service(self, _details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes]":
            return grpc.unary_unary_rpc_method_handler(answer)

    server = grpc.aio.server()
    server.add_generic_rpc_handlers((Everything(),))
    server.add_insecure_port(f"unix:{folder / 'behind.sock'}")
    await server.start()
    try:
        yield
    finally:
        await server.stop(0)


@asynccontextmanager
async def _envoy(config: Path, log: Path, port: int) -> AsyncIterator[Side]:
    command = [str(envoy_program()), "-c", str(config), "--disable-hot-restart", "--concurrency", "1", *LOG_OPTIONS]
    environment = {**os.environ, "BINNACLE_EDGE_SECRET": "bench"}
    with log.open("wb") as printed:
        envoy = await asyncio.create_subprocess_exec(*command, stdout=printed, stderr=printed, env=environment)
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                async with asyncio.timeout(OPEN_SECONDS):
                    await channel.channel_ready()
                yield Side(envoy.pid, channel)
        except TimeoutError as late:
            raise NotServed(f"{config.stem}: Envoy does not open; {log} says why") from late
        finally:
            envoy.terminate()
            await envoy.wait()
