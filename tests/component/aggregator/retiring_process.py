"""Fills a store with days of data; as a process, retires it and is killed at a chosen step.

`python -m … <folder> <files and statements before the kill>`
"""

import asyncio
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from services.aggregator.adapters.clickhouse.engine.engines import ChdbEngine
from services.aggregator.adapters.clickhouse.keeping.retention import ClickHouseRetention
from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.adapters.parquet_files import ParquetFiles
from services.aggregator.ports.retention import Policy
from services.aggregator.ports.rollups import HOUR, MINUTE
from services.core.clock import SystemClock
from tests.support.journals import JOURNAL, record, segment
from tests.support.stores import LOG
from tests.support.telemetry import filled, spans

DAY = 86_400
# At noon, so that an hour more or less is the same day.
NOW = 1_800_000_000.0 // DAY * DAY + DAY / 2
AGO = (0, 5, 10, 29, 40)
TENANTS = ("acme", "o/ther's")


def retention(store: ClickHouseStore, archive: Path) -> ClickHouseRetention:
    """Retention over a store."""
    return ClickHouseRetention(
        store.ask, ParquetFiles(archive), SystemClock(), LOG, retired=store.event_counts.forget_all
    )


async def fill(store: ClickHouseStore, first_offset: int = 0) -> None:
    """Two events, a sample and a span of each tenant and each of some days."""
    records = []
    for tenant in TENANTS:
        for ago in AGO:
            at = NOW - ago * DAY
            made = record(
                tenant=tenant,
                events=[{"type": f"{ago}-{n}", "time": at + n, "data": {"n": n}} for n in range(2)],
                series=[(1, "load", {})],
                samples=[(1, at, float(ago))],
            )
            records.append(filled(made, spans(at, 1, 0.5, 0.25, service="cart")))
    whole = segment(*records, first_offset=first_offset)
    await store.commit(replace(whole, journal_id=JOURNAL))


async def roll_up(store: ClickHouseStore) -> None:
    """Make the minutes and hours of it."""
    for tier in (MINUTE, HOUR):
        for bucket in await store.outdated_buckets():
            if bucket.tier == tier:
                await store.roll_up(bucket.tenant, tier, [bucket.start])


class KilledEngine(ChdbEngine):
    """An engine whose process is killed after a number of steps of a round."""

    left: int | None = None

    def step(self) -> None:
        """One step less to live."""
        if self.left is not None:
            if not self.left:
                os.kill(os.getpid(), signal.SIGKILL)
            self.left -= 1

    def execute(self, sql: str) -> None:
        self.step()
        super().execute(sql)

    def insert(self, table: str, columns: str, body: bytes, token: str) -> None:
        self.step()
        super().insert(table, columns, body, token)


class KilledFiles(ParquetFiles):
    """Files whose process is killed before one of them."""

    def __init__(self, folder: Path, engine: KilledEngine) -> None:
        super().__init__(folder)
        self._engine = engine

    def write(self, path: Path, body: bytes) -> None:
        self._engine.step()
        super().write(path, body)


async def run(folder: Path, steps: int) -> None:
    """Retire, and die."""
    engine = KilledEngine(folder / "store")
    store = ClickHouseStore(lambda: engine, SystemClock(), LOG)
    await store.open()
    await fill(store)
    files = KilledFiles(folder / "archive", engine)
    kept = ClickHouseRetention(store.ask, files, SystemClock(), LOG)
    await kept.set_policies(TENANTS[0], {"events": Policy(7, archive=True)})
    engine.left = steps
    await kept.retire(NOW)


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), int(sys.argv[2])))
    os.kill(os.getpid(), signal.SIGKILL)
