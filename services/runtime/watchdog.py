"""A dead man's switch: pings outward while a process is well, so that somebody outside hears when it is not.

Whoever is pinged, of the kind of healthchecks.io, raises the alarm when pings stay away: it works where the process,
its machine or its network is gone.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn
from urllib.parse import quote

import aiohttp

from services.core.clock import Clock
from services.core.errors import BinnacleError
from services.runtime.logs import Log

PLACE = "{process}"
PING_SECONDS = 10.0


class Watchdog:
    """Pings the address of one process, or of one thing that it sees to."""

    def __init__(self, url: str, name: str, seconds: float, clock: Clock, log: Log) -> None:
        self._url = url.replace(PLACE, quote(name, safe=""))
        self._name = name
        self._seconds = seconds
        self._clock = clock
        self._log = log
        self._heard = True

    async def run(self, well: Callable[[], Awaitable[None]]) -> NoReturn:
        """Ping for ever, but not while `well` raises what a check of readiness does."""
        timeout = aiohttp.ClientTimeout(total=PING_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as session:
            while True:
                if await self._is_well(well):
                    await self._ping(session)
                await self._clock.sleep(self._seconds)

    async def _is_well(self, well: Callable[[], Awaitable[None]]) -> bool:
        try:
            async with asyncio.timeout(PING_SECONDS):
                await well()
        except (BinnacleError, TimeoutError):
            return False
        return True

    async def _ping(self, session: aiohttp.ClientSession) -> None:
        """Say it; what comes of that is said in the log once each time it changes. The address is a secret."""
        try:
            async with session.get(self._url) as answer:
                answer.raise_for_status()
        except aiohttp.ClientResponseError as fault:
            self._say(f"answered {fault.status}")
        except (aiohttp.ClientError, OSError, ValueError) as fault:
            self._say(type(fault).__name__)
        else:
            self._say("")

    def _say(self, reason: str) -> None:
        heard = not reason
        if heard is not self._heard:
            told = self._log.info if heard else self._log.warning
            told("watchdog is heard again" if heard else "watchdog is not heard", of=self._name, reason=reason)
        self._heard = heard
