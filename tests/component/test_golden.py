"""What an earlier version left on disk opens with this one, or says what to do."""

import contextlib
import tarfile
from pathlib import Path

import lmdb
import pytest

from services.collector.adapters.lmdb_journal import LmdbJournal
from services.collector.ports import Segment
from services.core.errors import Conflict
from tests.golden.make import FOLDER, LIMIT, SERIES, journalled, stored
from tests.support.journals import JOURNAL
from tests.support.stores import chdb_store, opened

EVERYTHING = (1_000, 2**40)
JOURNALS = sorted(FOLDER.glob("journal-*.tar.xz"))
STORES = sorted(FOLDER.glob("store-*.tar.xz"))


def unpacked(archive: Path, folder: Path) -> Path:
    """A copy of what an archive holds."""
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder


@pytest.mark.parametrize("archive", JOURNALS, ids=lambda path: path.name)
async def test_a_journal_of_every_format_opens_with_all_it_holds(archive: Path, tmp_path: Path) -> None:
    folder = unpacked(archive, tmp_path / "journal")
    identities = set()
    # The first to open it brings it up to date, the next finds it so.
    for turn in range(2):
        with contextlib.closing(LmdbJournal(folder, LIMIT)) as journal:
            assert journal.rescue is None
            added = [b"later"] * turn
            assert list(await journal.read(1, *EVERYTHING)) == journalled()[1:] + added
            assert list(await journal.segments()) == [Segment(1, 4), Segment(4, 5)]
            assert {number for entry in await journal.series() for number in entry.ids} == set(SERIES)
            assert await journal.append(b"later") == len(journalled()) + turn
            identities.add(journal.journal_id)
    assert len(identities) == 1


def test_a_journal_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    with contextlib.closing(LmdbJournal(tmp_path, LIMIT)):
        pass
    with lmdb.open(str(tmp_path), max_dbs=4) as file, file.begin(write=True) as txn:
        txn.put(b"format", b"3", db=file.open_db(b"meta", txn))
    for _again in range(2):
        with pytest.raises(Conflict, match=r"format 3.*start the version that wrote it, or a newer one"):
            LmdbJournal(tmp_path, LIMIT)


@pytest.mark.store
@pytest.mark.parametrize("archive", STORES, ids=lambda path: path.name)
async def test_a_store_of_every_version_opens_with_all_it_holds(archive: Path, tmp_path: Path) -> None:
    folder = unpacked(archive, tmp_path / "store")
    for _turn in range(2):
        async with opened(chdb_store(folder)) as store:
            assert await store.committed() == {JOURNAL: stored().to_offset}
            counts = await store.intake_counts("default")
            assert (counts.events, counts.samples, counts.heartbeats, counts.series) == (22, 3, 1, 2)
            counts = await store.intake_counts("other")
            assert (counts.events, counts.logs) == (1, 1)
            # Repeating what it holds changes nothing, also across versions.
            await store.commit(stored())
            assert (await store.intake_counts("default")).events == 22
