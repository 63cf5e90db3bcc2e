"""The life of a process: configure, wire, serve, drain, stop. The only place that exits."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import NoReturn

import uvloop
from grpc_health.v1._async import HealthServicer
from prometheus_client import CollectorRegistry, start_http_server

from services.core.clock import Clock, SystemClock
from services.core.errors import BinnacleError, Unavailable
from services.runtime import logs
from services.runtime.access import Access
from services.runtime.config import Config, ServiceConfig, load
from services.runtime.health import Readiness
from services.runtime.logs import Log
from services.runtime.metrics import new_registry
from services.runtime.process import Process, Wire
from services.runtime.server import build_server
from services.runtime.watchdog import Watchdog

# Sockets and files of a service are for its own user alone.
UMASK = 0o077
# Cycles are rare here: looked for every 700 objects they cost several per cent of a busy process, and pauses.
GARBAGE = (7_000, 10, 10)
# Beside a thread that runs Python the event loop would wait up to the usual 5 ms for the interpreter each time it is
# woken, several times in a call; so would the journal's thread while requests are decoded.
SWITCH_SECONDS = 0.0005
# For those who are told that their call is not finished any more.
ANSWER_SECONDS = 1.0


class _Stop(Exception):
    """Ends the background tasks of a process that stops in order."""


def run(name: str, config_type: type[Config], wire: Wire) -> NoReturn:
    """Run one service until SIGTERM or SIGINT. Exit status: 0 stopped, 1 failed, 2 configuration refused."""
    config = load(config_type)
    name = config.process_name(name)
    os.umask(UMASK)
    log = logs.configure(name, config.log_level, config.log_format)
    try:
        uvloop.run(_serve(name, config, wire, log))
    except* BinnacleError as faults:
        for fault in _leaves(faults):
            log.error("cannot run", reason=str(fault))
        sys.exit(1)
    sys.exit(0)


async def _serve(name: str, config: ServiceConfig, wire: Wire, log: Log) -> None:
    gc.set_threshold(*GARBAGE)
    sys.setswitchinterval(SWITCH_SECONDS)
    async with running(name, config, wire, log=log) as process:
        loop = asyncio.get_running_loop()
        gc.freeze()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, process.leaving.set)
        await process.leaving.wait()
        log.info("stopping")
    log.info("stopped")


@asynccontextmanager
async def running(
    name: str, config: ServiceConfig, wire: Wire, *, log: Log, clock: Clock | None = None
) -> AsyncIterator[Process]:
    """A service that serves within the block and is stopped in order after it.

    Order of stopping: readiness withdrawn, a while later streams told to end and calls drained, what others wait for
    handed over, background tasks cancelled, channels and what the wiring opened closed. Raises what a background task
    raised.
    """
    async with AsyncExitStack() as opened:
        try:
            async with asyncio.TaskGroup() as tasks:
                process = Process(name, clock or SystemClock(), log, new_registry(), tasks, Access.of(config))
                opened.push_async_callback(process.close_channels)
                async with _serving(config, wire, process, opened):
                    yield process
                raise _Stop
        except* _Stop:
            pass


@asynccontextmanager
async def _serving(config: ServiceConfig, wire: Wire, process: Process, opened: AsyncExitStack) -> AsyncIterator[None]:
    wired = await opened.enter_async_context(wire(config, process))
    health = HealthServicer()
    server = build_server(config, process, wired, health)
    names = [registration.name for registration in wired.registrations]
    readiness = Readiness(health, names, wired.ready, process.clock, process.log)
    if config.metrics_port:
        exposition, _thread = start_http_server(config.metrics_port, registry=_whole(process))
        opened.callback(exposition.server_close)
        opened.callback(exposition.shutdown)
    try:
        await readiness.begin()
        await server.start()
        process.tasks.create_task(readiness.follow(), name="readiness")
        process.log.info("listening", address=config.listen)
        if config.watchdog_url:
            watchdog = Watchdog(config.watchdog_url, process.name, config.watchdog_seconds, process.clock, process.log)
            process.tasks.create_task(watchdog.run(wired.ready), name="watchdog")
        yield
    finally:
        await readiness.withdraw()
        if process.leaving.is_set():
            # Until the edge has heard of it, it goes on sending calls here.
            await process.clock.sleep(config.leave_seconds)
        process.stopping.set()
        # The library would cancel them, as it does with calls that come too late to be begun: those the edge sends on.
        late = Unavailable("this process stops, and the call took longer than what was left; call again")
        ending = asyncio.get_running_loop().call_later(config.drain_seconds, process.end_calls, late)
        await server.stop(config.drain_seconds + ANSWER_SECONDS)
        ending.cancel()
        if process.leaving.is_set() and wired.handed_over:
            with suppress(TimeoutError):
                async with asyncio.timeout(config.drain_seconds):
                    await wired.handed_over()


def _whole(process: Process) -> CollectorRegistry:
    whole = CollectorRegistry()
    for part in (process.registry, process.calls):
        whole.register(part)
    return whole


def _leaves(group: BaseExceptionGroup[BinnacleError]) -> list[BinnacleError]:
    found: list[BinnacleError] = []
    for error in group.exceptions:
        found.extend(_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    return found
