"""Finds damage in a journal's file before LMDB steps on it, and saves all that can be read into a new file.

A damaged record keeps its place, as an empty one: a place that was acknowledged is never given to another record.
The damaged file is set aside for whoever wants to look.
"""

import mmap
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import lmdb

from services.collector.adapters.lmdb_pages import NO_PAGE, DamagedFile, Entry, Pages, Tree
from services.collector.adapters.record_checks import PLACE, guarded, unguarded

FILE = "data.mdb"
# Stands beside the file while a reader has doubts: then all of it is looked at, not only its end.
SUSPECT = "suspect"
CHECKED_BYTES = 256 * 1024 * 1024
CHECKED_RECORDS = 100_000
SET_ASIDE = 3
BATCH_BYTES = 16 * 1024 * 1024
# More records than that on pages that cannot be read are not believed.
UNREADABLE = 1_000_000
TABLES = {"meta", "records", "segments", "series"}
NOTHING = Tree(0, NO_PAGE)


@dataclass(frozen=True, slots=True)
class Rescue:
    """What was found: the fault, how many records could not be read, and where the damaged file is now."""

    fault: str
    lost: int
    aside: Path


def rescued(folder: Path, map_size: int) -> Rescue | None:
    """Look at the journal in `folder`, and make it anew when it is damaged. None when all is well."""
    path = folder / FILE
    if not path.exists() or not path.stat().st_size:
        return None
    fault = _fault(path, everything=(folder / SUSPECT).exists())
    rescue = _renewed(folder, map_size, fault) if fault else None
    (folder / SUSPECT).unlink(missing_ok=True)
    return rescue


def suspect(folder: Path) -> None:
    """Have the whole file looked at when it is opened next."""
    with (folder / SUSPECT).open("wb") as mark:
        os.fsync(mark.fileno())


@contextmanager
def _pages(path: Path) -> Iterator[Pages]:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as whole:
        yield Pages(whole)


def _fault(path: Path, *, everything: bool) -> str:
    """What is wrong with a file, in words; empty when nothing was found."""
    try:
        with _pages(path) as pages:
            if pages.doubtful or (pages.tables and TABLES - set(pages.tables)):
                return "its newest state cannot be read"
            for name in ("meta", "segments"):
                if any(entry.key is None for entry in pages.entries(pages.tables.get(name, NOTHING))):
                    return f"its table of {name} cannot be read"
            fault = _fault_of_records(pages, everything=everything)
            pages.check_space()
            return fault
    except DamagedFile as damage:
        return str(damage)


def _fault_of_records(pages: Pages, *, everything: bool) -> str:
    """The same for the records: all of them, or as many of the newest as are soon read."""
    unchecked = _unchecked_below(pages)
    following: int | None = None
    size = 0
    for count, entry in enumerate(pages.entries(pages.tables.get("records", NOTHING), newest_first=True), 1):
        place = _place(entry, unchecked)
        if place is None or (following is not None and place != following - 1):
            return "a record cannot be read"
        following = place
        size += len(entry.value)
        if not everything and (size > CHECKED_BYTES or count > CHECKED_RECORDS):
            break
    return ""


def _unchecked_below(pages: Pages) -> int:
    """The place below which records have no checksum: those of format 1."""
    meta = {entry.key: entry.value for entry in pages.readable(pages.tables.get("meta", NOTHING))}
    told = meta.get(b"checked_from", b"")
    if len(told) == PLACE.size:
        return int(PLACE.unpack(told)[0])
    return 2**64 if meta.get(b"format") == b"1" else 0


def _place(entry: Entry, unchecked: int) -> int | None:
    """Where a record stands; None when it is damaged."""
    if entry.key is None or len(entry.key) != PLACE.size or entry.flags & ~1:
        return None
    place = int(PLACE.unpack(entry.key)[0])
    return place if place < unchecked or unguarded(place, entry.value) is not None else None


