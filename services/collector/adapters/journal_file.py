"""The journal's file: one LMDB environment, its tables and its transactions. Belongs to one thread at a time.

Offsets here are places in the file, which only grow; a journal's own offsets start at `base`, so that the journal
can be given a new identity without moving a record.
"""

import fcntl
import os
import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import lmdb

from services.collector.adapters.journal_rescue import Rescue, rescued, suspect
from services.collector.adapters.record_checks import PLACE, guarded, unguarded
from services.collector.ports import NewSeries, Segment
from services.core.errors import Conflict

KEY = PLACE
DATA = "data.mdb"
# 1: records as they are. 2: a checksum in front of each record from `checked_from` on.
FORMAT = b"2"
# Beyond the records: series, segments, and pages that a running transaction frees.
HEADROOM_BYTES = 256 * 1024 * 1024
# The file grows by zeros that are on disk before they are needed. A sync of a page that is new to the file waits for
# the file system's own journal, and with that for what other processes wrote: tens of milliseconds, each time.
PREPARED_BYTES = 4 * 1024 * 1024
CHUNK = bytes(256 * 1024)


@dataclass(slots=True)
class Batch:
    """What one transaction writes, in this order."""

    trim_to: int = 0
    records: list[bytes] = field(default_factory=list)
    series: list[NewSeries] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Extent:
    """What the file holds: offsets [first, next) in `size` bytes, under which identity and base."""

    journal_id: str
    base: int
    first: int
    next: int
    size: int


class DamagedRecord(Exception):
    """A record is not what was written. The next to open the file makes it anew from what can be read."""


