"""Makes a journal and a store as this version writes them, for later versions to open: `python -m tests.golden.make`.

Run it once for each new format, and commit what it made beside the older ones.
"""

import asyncio
import contextlib
import tarfile
import tempfile
from pathlib import Path

import numpy as np

from binnacle.journal.v1 import journal_pb2
from services.aggregator.adapters.clickhouse.engine.migrations import known_migrations
from services.aggregator.ports.store import Segment as StoreSegment
from services.collector.adapters.journal_file import FORMAT
from services.collector.adapters.lmdb_journal import LmdbJournal
from services.collector.ports import NewSeries, Segment
from tests.support.journals import NOW, record, segment
from tests.support.stores import chdb_store, opened

FOLDER = Path(__file__).parent
LIMIT = 16 * 1024 * 1024
SERIES = (1, 2**64 - 1)


def records() -> list[journal_pb2.Record]:
    """What golden files hold; never changed, since the files are not."""
    requests = [
        {
            "type": "request",
            "service": "shop",
            "user": f"u{n}",
            "time": NOW - n,
            "data": {"latency_ms": n, "endpoint": "/a"},
        }
        for n in range(20)
    ]
    return [
        record(events=[*requests, {"type": "purchase", "time": NOW - 86_400}, {"type": "purchase"}]),
        record(tenant="other", events=[{"type": "error", "service": "cart"}], logs=[{"message": "hello"}]),
        record(
            heartbeats=[{"service": "shop", "requests": 7}],
            series=[(1, "requests", {"service": "shop"}), (2, "system_cpu_percent", {"host": "h"})],
            samples=[(1, NOW, 5.0), (1, NOW - 86_400, 3.0), (2, NOW, 12.5)],
        ),
    ]


def stored() -> StoreSegment:
    """The segment that a golden store holds."""
    return segment(*records())


def journalled() -> list[bytes]:
    """The records of a golden journal, by offset: small ones, and one of several pages."""
    small = [each.SerializeToString() for each in records()]
    noise = np.random.default_rng(3).bytes(9_000)
    return [*small, b"large" + noise, *small]


async def write_journal(folder: Path) -> None:
    """A journal of which one record is trimmed and three are sealed."""
    with contextlib.closing(LmdbJournal(folder, LIMIT)) as journal:
        for record in journalled():
            await journal.append(record, NewSeries("acme", SERIES))
        await journal.seal(Segment(0, 1))
        await journal.seal(Segment(1, 4))
        journal.trim(1)
        # A trim is written before whatever comes after it.
        await journal.seal(Segment(4, 5))


async def write_store(folder: Path) -> None:
    """A store with a row in every table."""
    async with opened(chdb_store(folder)) as store:
        await store.commit(stored())


def main() -> None:
    """Write what is not there yet."""
    version = known_migrations()[-1].version
    for name, write in ((f"journal-{FORMAT.decode()}", write_journal), (f"store-{version}", write_store)):
        made = FOLDER / f"{name}.tar.xz"
        # What a version wrote stays as it wrote it.
        if made.exists():
            continue
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch, "made")
            asyncio.run(write(folder))
            with tarfile.open(made, "w:xz") as archive:
                for path in sorted(folder.iterdir()):
                    archive.add(path, path.name)


if __name__ == "__main__":
    main()
