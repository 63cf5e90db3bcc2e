"""A whole streamer on unix sockets, between an aggregator that the test drives and two quiet neighbours."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import grpc
from websockets.asyncio.client import ClientConnection, connect, unix_connect

from binnacle.streamer.v1 import dashboard_service_pb2_grpc, live_service_pb2_grpc, system_service_pb2_grpc
from services.runtime.calls import CALLER_KEY
from services.streamer.config import StreamerConfig
from services.streamer.wiring import wire
from tests.support.overview import DrivenOverview, registration
from tests.support.pictures import state
from tests.support.services import neighbour, running_service, socket_address
from tests.support.tails import DrivenTails, registration as tails_registration
from tests.support.waiting import eventually

# Seconds; generous, because the machine may be busy with other tests.
DEADLINE = 20.0


@dataclass(slots=True)
class House:
    """The streamer's addresses, and the aggregator beside it."""

    overview: DrivenOverview
    tails: DrivenTails
    channel: grpc.aio.Channel
    config: StreamerConfig

    @property
    def dashboard(self) -> "dashboard_service_pb2_grpc.DashboardServiceAsyncStub":
        """The streamer's DashboardService."""
        return dashboard_service_pb2_grpc.DashboardServiceStub(self.channel)

    @property
    def system(self) -> "system_service_pb2_grpc.SystemServiceAsyncStub":
        """The streamer's SystemService."""
        return system_service_pb2_grpc.SystemServiceStub(self.channel)

    @property
    def pages(self) -> str:
        """Path of the HTTP listener's socket."""
        return self.config.pages_listen.removeprefix("unix:")

    @property
    def live(self) -> "live_service_pb2_grpc.LiveServiceAsyncStub":
        """The streamer's LiveService."""
        return live_service_pb2_grpc.LiveServiceStub(self.channel)

    def live_socket(self, form: str = "binnacle.v1.json", **options: Any) -> connect:
        """A live socket."""
        return self._socket("/ws/v1/live", subprotocols=[form], **options)

    def socket(self, **options: Any) -> connect:
        """A dashboard socket."""
        return self._socket("/ws/dashboard", **options)

    def browser(self) -> aiohttp.ClientSession:
        """A client of the HTTP listener."""
        connector = aiohttp.UnixConnector(self.pages)
        return aiohttp.ClientSession("http://streamer", connector=connector, headers=self._as_edge())

    def _socket(self, path: str, additional_headers: Mapping[str, str] | None = None, **options: Any) -> connect:
        headers = {**self._as_edge(), **(additional_headers or {})}
        return unix_connect(self.pages, f"ws://streamer{path}", proxy=None, additional_headers=headers, **options)

    def _as_edge(self) -> dict[str, str]:
        return {CALLER_KEY: self.config.edge_secret.get_secret_value()}

    async def has_watch(self) -> None:
        """Return once the streamer watches the aggregator."""

        async def watched() -> bool:
            return self.overview.watching > 0

        await eventually(watched, "the streamer watches the aggregator", within=DEADLINE)

    async def has_tail(self) -> None:
        """Return once the streamer follows rows of the aggregator."""

        async def followed() -> bool:
            return self.tails.tailing > 0

        await eventually(followed, "the streamer follows rows", within=DEADLINE)


async def message(socket: ClientConnection) -> dict[str, Any]:
    """The next message of a dashboard socket."""
    read: dict[str, Any] = json.loads(await socket.recv())
    return read


@asynccontextmanager
async def streamer(**settings: Any) -> AsyncIterator[House]:
    """A streamer with all its neighbours; settings as in StreamerConfig."""
    overview, tails = DrivenOverview(state()), DrivenTails()
    async with AsyncExitStack() as running:
        neighbours = {
            "aggregator": [registration(overview), tails_registration(tails)],
            "collector": [],
            "alerting": [],
        }
        addresses = {
            name: await running.enter_async_context(neighbour(*served))
            for name, served in neighbours.items()
            if name not in settings
        }
        config = StreamerConfig(
            **{
                "listen": socket_address("streamer"),
                "pages_listen": socket_address("pages"),
                "drain_seconds": 2.0,
                "web_dir": Path("/nonexistent"),
                **addresses,
                **settings,
            }
        )
        channel = await running.enter_async_context(running_service("streamer", config, wire))
        yield House(overview, tails, channel, config)


async def read_on(socket: ClientConnection) -> None:
    """Read whatever still comes. Raises ConnectionClosed at the end."""
    while True:
        await socket.recv()
