"""A journal torn or flipped anywhere in its last record: it opens, says what was lost, and goes on."""

import asyncio
import contextlib
import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from binnacle.collector.v1 import json_intake_service_pb2 as json_pb
from binnacle.telemetry.v1 import telemetry_service_pb2, telemetry_service_pb2_grpc
from services.collector.adapters.journal_rescue import FILE, Rescue
from services.collector.adapters.lmdb_journal import LmdbJournal
from services.core.errors import Unavailable
from tests.component.collector.aggregators import LedgerPeer
from tests.component.collector.collectors import body, collector

FLIPS = (0x01, 0x80, 0xFF)
LIMIT = 16 * 1024 * 1024
EVERYTHING = (1_000_000, 2**40)
SMALL = [b"record %d " % number + bytes([number]) * 20 for number in range(6)]
# The last of these stands on pages of its own.
LARGE = [*SMALL, random.Random(5).randbytes(9_000)]


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[LmdbJournal]:
    with contextlib.closing(LmdbJournal(folder, LIMIT)) as journal:
        yield journal


async def written(folder: Path, records: list[bytes]) -> bytes:
    """The file of a journal that acknowledged these."""
    with opened(folder) as journal:
        for record in records:
            await journal.append(record)
    return (folder / FILE).read_bytes()


def placed(folder: Path, file: bytes) -> None:
    """A folder that holds nothing but this file."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / FILE).write_bytes(file)


async def reopened(folder: Path, file: bytes) -> tuple[Rescue | None, list[bytes]]:
    """A journal with a file of these bytes: what it says of them, and its records. It takes another one, and trims."""
    placed(folder, file)
    with opened(folder) as journal:
        rescue = journal.rescue
        found = list(await journal.read(journal.first_offset, *EVERYTHING))
        place = await journal.append(b"another")
        assert await journal.read(place, 1, 1) == [b"another"]
        journal.trim(place)
        await journal.append(b"last")
    with opened(folder) as journal:
        assert journal.rescue is None
        assert list(await journal.read(journal.first_offset, *EVERYTHING)) == [b"another", b"last"]
        assert journal.next_offset == place + 2
    return rescue, found


@pytest.mark.parametrize("records", [SMALL, LARGE], ids=["small", "large"])
async def test_every_byte_of_the_last_record_flipped(records: list[bytes], tmp_path: Path, scale: float) -> None:
    whole = await written(tmp_path / "whole", records)
    start = whole.rindex(records[-1][:64])
    key_and_header = 8 + 8 + 8  # key, LMDB's node, checksum; on pages of its own a page's header
    span = range(start - key_and_header, start + len(records[-1]))
    stride = max(1, round(len(span) * 0.002 / scale))
    for number in span[::stride]:
        for flip in FLIPS if scale >= 1 else FLIPS[number % len(FLIPS) :][:1]:
            damaged = bytearray(whole)
            damaged[number] ^= flip
            rescue, found = await reopened(tmp_path / "damaged", bytes(damaged))
            assert rescue is not None, f"byte {number} flipped by {flip:#x} was not seen"
            # Its place stays its own: what was acknowledged there is never taken for another record.
            assert (rescue.lost, found) == (1, [*records[:-1], b""]), f"byte {number} flipped by {flip:#x}"
            assert rescue.aside.read_bytes() == bytes(damaged)


async def test_a_record_whose_transaction_was_torn_is_not_there_and_nothing_else_is_missing(
    tmp_path: Path, scale: float
) -> None:
    before = await written(tmp_path / "journal", SMALL)
    after = await written(tmp_path / "journal", [LARGE[-1]])
    page = 4_096
    metas = range(2 * page)
    changed = [
        number
        for number in range(len(after))
        if number not in metas and (number >= len(before) or before[number] != after[number])
    ]
    torn = bytearray(before.ljust(len(after), b"\0"))
    stride = max(1, round(len(changed) * 0.002 / scale))
    for step, number in enumerate(changed):
        torn[number] = after[number]
        if step % stride == 0:
            assert await reopened(tmp_path / "torn", bytes(torn)) == (None, SMALL)
    # Last comes the page that makes the transaction count.
    torn[: len(metas)] = after[: len(metas)]
    assert await reopened(tmp_path / "torn", bytes(torn)) == (None, [*SMALL, LARGE[-1]])


async def test_a_file_cut_off_within_its_last_record_keeps_the_others(tmp_path: Path, scale: float) -> None:
    whole = await written(tmp_path / "whole", LARGE)
    start = whole.rindex(LARGE[-1][:64])
    for length in range(start - 4_096, start + len(LARGE[-1]), round(97 / scale)):
        rescue, found = await reopened(tmp_path / "cut", whole[:length])
        assert rescue is not None
        # Pages that other tables share with the cut are gone too; the records in front of it are not.
        assert found[: len(SMALL)] == SMALL


@pytest.mark.parametrize("state", [0, 4_096])
@pytest.mark.parametrize("number", [*range(8), *range(16, 24), *range(130, 136), *range(138, 144)])
async def test_a_state_that_cannot_be_read_costs_the_last_transaction_at_most(
    state: int, number: int, tmp_path: Path
) -> None:
    damaged = bytearray(await written(tmp_path / "whole", SMALL))
    # The page's number, the marks of LMDB, where the tables start, which page is the last.
    damaged[state + number] ^= 0xFF
    rescue, found = await reopened(tmp_path / "damaged", bytes(damaged))
    assert rescue is not None
    assert found[: len(SMALL) - 1] == SMALL[:-1]


async def test_noise_over_the_file_never_kills_the_process(tmp_path: Path, scale: float) -> None:
    whole = await written(tmp_path / "whole", LARGE)
    chance = random.Random(11)
    turns = max(20, round(200 * scale))
    for turn in range(turns):
        damaged = bytearray(whole)
        start = chance.randrange(2 * 4_096, len(whole) - 64)
        damaged[start : start + 64] = chance.randbytes(64)
        placed(tmp_path / str(turn), bytes(damaged))
    # In a process of its own: what LMDB trips over is a signal, not an exception.
    opener = await asyncio.create_subprocess_exec(sys.executable, "-c", OPENER, str(tmp_path), str(turns))
    assert await opener.wait() == 0


OPENER = """
import asyncio, contextlib, pathlib, sys
from services.collector.adapters.lmdb_journal import LmdbJournal

