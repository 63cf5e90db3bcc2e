"""Stores to test against."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from services.aggregator.adapters.clickhouse.engine.engines import ChdbEngine, ServerEngine
from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.adapters.memory_store import MemoryStore
from services.aggregator.ports.rollups import DAY
from services.aggregator.ports.store import Store
from services.core.clock import SystemClock
from services.runtime import logs
from tests.support.clickhouse import shared_server
from tests.support.empty_store import lay_empty_store
from tests.support.journals import NOW

LOG = logs.configure("test", "error", "console")


def chdb_store(path: Path) -> ClickHouseStore:
    """A store in this process; one path at a time."""
    lay_empty_store(path)
    store = ClickHouseStore(lambda: ChdbEngine(path), SystemClock(), LOG)
    # What tests write has happened: answers are put together of what is kept.
    store.reader.slices.now = lambda: NOW + DAY
    return store


def server_store(dsn: str) -> ClickHouseStore:
    """A store on a server."""
    return ClickHouseStore(lambda: ServerEngine.connect(dsn), SystemClock(), LOG)


def memory_store(_path: Path) -> MemoryStore:
    """A store that forgets."""
    return MemoryStore()


MAKERS: dict[str, Callable[[Path], Store]] = {
    "memory": memory_store,
    "chdb": chdb_store,
    "server": lambda _path: server_store(shared_server().fresh_dsn()),
}


@asynccontextmanager
async def opened(store: Store) -> AsyncIterator[Store]:
    """An open store, closed at the end of the block."""
    await store.open()
    try:
        yield store
    finally:
        await store.close()