def _renewed(folder: Path, map_size: int, fault: str) -> Rescue:
    """Write what can be read into a new file and put it in the place of the damaged one."""
    scratch = folder / "rescue"
    shutil.rmtree(scratch, ignore_errors=True)
    lost = 0
    with lmdb.open(str(scratch), map_size=map_size, max_dbs=4, meminit=False) as fresh:
        try:
            with _pages(folder / FILE) as pages:
                for name in ("meta", "segments", "series"):
                    _copy(pages, fresh, name)
                lost = _copy_records(pages, fresh)
        except DamagedFile as hopeless:
            fault = str(hopeless)
    aside = _set_aside(folder)
    os.replace(scratch / FILE, folder / FILE)
    shutil.rmtree(scratch)
    return Rescue(fault, lost, aside)


def _set_aside(folder: Path) -> Path:
    """Keep the damaged file under another name, beside at most a few earlier ones."""
    earlier = sorted(folder.glob("damaged-*.mdb"))
    number = int(earlier[-1].stem.partition("-")[2]) + 1 if earlier else 1
    for path in earlier[: max(len(earlier) - SET_ASIDE + 1, 0)]:
        path.unlink()
    aside = folder / f"damaged-{number:06}.mdb"
    os.link(folder / FILE, aside)
    return aside


def _copy(pages: Pages, fresh: lmdb.Environment, name: str) -> None:
    table = fresh.open_db(name.encode())
    with fresh.begin(write=True) as txn:
        for entry in pages.readable(pages.tables.get(name, NOTHING)):
            if entry.key:
                txn.put(entry.key, entry.value, db=table)


def _copy_records(pages: Pages, fresh: lmdb.Environment) -> int:
    """Copy records, an empty one for each that is damaged; how many are."""
    unchecked = _unchecked_below(pages)
    tree = pages.tables.get("records", NOTHING)
    held = _extent([_place(entry, unchecked) for entry in pages.readable(tree)], tree.entries)
    if not held:
        _skip_places(fresh, tree.entries)
        return tree.entries
    table = fresh.open_db(b"records")
    lost = set(held)
    for batch in _batches(pages.readable(tree), unchecked):
        with fresh.begin(write=True) as txn:
            for place, value in batch:
                if place in held:
                    txn.put(PLACE.pack(place), value, db=table)
                    lost.discard(place)
    with fresh.begin(write=True) as txn:
        for place in lost:
            txn.put(PLACE.pack(place), b"" if place < unchecked else guarded(place, b""), db=table)
    return len(lost)


def _extent(slots: Sequence[int | None], entries: int) -> range:
    """The places that a table held, told by those of its slots that can be read; empty when none can."""
    sound = [(number, place) for number, place in enumerate(slots) if place is not None]
    if not sound:
        return range(0)
    # Without a checksum a key can be anything: what lies far from the others is none.
    middle = sorted(place for _number, place in sound)[len(sound) // 2]
    sound = [(number, place) for number, place in sound if abs(place - middle) <= len(slots) + UNREADABLE]
    (before, lowest), (last, highest) = sound[0], sound[-1]
    unread = entries - len(slots)
    after = len(slots) - last + (unread if 0 < unread <= UNREADABLE else 0)
    return range(max(lowest - before, 0), highest + after)


def _skip_places(fresh: lmdb.Environment, entries: int) -> None:
    """Give no place again that a lost record may have had."""
    table = fresh.open_db(b"meta")
    with fresh.begin(write=True) as txn:
        noted = PLACE.unpack(txn.get(b"next", PLACE.pack(0), db=table))[0]
        txn.put(b"next", PLACE.pack(noted + entries), db=table)


def _batches(entries: Iterator[Entry], unchecked: int) -> Iterator[list[tuple[int, bytes]]]:
    """Sound records with their places, about as many at a time as fit one transaction well."""
    batch: list[tuple[int, bytes]] = []
    size = 0
    for entry in entries:
        place = _place(entry, unchecked)
        if place is not None:
            batch.append((place, entry.value))
            size += len(entry.value)
        if size > BATCH_BYTES:
            yield batch
            batch, size = [], 0
    yield batch