class JournalFile:
    """Opens the environment in `folder`, which no other process may have open.

    Raises Conflict if one has, and when the file is of a newer version. `rescue` tells of damage that was found.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._lock = _locked(folder)
        try:
            map_size = max_bytes + max_bytes // 4 + HEADROOM_BYTES
            self.rescue: Rescue | None = rescued(folder, map_size)
            self._env = lmdb.open(str(folder), map_size=map_size, max_dbs=4, meminit=False)
            self._page: int = self._env.stat()["psize"]
            self._records = self._env.open_db(b"records")
            self._segments = self._env.open_db(b"segments")
            self._series = self._env.open_db(b"series")
            self._meta = self._env.open_db(b"meta")
            self._checked_from = self._identify()
            self._held = self._look()
            self._can_prepare = True
            self.prepare()
            _sync_folders(folder)
        except BaseException:
            os.close(self._lock)
            raise

    def close(self) -> None:
        """Close the environment and let the folder go."""
        self._env.close()
        os.close(self._lock)

    def extent(self) -> Extent:
        """What the file holds now."""
        return self._held

    def wants_room(self) -> bool:
        """Whether `prepare` has something to do."""
        return self._can_prepare and self._spare() < PREPARED_BYTES // 2

    def prepare(self) -> None:
        """Let the file grow before it has to; what a full disk does not allow is left out."""
        path = self._folder / DATA
        try:
            with path.open("ab", buffering=0) as file:
                for _chunk in range(max(PREPARED_BYTES - self._spare(), 0) // len(CHUNK)):
                    file.write(CHUNK)
                os.fdatasync(file.fileno())
        except OSError:
            self._can_prepare = False

    def _spare(self) -> int:
        used = (self._env.info()["last_pgno"] + 1) * self._page
        return os.stat(self._folder / DATA).st_size - used

    def _look(self) -> Extent:
        with self._env.begin() as txn:
            return self._extent(txn)

    def write(self, batch: Batch) -> Extent:
        """Write a batch in one transaction; it is on disk when this returns, or not at all when this raises."""
        held = self._held
        with self._env.begin(write=True) as txn:
            if batch.trim_to:
                self._trim(txn, batch.trim_to)
                held = self._extent(txn)
            place = held.next
            for record in batch.records:
                txn.put(KEY.pack(place), guarded(place, record), db=self._records, append=True)
                place += 1
            for entry in batch.series:
                tenant = entry.tenant.encode()
                for identity in entry.ids:
                    txn.put(KEY.pack(identity), tenant, db=self._series)
            for segment in batch.segments:
                txn.put(KEY.pack(segment.from_offset), KEY.pack(segment.to_offset), db=self._segments)
            # Each look into the file waits for the interpreter again; all but its size is known.
            held = replace(held, next=place, size=self._size(txn))
        self._held = held
        return held

    def read(self, place: int, max_records: int, max_bytes: int) -> list[bytes]:
        """Records from a place on: at least one if there is one, then as many as fit both limits.

        Raises DamagedRecord.
        """
        found: list[bytes] = []
        size = 0
        try:
            with self._env.begin() as txn, txn.cursor(self._records) as cursor:
                more = cursor.set_key(KEY.pack(place))
                while more and len(found) < max_records:
                    record = self._sound(place + len(found), cursor.key(), cursor.value())
                    size += len(record)
                    if found and size > max_bytes:
                        break
                    found.append(record)
                    more = cursor.next()
        except (lmdb.Error, DamagedRecord) as error:
            suspect(self._folder)
            raise DamagedRecord(str(error)) from error
        return found

    def _sound(self, place: int, key: bytes, value: bytes) -> bytes:
        record = value if place < self._checked_from else unguarded(place, value)
        if record is None or key != KEY.pack(place):
            raise DamagedRecord(f"record {place} of the journal's file is not what was written")
        return record

    def segments(self) -> Sequence[Segment]:
        """The segments stored, in order."""
        with self._env.begin() as txn, txn.cursor(self._segments) as cursor:
            return [Segment(KEY.unpack(key)[0], KEY.unpack(value)[0]) for key, value in cursor]

    def series(self) -> Iterable[NewSeries]:
        """All series, by tenant."""
        tenants: dict[bytes, list[int]] = defaultdict(list)
        with self._env.begin() as txn, txn.cursor(self._series) as cursor:
            for key, tenant in cursor:
                tenants[tenant].append(KEY.unpack(key)[0])
        return [NewSeries(tenant.decode(), tuple(ids)) for tenant, ids in tenants.items()]

    def rotate(self) -> Extent:
        """A new identity, whose offset 0 is the oldest record held."""
        with self._env.begin(write=True) as txn:
            first = self._extent(txn).first
            txn.put(b"base", KEY.pack(first), db=self._meta)
            txn.put(b"journal_id", secrets.token_hex(8).encode(), db=self._meta)
            held = self._extent(txn)
        self._held = held
        return held

    def _identify(self) -> int:
        """Name a new file and bring an older one up to date; the place from which on records have checksums."""
        with self._env.begin(write=True) as txn:
            found = bytes(txn.get(b"format", FORMAT, db=self._meta))
            if found not in (b"1", FORMAT):
                raise Conflict(
                    f"the journal has format {found.decode(errors='replace')}, this software reads up to "
                    f"{FORMAT.decode()}: start the version that wrote it, or a newer one"
                )
            if found == b"1":
                # Records of then stay as they are; they leave with the next trims.
                txn.put(b"checked_from", KEY.pack(self._extent(txn).next), db=self._meta)
            txn.put(b"format", FORMAT, db=self._meta)
            txn.put(b"journal_id", secrets.token_hex(8).encode(), db=self._meta, overwrite=False)
            return int(KEY.unpack(txn.get(b"checked_from", KEY.pack(0), db=self._meta))[0])

    def _extent(self, txn: lmdb.Transaction) -> Extent:
        with txn.cursor(self._records) as cursor:
            # After everything was trimmed only the note of the next offset is left.
            following = KEY.unpack(txn.get(b"next", KEY.pack(0), db=self._meta))[0]
            if cursor.last():
                following = max(following, KEY.unpack(cursor.key())[0] + 1)
            first = KEY.unpack(cursor.key())[0] if cursor.first() else following
        base = KEY.unpack(txn.get(b"base", KEY.pack(0), db=self._meta))[0]
        identity = bytes(txn.get(b"journal_id", b"", db=self._meta)).decode()
        return Extent(identity, base, first, following, self._size(txn))

    def _size(self, txn: lmdb.Transaction) -> int:
        stat = txn.stat(self._records)
        pages: int = stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]
        return pages * self._page

    def _trim(self, txn: lmdb.Transaction, to: int) -> None:
        following = self._extent(txn).next
        txn.put(b"next", KEY.pack(following), db=self._meta)
        with txn.cursor(self._records) as cursor:
            cursor.first()
            # The key is empty where there is no record.
            while (key := cursor.key()) and KEY.unpack(key)[0] < to:
                cursor.delete()
        with txn.cursor(self._segments) as cursor:
            cursor.first()
            while cursor.key() and KEY.unpack(cursor.value())[0] <= to:
                cursor.delete()


def _locked(folder: Path) -> int:
    lock = os.open(folder / "owner.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise Conflict(f"the journal in {folder} is in use by another process") from error
    return lock


def _sync_folders(folder: Path) -> None:
    # The names of new files must be durable too.
    for path in (folder, folder.parent):
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
