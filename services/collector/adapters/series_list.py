"""The identities of all series, in one file that the workers of a collector share.

A line for each request that brought new ones: a checksum, the tenant, the identities in hexadecimal. The file only
grows; whatever has no good checksum is passed over, so that a torn or damaged line costs that line alone. Its series
are registered again by their senders, as the answer tells them.
"""

import asyncio
import fcntl
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, unquote
from zlib import crc32

import numpy as np

from services.collector.ports import NewSeries
from services.core.errors import Overloaded

RETRY_SECONDS = 2.0
END = b"\n"
_SUM_DIGITS = 8


class SeriesListFile:
    """The file at `path`, made when it is missing; several processes may have it open. `damaged` counts bad lines."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._thread = ThreadPoolExecutor(1, "series list")
        self._read_to = 0
        self.damaged = 0
        _sync_folder(path.parent)

    def close(self) -> None:
        """Finish what is being written."""
        self._thread.shutdown(wait=True)
        os.close(self._file)

    def news(self) -> Sequence[NewSeries]:
        """What this process or another has added since the last call; the first time, all there is."""
        size = os.fstat(self._file).st_size
        if size <= self._read_to:
            return ()
        text = os.pread(self._file, size - self._read_to, self._read_to)
        whole = text[: text.rfind(END) + 1]
        self._read_to += len(whole)
        return list(self._entries(whole))

    async def add(self, series: NewSeries) -> None:
        """Add series; they are on disk, and known to every worker that asks, when this returns. Raises Overloaded."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._append, _line(series))
        except OSError as error:
            text = f"the list of series cannot be written: {error.strerror}"
            raise Overloaded(text, RETRY_SECONDS) from error

    def _append(self, line: bytes) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            # Whoever wrote before may have been killed, or met a full disk, within its line.
            size = os.fstat(self._file).st_size
            torn = size and os.pread(self._file, 1, size - 1) != END
            text = END + line if torn else line
            if os.write(self._file, text) < len(text):
                raise OSError(0, "it was written in part")
            os.fdatasync(self._file)
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _entries(self, text: bytes) -> Iterator[NewSeries]:
        for line in text.split(END):
            entry = _entry(line) if line else None
            if entry is not None:
                yield entry
            elif line:
                self.damaged += 1


def _line(series: NewSeries) -> bytes:
    ids = np.array(series.ids, dtype=">u8").tobytes().hex()
    body = f"{quote(series.tenant, safe='')} {ids}".encode()
    return b"%08x %s\n" % (crc32(body), body)


def _entry(line: bytes) -> NewSeries | None:
    given, _space, body = line.partition(b" ")
    if len(given) != _SUM_DIGITS or given != b"%08x" % crc32(body):
        return None
    tenant, _, ids = body.decode().partition(" ")
    return NewSeries(unquote(tenant), tuple(np.frombuffer(bytes.fromhex(ids), dtype=">u8").tolist()))


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
