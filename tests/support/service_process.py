"""One service as a process of its own, beside a test that is its peer."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.runtime.channels import open_channel
from tests.support.waiting import eventually


@asynccontextmanager
async def service_process(
    name: str, settings: Mapping[str, str], within: float = 100.0
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A ready process of a service, killed at the end; `settings` are its variables without `BINNACLE_`."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("BINNACLE_")}
    environment = {**clean, **{f"BINNACLE_{key}": value for key, value in settings.items()}}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", f"services.{name}", env=environment)
    try:
        async with open_channel(settings["LISTEN"]) as channel:
            health: Any = health_pb2_grpc.HealthStub(channel)

            async def ready() -> bool:
                assert process.returncode is None, f"{name} ended with {process.returncode}"
                try:
                    answer = await health.Check(health_pb2.HealthCheckRequest(), timeout=1)
                except grpc.aio.AioRpcError:
                    return False
                return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

            await eventually(ready, f"{name} is ready", within)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
