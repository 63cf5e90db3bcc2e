"""What little comes in does not have everything written anew."""

from pathlib import Path

import pytest

from services.aggregator.adapters.clickhouse.engine.engines import ChdbEngine
from services.aggregator.adapters.clickhouse.engine.migrations import known_migrations, migrate
from services.aggregator.adapters.clickhouse.engine.statements import Statement
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.store

SMALL_PARTS = 24
MERGED_AT_LEAST, LEFT_AT_MOST = 3, 8
MANY_ROWS = 25_000
INSERTS = {
    "events": "INSERT INTO events (tenant, data) SELECT 'acme', randomPrintableASCII(30) FROM numbers({})",
    "claim_log": "INSERT INTO claim_log (batch, id) SELECT 1, randomFixedString(16) FROM numbers({})",
}


def parts(engine: ChdbEngine, table: str) -> tuple[int, int]:
    """How many there are, and how often one of them was merged."""
    told = f"SELECT count() AS parts, max(level) AS level FROM system.parts WHERE active AND table = '{table}'"
    [[count, level]] = engine.query(Statement(told))
    return count, level


@pytest.mark.parametrize("table", sorted(INSERTS))
def test_they_are_merged_by_the_handful(tmp_path: Path, table: str) -> None:
    engine = ChdbEngine(tmp_path / "store")
    try:
        migrate(engine, known_migrations())
        engine.execute(INSERTS[table].format(MANY_ROWS))
        for _number in range(SMALL_PARTS):
            engine.execute(INSERTS[table].format(5))
            eventually_sync(lambda: parts(engine, table)[0] <= LEFT_AT_MOST, "parts are merged", within=60)
        assert 0 < parts(engine, table)[1] <= SMALL_PARTS / MERGED_AT_LEAST
    finally:
        engine.close()
