"""Commits one segment to a store and is killed at a chosen insert.

`python -m … <path> <inserts before the kill> [named]`
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from services.aggregator.adapters.clickhouse.engine.engines import ChdbEngine
from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.core.clock import SystemClock
from services.runtime import logs
from tests.component.aggregator.everything import claims, everything, named_everything


class KilledEngine(ChdbEngine):
    """An engine whose process is killed after a number of inserts."""

    def __init__(self, path: Path, inserts: int) -> None:
        super().__init__(path)
        self._left = inserts

    def insert(self, table: str, columns: str, body: bytes, token: str) -> None:
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1
        super().insert(table, columns, body, token)


async def write(path: Path, inserts: int, *, named: bool) -> None:
    log = logs.configure("test", "error", "console")
    store = ClickHouseStore(lambda: KilledEngine(path, inserts), SystemClock(), log)
    await store.open()
    if named:
        await store.claim(claims(), 0)
    await store.commit(named_everything() if named else everything())


if __name__ == "__main__":
    named = "named" in sys.argv[3:]
    asyncio.run(write(Path(sys.argv[1]), int(sys.argv[2]), named=named))
    os.kill(os.getpid(), signal.SIGKILL)