async def main():
    for turn in range(int(sys.argv[2])):
        for _again in range(2):
            with contextlib.closing(LmdbJournal(pathlib.Path(sys.argv[1], str(turn)), 16 << 20)) as journal:
                await journal.read(journal.first_offset, 1_000_000, 2**40)
                place = await journal.append(b"another")
                journal.trim(place)
                await journal.append(b"last")

asyncio.run(main())
"""


async def test_damage_met_while_reading_is_mended_by_the_next_to_open(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    # More than the newest records that stay in memory.
    big = [bytes([number]) * (1024 * 1024) for number in range(20)]
    with contextlib.closing(LmdbJournal(folder, 4 * LIMIT)) as journal:
        for record in big:
            await journal.append(record)
        _flip(folder / FILE, big[1][:64])
        with pytest.raises(Unavailable, match="not what was written"):
            await journal.read(0, 5, 2**40)
        with pytest.raises(Unavailable):
            journal.check()
    with contextlib.closing(LmdbJournal(folder, 4 * LIMIT)) as journal:
        assert journal.rescue is not None
        assert journal.rescue.lost == 1
        assert list(await journal.read(0, *EVERYTHING)) == [big[0], b"", *big[2:]]


def _flip(path: Path, beginning: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(path.read_bytes().index(beginning) + 100)
        file.write(b"damaged")


@pytest.mark.network
async def test_a_collector_tells_of_damage_and_delivers_the_rest(tmp_path: Path) -> None:
    peer = LedgerPeer()
    peer.away = True
    async with collector(tmp_path, peer) as running:
        for name in ("first", "second", "third"):
            await running.json.PostEvents(event(name))
    _change(tmp_path / "collector" / FILE, b"second", b"SECOND")
    peer.away = False
    async with collector(tmp_path, peer) as running:
        await running.json.PostEvents(event("fourth"))
        kept = await running.committed(4)
        assert [list(record.events.types) for record in kept] == [["first"], [], ["third"], ["fourth"]]
        stub: Any = telemetry_service_pb2_grpc.TelemetryServiceStub(running.channel)
        told = await stub.GetProcessMetrics(telemetry_service_pb2.GetProcessMetricsRequest())
        assert 'binnacle_collector_journal_damaged_records_total{process="collector"} 1.0' in told.text.splitlines()


def event(name: str) -> json_pb.PostEventsRequest:
    return json_pb.PostEventsRequest(content=body(f'{{"type":"{name}"}}'))


def _change(path: Path, word: bytes, other: bytes) -> None:
    path.write_bytes(path.read_bytes().replace(word, other))
