"""What is older than its tenant keeps it goes, archived before where asked for; killed anywhere, once."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from services.aggregator.adapters.clickhouse.engine.engines import ChdbEngine
from services.aggregator.adapters.clickhouse.engine.statements import Statement
from services.aggregator.adapters.clickhouse.keeping.retention import ClickHouseRetention
from services.aggregator.adapters.clickhouse.storing.store import ClickHouseStore
from services.aggregator.ports.retention import Policy
from services.aggregator.ports.store import EventFilter
from services.core.clock import SystemClock
from tests.component.aggregator.retiring_process import DAY, NOW, TENANTS, fill, retention, roll_up
from tests.support.empty_store import lay_empty_store
from tests.support.stores import LOG

pytestmark = [pytest.mark.store]


class Site:
    """A store with days of events, samples and roll-ups of two tenants, and an archive."""

    def __init__(self, folder: Path) -> None:
        self.archive = folder / "archive"
        lay_empty_store(folder / "store")
        self.engine = ChdbEngine(folder / "store")
        self.store = ClickHouseStore(lambda: self.engine, SystemClock(), LOG)

    @property
    def retention(self) -> ClickHouseRetention:
        return retention(self.store, self.archive)

    def days(self, tenant: str, table: str = "events", column: str = "time") -> list[int]:
        """How many days ago rows are, each once."""
        today = f"toDate(toDateTime({int(NOW)}, 'UTC'))"
        sql = (
            f"SELECT DISTINCT dateDiff('day', toDate({column}), {today}) AS ago FROM {table}"
            f" WHERE tenant = {{tenant:String}} ORDER BY ago"
        )
        return [int(ago) for [ago] in self.engine.query(Statement(sql, {"tenant": tenant}))]

    def files(self, tenant: str) -> dict[str, int]:
        """Rows of each file of an archive."""
        folder = self.archive / tenant
        return {
            str(path.relative_to(folder)): pq.read_metadata(path).num_rows for path in sorted(folder.rglob("*.parquet"))
        }


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    made = Site(tmp_path)
    await made.store.open()
    await fill(made.store)
    yield made
    await made.store.close()


async def test_defaults_hold_for_all_and_whole_partitions_go(site: Site) -> None:
    await roll_up(site.store)
    assert await site.retention.retire(NOW)
    for tenant in TENANTS:
        assert site.days(tenant) == [0, 5, 10, 29]
        assert site.days(tenant, "samples") == [0, 5]
        assert site.days(tenant, "spans") == [0, 5]
        assert site.days(tenant, "rollup_minutes", "bucket") == [0, 5, 10, 29]
        assert site.days(tenant, "rollup_hours", "bucket") == [0, 5, 10, 29, 40]
    assert site.files(TENANTS[0]) == {}


async def test_what_is_gone_is_not_counted(site: Site) -> None:
    counts = [await site.store.count_events(tenant, EventFilter()) for tenant in TENANTS]
    assert counts == [10, 10]
    await site.retention.retire(NOW)
    assert [await site.store.count_events(tenant, EventFilter()) for tenant in TENANTS] == [8, 8]


async def test_a_tenant_may_keep_more_or_less_than_others(site: Site) -> None:
    await site.retention.set_policies(TENANTS[0], {"events": Policy(60), "samples": Policy(20)})
    await site.retention.set_policies(TENANTS[1], {"events": Policy(3)})
    await site.retention.retire(NOW)
    assert (site.days(TENANTS[0]), site.days(TENANTS[1])) == ([0, 5, 10, 29, 40], [0])
    assert (site.days(TENANTS[0], "samples"), site.days(TENANTS[1], "samples")) == ([0, 5, 10], [0, 5])
    await site.retention.set_policies(TENANTS[0], {"events": Policy(10)})
    await site.retention.retire(NOW)
    assert site.days(TENANTS[0]) == [0, 5, 10]


async def test_what_is_archived_is_what_was_there(site: Site) -> None:
    await site.retention.set_policies(TENANTS[1], {"events": Policy(7, True)})
    older = "SELECT type, data FROM events WHERE tenant = {tenant:String} AND time < toDateTime({end:UInt32})"
    expected = site.engine.query(Statement(older, {"tenant": TENANTS[1], "end": int(NOW - 9 * DAY)}))
    await site.retention.retire(NOW)
    assert site.days(TENANTS[1]) == [0, 5]
    folder = site.archive / "%o%2Fther%27s"
    found = [row for path in sorted(folder.rglob("*.parquet")) for row in pq.read_table(path).to_pylist()]
    assert sorted((row["type"], row["data"]) for row in found) == sorted(map(tuple, expected))
    [told] = (await site.retention.archived(TENANTS[1])).values()
    assert (told.rows, told.files) == (len(expected), 3)
    assert datetime.fromtimestamp(told.end or 0, UTC).date() == datetime.fromtimestamp(NOW - 9 * DAY, UTC).date()
    assert await site.retention.archived(TENANTS[0]) == {}


async def test_rows_that_come_to_a_day_that_is_gone_are_archived_beside_it(site: Site) -> None:
    await site.retention.set_policies(TENANTS[0], {"events": Policy(7, True)})
    await site.retention.retire(NOW)
    before = site.files(TENANTS[0])
    await fill(site.store, first_offset=100)
    await site.retention.retire(NOW)
    after = site.files(TENANTS[0])
    assert after.items() > before.items()
    assert len(after) == 2 * len(before)


async def test_without_a_place_for_the_archive_nothing_goes(site: Site) -> None:
    await site.retention.set_policies(TENANTS[0], {"events": Policy(7, True)})
    site.archive.write_text("in the way")
    with pytest.raises(Exception, match="archive"):
        await site.retention.retire(NOW)
    assert 40 in site.days(TENANTS[0])


async def test_old_claims_and_turns_go_but_the_count_goes_on(site: Site) -> None:
    def batches() -> list[int]:
        return [int(n) for [n] in site.engine.query(Statement("SELECT DISTINCT batch FROM claim_log ORDER BY batch"))]

    claim = "INSERT INTO claim_log (batch, writer, id, journal_id, offset, claimed) VALUES"
    for batch, claimed in ((1, "now() - INTERVAL 9 DAY"), (20_000, "now() - INTERVAL 1 DAY")):
        site.engine.execute(f"{claim} ({batch}, 'w', '', 'j', 1, {claimed})")
    site.engine.execute("INSERT INTO turns (log, number) VALUES ('work', 7), ('work', 300000000), ('rest', 7)")
    await site.retention.retire(NOW)
    assert batches() == [20_000]
    left = site.engine.query(Statement("SELECT log, number FROM turns WHERE log IN ('work', 'rest') ORDER BY number"))
    assert left == [["rest", 7], ["work", 300_000_000]]
    site.engine.execute(
        "ALTER TABLE claim_log UPDATE claimed = now() - INTERVAL 9 DAY WHERE 1 SETTINGS mutations_sync = 1"
    )
    await site.retention.retire(NOW)
    assert batches() == [20_000]


@pytest.mark.slow
@pytest.mark.parametrize("steps", [3, 4, 5, 6])
async def test_killed_anywhere_all_of_it_is_archived_once(steps: int, tmp_path: Path) -> None:
    script = "tests.component.aggregator.retiring_process"
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", script, str(tmp_path), str(steps))
    assert await process.wait() == -signal.SIGKILL
    site = Site(tmp_path)
    await site.store.open()
    try:
        await site.retention.retire(NOW)
        assert (site.days(TENANTS[0]), site.days(TENANTS[1])) == ([0, 5], [0, 5, 10, 29])
        assert set(site.files(TENANTS[0]).values()) == {2}
        assert len(site.files(TENANTS[0])) == 3
        [told] = (await site.retention.archived(TENANTS[0])).values()
        assert (told.rows, told.files) == (6, 3)
        assert not list(site.archive.rglob("*.unfinished"))
    finally:
        await site.store.close()
