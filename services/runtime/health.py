"""Health as orchestrators ask for it: `live` is the process, the empty name is readiness to serve."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from grpc_health.v1 import health_pb2
from grpc_health.v1._async import HealthServicer

from services.core.clock import Clock
from services.core.errors import BinnacleError
from services.runtime.logs import Log

LIVE = "live"
READY = ""
# How soon it is asked again while it is not ready, and while it is.
POLL_SECONDS = 0.25
READY_POLL_SECONDS = 1.0
CHECK_SECONDS = 5.0
# Parts that start together wait for each other; who waits for longer says what for.
START_SECONDS = 10.0

Ready = Callable[[], Awaitable[None]]


class Readiness:
    """Keeps the health service in step with what `ready` says."""

    def __init__(self, servicer: HealthServicer, services: Sequence[str], ready: Ready, clock: Clock, log: Log) -> None:
        self._servicer = servicer
        self._services = (READY, *services)
        self._ready = ready
        self._clock = clock
        self._log = log
        self._reason: str | None = "starting"
        self._said: set[str] = set()
        self._was_ready = False
        self._began = clock.monotonic()

    async def begin(self) -> None:
        """Alive and not ready yet; to be called before the server listens, since the library begins with SERVING."""
        await self._servicer.set(LIVE, health_pb2.HealthCheckResponse.SERVING)
        for service in self._services:
            await self._servicer.set(service, health_pb2.HealthCheckResponse.NOT_SERVING)

    async def follow(self) -> None:
        """Check for ever; say each change once."""
        while True:
            await self._check()
            await self._clock.sleep(POLL_SECONDS if self._reason else READY_POLL_SECONDS)

    async def withdraw(self) -> None:
        """Tell every asker that this process is about to stop."""
        await self._servicer.enter_graceful_shutdown()

    async def _check(self) -> None:
        reason = await self._reason_not_ready()
        if reason and not self._was_ready:
            self._say_what_is_awaited(reason)
        if reason == self._reason:
            return
        state = health_pb2.HealthCheckResponse.NOT_SERVING if reason else health_pb2.HealthCheckResponse.SERVING
        for service in self._services:
            await self._servicer.set(service, state)
        self._say(reason)
        self._reason = reason

    def _say(self, reason: str | None) -> None:
        if reason is None:
            self._was_ready = True
            self._log.info("ready")
        elif self._was_ready:
            self._log.warning("not ready", reason=reason)

    def _say_what_is_awaited(self, reason: str) -> None:
        if reason not in self._said and self._clock.monotonic() - self._began > START_SECONDS:
            self._said.add(reason)
            self._log.warning("not ready yet", reason=reason)

    async def _reason_not_ready(self) -> str | None:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await self._ready()
        except BinnacleError as error:
            return str(error)
        except TimeoutError:
            return f"the check of readiness took over {CHECK_SECONDS:.0f} s"
        return None
