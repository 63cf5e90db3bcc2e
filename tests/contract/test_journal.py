"""What every journal promises, asked of each one; and what only one on disk can promise."""

import asyncio
import contextlib
import os
import resource
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from services.collector.adapters.lmdb_journal import LmdbJournal
from services.collector.adapters.memory_journal import MemoryJournal
from services.collector.ports import Journal, NewSeries, Segment
from services.core.errors import Conflict, Overloaded, Unavailable
from tests.support.waiting import eventually

MIB = 1024 * 1024
LIMIT = 16 * MIB
EVERYTHING = (1_000_000, 1_000 * MIB)


@contextlib.asynccontextmanager
async def on_disk(folder: Path, limit: int = LIMIT) -> AsyncIterator[LmdbJournal]:
    with contextlib.closing(LmdbJournal(folder, limit)) as journal:
        yield journal


@contextlib.asynccontextmanager
async def in_memory() -> AsyncIterator[MemoryJournal]:
    yield MemoryJournal(LIMIT)


@pytest.fixture(params=["memory", "lmdb"])
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Journal]:
    async with in_memory() if request.param == "memory" else on_disk(tmp_path) as opened:
        yield opened


async def held(journal: Journal) -> list[bytes]:
    return list(await journal.read(journal.first_offset, *EVERYTHING))


async def trimmed(journal: Journal, to: int) -> None:
    journal.trim(to)

    async def done() -> bool:
        return journal.first_offset >= to

    await eventually(done, f"everything below {to} is gone")


async def test_records_get_consecutive_offsets_from_zero(journal: Journal) -> None:
    offsets = await asyncio.gather(*(journal.append(b"%d" % number) for number in range(50)))
    assert offsets == list(range(50))
    assert (journal.first_offset, journal.next_offset) == (0, 50)
    assert await held(journal) == [b"%d" % number for number in range(50)]


async def test_a_reading_is_limited_but_never_empty(journal: Journal) -> None:
    for record in (b"x" * 10, b"y" * 10, b"z" * 10):
        await journal.append(record)
    assert await journal.read(0, 10, 1) == [b"x" * 10]
    assert await journal.read(1, 10, 20) == [b"y" * 10, b"z" * 10]
    assert await journal.read(0, 2, 1000) == [b"x" * 10, b"y" * 10]
    assert await journal.read(3, 10, 1000) == []


async def test_trimming_forgets_records_and_segments_but_not_places(journal: Journal) -> None:
    for number in range(4):
        await journal.append(b"%d" % number)
    await journal.seal(Segment(0, 2))
    await journal.seal(Segment(2, 3))
    await trimmed(journal, 2)
    assert await held(journal) == [b"2", b"3"]
    assert list(await journal.segments()) == [Segment(2, 3)]
    await trimmed(journal, 4)
    assert (journal.first_offset, journal.next_offset) == (4, 4)
    assert list(await journal.segments()) == []
    assert await journal.append(b"4") == 4


async def test_trimming_never_goes_back_nor_beyond_the_end(journal: Journal) -> None:
    await journal.append(b"0")
    await trimmed(journal, 1)
    journal.trim(0)
    journal.trim(99)
    assert await journal.append(b"1") == 1
    assert await held(journal) == [b"1"]


async def test_a_new_identity_starts_at_zero_with_the_oldest_record(journal: Journal) -> None:
    before = journal.journal_id
    for number in range(5):
        await journal.append(b"%d" % number)
    await journal.seal(Segment(2, 4))
    await trimmed(journal, 2)
    await journal.rotate()
    assert journal.journal_id != before
    assert (journal.first_offset, journal.next_offset) == (0, 3)
    assert await held(journal) == [b"2", b"3", b"4"]
    assert list(await journal.segments()) == [Segment(0, 2)]
    assert await journal.append(b"5") == 3


async def test_series_are_kept_with_the_record_that_names_them(journal: Journal) -> None:
    await journal.append(b"", NewSeries("acme", (1, 2**64 - 1)))
    await journal.append(b"", NewSeries("other", (7,)))
    known = {identity: entry.tenant for entry in await journal.series() for identity in entry.ids}
    assert known == {1: "acme", 2**64 - 1: "acme", 7: "other"}


