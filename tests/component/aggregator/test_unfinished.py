"""Killed within an insert, after the engine noted its token and before the part was in its place."""

import shutil
from pathlib import Path

import pytest

from services.aggregator.adapters.clickhouse.engine.unfinished import forget_unfinished
from services.aggregator.adapters.memory_store import MemoryStore
from tests.component.aggregator.everything import TABLES, everything
from tests.component.aggregator.test_crash import picture
from tests.support.stores import chdb_store, opened

pytestmark = [pytest.mark.store]


def parts(store: Path, table: str) -> list[Path]:
    """The parts of a table that were written with a token."""
    folder = (store / "data" / "binnacle" / table).resolve()
    logged = (folder / "deduplication_logs" / "deduplication_log_1.txt").read_text().split()[1::3]
    return [folder / name for name in logged]


@pytest.mark.parametrize("table", TABLES)
async def test_the_repeated_segment_is_whole(table: str, tmp_path: Path) -> None:
    async with opened(MemoryStore()) as steady:
        await steady.commit(everything())
        expected = await picture(steady)
    path = tmp_path / "store"
    async with opened(chdb_store(path)) as store:
        await store.commit(everything())
    lost = parts(path, table)[-1]
    # As it was when the kill came: the token is noted, the part still has the name of one that is being made.
    lost.rename(lost.with_name(f"tmp_insert_{lost.name}"))
    if table != "ledger":
        for part in parts(path, "ledger"):
            shutil.rmtree(part)
    async with opened(chdb_store(path)) as store:
        await store.commit(everything())
        assert await picture(store) == expected
        assert await store.committed() == {everything().journal_id: everything().to_offset}


async def test_what_is_there_or_was_merged_is_not_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "store"
    async with opened(chdb_store(path)) as store:
        await store.commit(everything())
    assert forget_unfinished(path) == 0
    [*_others, part] = parts(path, "logs")
    partition, first = part.name.split("_")[:2]
    merged = part.rename(part.with_name(f"{partition}_{first}_{int(first) + 8}_2"))
    assert forget_unfinished(path) == 0
    merged.rename(part.with_name(f"{partition}_{int(first) + 1}_{int(first) + 8}_2"))
    assert forget_unfinished(path) == 1
    assert forget_unfinished(path) == 0


def test_torn_notes_are_cut(tmp_path: Path) -> None:
    folder = tmp_path / "store" / "abc" / "abcdef" / "deduplication_logs"
    folder.mkdir(parents=True)
    (folder.parent / "all_1_1_0").mkdir()
    log = folder / "deduplication_log_1.txt"
    (folder.parent / "all_3_3_0").mkdir()
    log.write_text("1\tall_1_1_0\tall_1_2\n1\tall_2_21\tall_3_3_0\tall_3_2\n1\tall_3_3_0\tall_4_2\n1\tall_2_2")
    assert forget_unfinished(tmp_path) == 0
    assert log.read_text() == "1\tall_1_1_0\tall_1_2\n1\tall_3_3_0\tall_4_2\n"
