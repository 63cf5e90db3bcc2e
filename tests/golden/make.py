"""Makes a journal and a store as this version writes them, for later versions to open: `python -m tests.golden.make`.

Run it once for each new format, and commit what it made beside the older ones.
"""

import asyncio
import contextlib
import tarfile
import tempfile
from pathlib import Path

import numpy as np

from services.aggregator.adapters.clickhouse.migrations import known_migrations
from services.collector.adapters.journal_file import FORMAT
from services.collector.adapters.lmdb_journal import LmdbJournal
from services.collector.ports import NewSeries, Segment
from tests.component.aggregator.everything import everything, records
from tests.support.stores import chdb_store, opened

FOLDER = Path(__file__).parent
LIMIT = 16 * 1024 * 1024
SERIES = (1, 2**64 - 1)


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
        await store.commit(everything())


def main() -> None:
    """Write both archives."""
    version = known_migrations()[-1].version
    for name, write in ((f"journal-{FORMAT.decode()}", write_journal), (f"store-{version}", write_store)):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch, "made")
            asyncio.run(write(folder))
            with tarfile.open(FOLDER / f"{name}.tar.xz", "w:xz") as archive:
                for path in sorted(folder.iterdir()):
                    archive.add(path, path.name)


if __name__ == "__main__":
    main()