async def test_a_full_journal_refuses_until_it_is_trimmed(journal: Journal) -> None:
    async def fill() -> None:
        for _number in range(LIMIT // MIB + 1):
            await journal.append(b"x" * MIB)

    with pytest.raises(Overloaded) as refused:
        await fill()
    taken = journal.next_offset
    assert 10 <= taken <= 16
    assert refused.value.retry_after > 0
    await trimmed(journal, taken)
    assert await journal.append(b"x" * MIB) == taken


async def test_listeners_hear_of_new_records(journal: Journal) -> None:
    heard = asyncio.Event()
    journal.on_change(heard.set)
    await journal.append(b"x")
    assert heard.is_set()


async def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    async with on_disk(tmp_path) as journal:
        identity = journal.journal_id
        for number in range(5):
            await journal.append(b"%d" % number, NewSeries("acme", (number,)))
        await journal.seal(Segment(0, 3))
        await trimmed(journal, 1)
    async with on_disk(tmp_path) as journal:
        assert journal.journal_id == identity
        assert await held(journal) == [b"1", b"2", b"3", b"4"]
        assert list(await journal.segments()) == [Segment(0, 3)]
        assert sorted(number for entry in await journal.series() for number in entry.ids) == [0, 1, 2, 3, 4]
        await trimmed(journal, 5)
    async with on_disk(tmp_path) as journal:
        assert (journal.first_offset, journal.next_offset) == (5, 5)


async def test_records_behind_the_newest_are_read_from_disk(tmp_path: Path) -> None:
    async with on_disk(tmp_path, 64 * MIB) as journal:
        for number in range(40):
            await journal.append(bytes([number]) * MIB)
        read = await journal.read(3, 2, 4 * MIB)
    assert [record[:1] for record in read] == [b"\x03", b"\x04"]


async def test_a_second_process_is_told_that_the_journal_is_in_use(tmp_path: Path) -> None:
    async with on_disk(tmp_path):
        with pytest.raises(Conflict, match="in use by another process"):
            LmdbJournal(tmp_path, LIMIT)
    async with on_disk(tmp_path) as journal:
        await journal.append(b"again")


async def test_a_closed_journal_says_so(tmp_path: Path) -> None:
    async with on_disk(tmp_path) as journal:
        pass
    with pytest.raises(Unavailable):
        journal.append(b"late")


async def test_a_full_disk_refuses_and_corrupts_nothing(tmp_path: Path) -> None:
    async with on_disk(tmp_path, 64 * MIB) as journal:
        for _number in range(3):
            await journal.append(b"before" * 1000)
        with limited_files(2 * MIB), pytest.raises((Overloaded, Unavailable)):
            await journal.append(b"x" * 4 * MIB)
        journal.check()
        assert await journal.append(b"after") == 3
    async with on_disk(tmp_path, 64 * MIB) as journal:
        assert await held(journal) == [b"before" * 1000] * 3 + [b"after"]


@contextlib.contextmanager
def limited_files(size: int) -> Iterator[None]:
    """No file may grow beyond a size: as a full disk, but for this process alone."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


WRITER = textwrap.dedent(
    """
    import asyncio, pathlib, sys
    from services.collector.adapters.lmdb_journal import LmdbJournal

    async def write(journal, lane):
        for number in range(1_000_000):
            offset = await journal.append(b"%d.%d" % (lane, number))
            print(offset, lane, number, flush=True)

    async def main():
        journal = LmdbJournal(pathlib.Path(sys.argv[1]), 64 * 1024 * 1024)
        await asyncio.gather(*(write(journal, lane) for lane in range(8)))

    asyncio.run(main())
    """
)


@pytest.mark.processes
async def test_a_killed_process_loses_nothing_it_acknowledged(tmp_path: Path, scale: float) -> None:
    for turn in range(max(int(20 * scale), 2)):
        folder = tmp_path / str(turn)
        acknowledged = _killed_after(folder, 100 + 37 * turn)
        async with on_disk(folder, 64 * MIB) as journal:
            records = await held(journal)
        assert {offset: records[offset] for offset in acknowledged} == acknowledged


def _killed_after(folder: Path, count: int) -> dict[int, bytes]:
    """What a writer acknowledged before it was killed: offset to record."""
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    command = [sys.executable, "-c", WRITER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _number in range(count)]
        writer.kill()
        lines += writer.stdout.readlines()
    whole = [line.split() for line in lines if line.endswith("\n")]
    return {int(offset): f"{lane}.{number}".encode() for offset, lane, number in whole}
