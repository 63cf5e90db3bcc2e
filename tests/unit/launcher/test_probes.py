"""Asking processes whether they are ready: real Redis, real gRPC health, sockets where nobody listens."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from services.launcher.envoy_admin import EnvoyAdmin
from services.launcher.places import runtime_dir
from services.launcher.probes import NotReady, Probe, grpc_probe, redis_probe
from services.launcher.programs import redis_program
from tests.support.waiting import eventually


async def says(ask: Probe, what: str) -> bool:
    """Whether a probe finds this; nothing where all is well."""
    try:
        await ask()
    except NotReady as reason:
        return bool(what) and what in str(reason)
    return not what


async def test_nobody_there_is_not_ready(tmp_path: Path) -> None:
    path = str(tmp_path / "nobody.sock")
    for ask in (redis_probe(path), grpc_probe(f"unix:{path}"), EnvoyAdmin(path).ensure_ready):
        with pytest.raises(NotReady, match="it does not listen yet"):
            await ask()


async def test_a_service_is_ready_when_its_health_says_so() -> None:
    with runtime_dir() as folder:
        server, checks = grpc.server(ThreadPoolExecutor(2)), health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(checks, server)
        server.add_insecure_port(f"unix:{folder}/a.sock")
        server.start()
        ask = grpc_probe(f"unix:{folder}/a.sock")
        # A busy machine may not answer at once.
        await eventually(partial(says, ask, ""), "it is ready")
        checks.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
        await eventually(partial(says, ask, "not ready"), "it is not ready any more")
        server.stop(0).wait()


async def test_who_listens_and_says_nothing_does_not_answer() -> None:
    with runtime_dir() as folder:
        path = f"{folder}/silent.sock"
        with socket.socket(socket.AF_UNIX) as silent:
            silent.bind(path)
            silent.listen()
            for ask in (redis_probe(path), grpc_probe(f"unix:{path}")):
                with pytest.raises(NotReady, match="it does not answer"):
                    await ask()


@pytest.mark.redis
@pytest.mark.processes
async def test_redis_is_ready_when_it_answers() -> None:
    with runtime_dir() as folder:
        path = f"{folder}/redis.sock"
        redis = await asyncio.create_subprocess_exec(
            redis_program(), "--port", "0", "--unixsocket", path, "--save", "", stdout=asyncio.subprocess.DEVNULL
        )

        async def ready() -> bool:
            try:
                await redis_probe(path)()
            except NotReady:
                return False
            return True

        await eventually(ready, "Redis answers")
        redis.terminate()
        await redis.wait()
        assert not await ready()
