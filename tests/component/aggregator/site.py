"""Two aggregators, as processes, over one store behind a server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc

from services.aggregator.adapters.clickhouse.engine.engines import Row, ServerEngine
from services.aggregator.adapters.clickhouse.engine.statements import Statement
from tests.component.collector.collectors import Collector, collector
from tests.support.clickhouse import ClickHouseServer
from tests.support.service_process import service_process
from tests.support.suite import free_port


class Site:
    """Two aggregators and two collectors, each of which prefers another aggregator."""

    def __init__(self, folder: Path, server: ClickHouseServer) -> None:
        self._folder = folder
        self._server = server
        self._ports = (free_port(), free_port())
        self._store: ServerEngine | None = None

    @asynccontextmanager
    async def aggregator(self, place: int) -> AsyncIterator[asyncio.subprocess.Process]:
        settings = {
            "LISTEN": f"127.0.0.1:{self._ports[place]}",
            "CLICKHOUSE_DSN": self._server.dsn,
            "DATA_DIR": str(self._folder / f"aggregator-{place}"),
            "LOG_LEVEL": "error",
        }
        async with service_process("aggregator", settings) as process:
            yield process

    @asynccontextmanager
    async def collector(self, place: int) -> AsyncIterator[Collector]:
        preferred = ",".join(f"127.0.0.1:{port}" for port in (self._ports[place], self._ports[1 - place]))
        async with collector(self._folder / f"collector-{place}", address=f"ipv4:{preferred}") as running:
            yield running

    def channel(self, place: int) -> grpc.aio.Channel:
        """To one of the aggregators."""
        return grpc.aio.insecure_channel(f"127.0.0.1:{self._ports[place]}")

    def rows(self, sql: str) -> list[Row]:
        """What the store answers."""
        if self._store is None:
            self._store = ServerEngine.connect(self._server.dsn)
        return self._store.query(Statement(sql))
