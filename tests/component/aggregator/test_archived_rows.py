"""Deletions reach what was archived: rows go, all else in a file stays as it was."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from services.aggregator.adapters.archived_rows import ArchivedRows
from services.aggregator.adapters.clickhouse.engine.engines import ChdbEngine
from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.adapters.parquet_files import ParquetFiles
from services.aggregator.ports.deletions import Deletion, Scope, digest_of
from services.aggregator.ports.retention import Policy
from services.core.clock import SystemClock
from services.core.errors import Unavailable
from tests.component.aggregator.retiring_process import DAY, NOW, retention
from tests.support.empty_store import lay_empty_store
from tests.support.journals import record, segment
from tests.support.stores import LOG

pytestmark = pytest.mark.store

WHO = "user-zanzibar-4711"
TENANT, OTHER = "acme", "o/ther's"
KINDS = ("events", "logs", "samples", "traffic")


def deletion(scope: Scope = "user", requested: float = NOW, who: str = WHO) -> Deletion:
    return Deletion("d" * 32, TENANT, scope, digest_of("d" * 32, who), int(requested * 1e6))


@pytest.fixture
async def archive(tmp_path: Path) -> Path:
    """Of two tenants the same: rows of a day that is gone, with a person in some."""
    lay_empty_store(tmp_path / "store")
    store = ClickHouseStore(lambda: ChdbEngine(tmp_path / "store"), SystemClock(), LOG)
    await store.open()
    at = NOW - 40 * DAY
    records = []
    for tenant in (TENANT, OTHER):
        made = record(
            tenant=tenant,
            accepted=at,
            events=[
                {"type": "purchase", "user": WHO, "time": at},
                {"type": "purchase", "user": "another", "time": at + 1},
                {"type": "note", "data": {"user.id": WHO}, "time": at + 2},
                {"type": "note", "data": {"text": "a user's"}, "time": at + 3},
            ],
            logs=[{"message": "hello", "time": at}, {"message": "hello", "time": at + 1}],
            heartbeats=[{"service": "shop", "time": at}],
            series=[(1, "load", {})],
            samples=[(1, at, 1.0)],
        )
        made.logs.attributes_json[0] = f'{{"enduser.id": "{WHO}"}}'
        records.append(made)
    await store.commit(segment(*records))
    kept = retention(store, tmp_path / "archive")
    for tenant in (TENANT, OTHER):
        await kept.set_policies(tenant, {kind: Policy(7 if kind != "traffic" else 30, archive=True) for kind in KINDS})
    await kept.retire(NOW)
    await store.close()
    return tmp_path / "archive"


def rows(archive: Path, tenant: str) -> dict[str, list[dict[str, object]]]:
    """What the files of a tenant hold, by table."""
    found: dict[str, list[dict[str, object]]] = {}
    for path in sorted((archive / tenant).rglob("*.parquet")):
        found.setdefault(path.parts[-3], []).extend(pq.read_table(path).to_pylist())
    return found


def holding(archive: Path, text: str) -> list[dict[str, object]]:
    return [row for table in rows(archive, TENANT).values() for row in table if text in str(row)]


async def test_a_person_is_taken_out_of_the_files(archive: Path) -> None:
    before, theirs = rows(archive, TENANT), rows(archive, "%o%2Fther%27s")
    assert len(holding(archive, WHO)) == 3
    erasing = ArchivedRows(ParquetFiles(archive))
    assert await erasing.erase(deletion()) == 3
    assert holding(archive, WHO) == []
    after = rows(archive, TENANT)
    # As texts, since what is untold is NaN.
    assert {table: list(map(str, kept)) for table, kept in after.items()} == {
        table: [str(row) for row in kept if WHO not in str(row)] for table, kept in before.items()
    }
    assert str(rows(archive, "%o%2Fther%27s")) == str(theirs)
    assert await erasing.erase(deletion()) == 0


async def test_files_of_one_person_alone_go(archive: Path) -> None:
    for path in (archive / TENANT / "events").rglob("*.parquet"):
        table = pq.read_table(path)
        pq.write_table(table.slice(0, 1), path)
    assert await ArchivedRows(ParquetFiles(archive)).erase(deletion()) == 2
    assert "events" not in rows(archive, TENANT)


async def test_what_was_accepted_later_stays(archive: Path) -> None:
    before = rows(archive, TENANT)
    assert await ArchivedRows(ParquetFiles(archive)).erase(deletion(requested=NOW - 41 * DAY)) == 0
    assert str(rows(archive, TENANT)) == str(before)


async def test_all_of_a_tenant_goes(archive: Path) -> None:
    before = sum(map(len, rows(archive, TENANT).values()))
    assert await ArchivedRows(ParquetFiles(archive)).erase(deletion("tenant")) == before
    assert rows(archive, TENANT) == {}
    assert rows(archive, "%o%2Fther%27s")


async def test_a_file_that_cannot_be_read_is_said(archive: Path) -> None:
    next((archive / TENANT).rglob("*.parquet")).write_bytes(b"torn")
    with pytest.raises(Unavailable, match="archive"):
        await ArchivedRows(ParquetFiles(archive)).erase(deletion())
