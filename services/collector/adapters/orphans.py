"""Journals of workers that are no more: what they hold is forwarded, then they are removed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from services.collector.adapters.forwarder import Forwarder
from services.collector.adapters.lmdb_journal import LmdbJournal
from services.core.clock import Clock
from services.runtime.workers import worker_name

FOLDER = "collector"
LOOK_SECONDS = 0.25
FILES = ("data.mdb", "lock.mdb", "owner.lock")

MakeForwarder = Callable[[LmdbJournal, asyncio.Event], Forwarder]


def journal_folder(data_dir: Path, worker: int) -> Path:
    """Where a worker keeps its journal."""
    return data_dir / worker_name(FOLDER, worker)


def orphans(data_dir: Path, workers: int) -> Iterator[Path]:
    """Folders of journals whose worker is none of the first `workers`."""
    for folder in sorted(data_dir.glob(f"{FOLDER}-*")):
        number = folder.name.removeprefix(f"{FOLDER}-")
        if number.isdecimal() and int(number) >= workers and (folder / FILES[0]).exists():
            yield folder


async def carry_home(folder: Path, journal: LmdbJournal, make: MakeForwarder, clock: Clock) -> None:
    """Forward all that an orphaned journal holds, then remove it. The journal is closed in any case."""
    try:
        async with _forwarding(journal, make) as forwarding:
            while journal.first_offset < journal.next_offset:
                journal.check()
                if forwarding.done():
                    forwarding.result()
                await clock.sleep(LOOK_SECONDS)
    finally:
        journal.close()
    _remove(folder)


@asynccontextmanager
async def _forwarding(journal: LmdbJournal, make: MakeForwarder) -> AsyncIterator[asyncio.Task[None]]:
    stopping = asyncio.Event()
    forwarding = asyncio.create_task(make(journal, stopping).run())
    try:
        yield forwarding
    finally:
        stopping.set()
        forwarding.cancel()
        await asyncio.wait([forwarding])


def _remove(folder: Path) -> None:
    # What a rescue set aside stays for whoever wants to look.
    for name in FILES:
        (folder / name).unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()
