"""Clients that call a suite without a pause worth the name, and try again in the documented way."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus

import aiohttp
import grpc

from binnacle.alerting.v1 import alert_service_pb2, alert_service_pb2_grpc
from binnacle.streamer.v1 import dashboard_service_pb2 as dashboard, dashboard_service_pb2_grpc
from tests.support.outages import patience

PAUSE = 0.02
# The documented way to try again: these answers, and connections that broke; a pause that doubles, for so long at most.
AGAIN = frozenset({429, 502, 503, 504})
AGAIN_BY_GRPC = frozenset(
    {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DEADLINE_EXCEEDED}
)
# What gRPC's client says of a stream that it was told to leave while it wrote; no server says so.
OF_THE_CLIENT = "Internal error from Core"
FIRST_PAUSE, LONGEST_PAUSE, GIVEN_UP = 0.1, 2.0, 30.0


class NotYet(Exception):
    """An answer after which one tries again."""


@dataclass
class Tally:
    """What became of the calls; of those that were repeated, and of those that failed, why."""

    answered: int = 0
    slowest: float = 0.0
    repeated: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


@dataclass
class Load:
    """Clients that call without a pause worth the name until they are told to stop."""

    port: int
    kind: str
    tally: Tally = field(default_factory=Tally)
    written: int = 0
    stopping: bool = False

    async def write(self) -> None:
        """Named events, numbered without a gap."""
        async with self._http() as http:
            while not self.stopping:
                name, event = (
                    uuid.uuid4().hex,
                    {"type": self.kind, "service": "shop", "data": {"number": self.written + 1}},
                )
                await self._call(partial(self._post, http, event, name))
                self.written += 1
                await asyncio.sleep(PAUSE)

    async def read(self, path: str) -> None:
        async with self._http() as http:
            while not self.stopping:
                await self._call(partial(self._get, http, path))
                await asyncio.sleep(PAUSE)

    async def ask(self) -> None:
        """The same by gRPC."""
        async with grpc.aio.insecure_channel(f"127.0.0.1:{self.port}") as channel:
            pictures = dashboard_service_pb2_grpc.DashboardServiceStub(channel)
            alerts = alert_service_pb2_grpc.AlertServiceStub(channel)

            async def get() -> None:
                try:
                    await pictures.GetDashboard(dashboard.GetDashboardRequest(), timeout=15)
                    await alerts.ListAlerts(alert_service_pb2.ListAlertsRequest(), timeout=15)
                except grpc.aio.AioRpcError as error:
                    if error.code() in AGAIN_BY_GRPC:
                        raise NotYet(error.details()) from error
                    raise

            while not self.stopping:
                await self._call(get)
                await asyncio.sleep(PAUSE)

    def _http(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(f"http://127.0.0.1:{self.port}", timeout=aiohttp.ClientTimeout(total=20))

    async def _post(self, http: aiohttp.ClientSession, event: object, name: str) -> None:
        async with http.post("/events", json=event, headers={"idempotency-key": name}) as answer:
            await _judge(answer)

    async def _get(self, http: aiohttp.ClientSession, path: str) -> None:
        async with http.get(path) as answer:
            await _judge(answer)

    async def _call(self, call: Callable[[], Awaitable[None]]) -> None:
        began, pause = time.monotonic(), FIRST_PAUSE
        while True:
            try:
                await call()
                self.tally.answered += 1
                break
            except (NotYet, aiohttp.ClientError, TimeoutError) as error:
                self.tally.repeated.append(repr(error))
                if time.monotonic() - began > patience(GIVEN_UP):
                    self.tally.failed.append(repr(error))
                    break
            except (AssertionError, grpc.aio.AioRpcError) as error:
                self.tally.failed.append(repr(error))
                break
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        self.tally.slowest = max(self.tally.slowest, time.monotonic() - began)


async def _judge(answer: aiohttp.ClientResponse) -> None:
    text = await answer.text()
    if answer.status in AGAIN:
        raise NotYet(text)
    assert answer.status == HTTPStatus.OK, f"{answer.status} {text}"
