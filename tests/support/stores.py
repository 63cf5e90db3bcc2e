"""Stores to test against."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from services.aggregator.adapters.clickhouse.engines import ChdbEngine, Engine, ServerEngine
from services.aggregator.adapters.clickhouse.store import ClickHouseStore
from services.aggregator.adapters.memory_store import MemoryStore
from services.aggregator.ports.store import Store
from services.core.clock import SystemClock
from services.runtime import logs

LOG = logs.configure("test", "error", "console")


def chdb_store(path: Path) -> ClickHouseStore:
    """A store in this process; one path at a time."""
    return ClickHouseStore(lambda: ChdbEngine(path), SystemClock(), LOG)


def client_engine(path: Path) -> Engine:
    """The engine for servers, its client speaking to ClickHouse in this process: no server is at hand in tests."""
    from clickhouse_connect import get_client

    first = get_client(interface="chdb", path=str(path))
    first.command("CREATE DATABASE IF NOT EXISTS binnacle ENGINE = Atomic")
    first.close()
    return ServerEngine(get_client(interface="chdb", path=str(path), database="binnacle"))


def client_store(path: Path) -> ClickHouseStore:
    """A store through clickhouse-connect."""
    return ClickHouseStore(lambda: client_engine(path), SystemClock(), LOG)


def memory_store(_path: Path) -> MemoryStore:
    """A store that forgets."""
    return MemoryStore()


MAKERS: dict[str, Callable[[Path], Store]] = {
    "memory": memory_store,
    "chdb": chdb_store,
    "client": client_store,
}


@asynccontextmanager
async def opened(store: Store) -> AsyncIterator[Store]:
    """An open store, closed at the end of the block."""
    await store.open()
    try:
        yield store
    finally:
        await store.close()
