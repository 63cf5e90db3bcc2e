"""A wired service on a unix socket within the test's own process."""

import asyncio
import functools
import gc
import secrets
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import grpc

from services.core.clock import Clock
from services.runtime import logs
from services.runtime.calls import CALLER_KEY
from services.runtime.channels import open_channel
from services.runtime.config import ServiceConfig
from services.runtime.main import running
from services.runtime.process import Process, Registration, Wire, Wired

EDGE_SECRET: Final = "e" * 64
PEER_SECRET: Final = "p" * 64
GUARDED: Final[Mapping[str, str]] = {"auth": "jwt", "edge_secret": EDGE_SECRET, "peer_secret": PEER_SECRET}
"""Settings of a service whose callers need a credential."""
AS_EDGE: Final[Mapping[str, str]] = {CALLER_KEY: EDGE_SECRET}
"""Headers by which such a service knows the edge."""


@functools.cache
def _socket_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="bn-")


def socket_address(name: str) -> str:
    """A fresh `unix:` address, short enough for the kernel's limit; its folder goes with this process."""
    return f"unix:{_socket_folder().name}/{secrets.token_hex(4)}-{name}.sock"


@asynccontextmanager
async def running_service(
    name: str, config: ServiceConfig, wire: Wire, clock: Clock | None = None
) -> AsyncIterator[grpc.aio.Channel]:
    """The service `wire` builds, served on `config.listen`; gives a channel to it that it takes for the edge's."""
    log, secret = logs.configure(name, "warning", "console"), config.edge_secret.get_secret_value()
    try:
        async with running(name, config, wire, log=log, clock=clock), open_channel(config.listen, secret) as channel:
            # A busy machine may let the first attempts to connect pass, and a call is not tried again.
            await channel.channel_ready()
            yield channel
    finally:
        await collect_servers()


async def collect_servers() -> None:
    """Let stopped grpc.aio servers be collected while their event loop still runs.

    Their finaliser schedules one more shutdown; on a closed loop that ends in warnings at any later moment.
    """
    gc.collect()
    await asyncio.sleep(0)


@asynccontextmanager
async def neighbour(*registrations: Registration, address: str | None = None) -> AsyncIterator[str]:
    """A process that serves `registrations`, as a real peer would; gives its address."""

    @asynccontextmanager
    async def wire(_config: ServiceConfig, _process: Process) -> AsyncIterator[Wired]:
        yield Wired(registrations, ready)

    async def ready() -> None:
        return

    listen = address or socket_address("neighbour")
    async with running_service("neighbour", ServiceConfig(listen=listen, drain_seconds=0), wire):
        yield listen
